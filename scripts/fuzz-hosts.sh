#!/bin/sh
# fuzz-hosts.sh [SECONDS] [TARGET...]
#
# Fuzzes the PHP class and the Go package, each for 30 seconds, or for SECONDS: by default php,
# go-calls and go-verify. Before that, runs the inputs that are known; with 0 SECONDS, nothing else.
#
# Run `sh scripts/setup.sh php go` and `make go-lib` first. Writes only into the folder `fuzz` of
# the target folder, except that Go writes a failing input into go/testdata/fuzz.
#
# Fails if a call differs from the model, and prints how to reproduce it.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/fuzz"
target=$(cd "$target" && pwd)
fuzz=$target/fuzz
seconds=30
case ${1:-} in
    [0-9]*)
        seconds=$1
        shift
        ;;
esac

usage() {
    echo 'usage: fuzz-hosts.sh [SECONDS] [php] [go-calls] [go-verify]' >&2
    exit 2
}

fuzz_php() {
    set -- fuzz/corpus/calls
    [ -d "$1" ] || shift
    status=0
    php php/tests/fuzz.php "$seconds" "$@" || status=$?
    # The program itself ends with 1.
    if [ "$status" -gt 1 ]; then
        echo "PHP has ended with status $status. To reproduce it, run:" \
            "php php/tests/fuzz.php 0 '$fuzz/php/current'" >&2
    fi
    return "$status"
}

# fuzz_go FUNCTION: runs a fuzz function of go/fuzz_test.go. Without a limit, Go makes each new
# input smaller for a minute.
fuzz_go() {
    function=$1
    go=$target/go-current/go/bin/go
    if [ ! -x "$go" ]; then
        echo 'The current Go is missing. Run: sh scripts/setup.sh go' >&2
        return 1
    fi
    set -- -count=1 -run "^$function\$"
    [ "$seconds" = 0 ] || set -- "$@" -fuzz "^$function\$" -fuzztime "${seconds}s" -fuzzminimizetime 1s
    if ! (
        export GOTOOLCHAIN=local GOPROXY=off GOFLAGS='' GOWORK=off CGO_ENABLED=1
        unset GOROOT GOEXPERIMENT GODEBUG
        cd go && "$go" test "$@" . -args -test.fuzzcachedir="$fuzz/go"
    ); then
        echo "If Go has written a failing input, it is in go/testdata/fuzz/$function. To reproduce it," \
            "run in the folder go: go test -run $function" >&2
        return 1
    fi
}

[ $# -gt 0 ] || set -- php go-calls go-verify
for name; do
    case $name in php | go-calls | go-verify) ;; *) usage ;; esac
done
for name; do
    echo "== $name"
    case $name in
        php) fuzz_php ;;
        go-calls) fuzz_go FuzzCalls ;;
        go-verify) fuzz_go FuzzVerify ;;
    esac
done
