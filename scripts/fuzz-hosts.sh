#!/bin/sh
# fuzz-hosts.sh php|go-calls|go-verify SECONDS
#
# Fuzzes the PHP class or the Go package. Run `make go-lib` first, and `sh scripts/setup.sh go` for
# the current Go. Everything is written below the target folder, except a failing input of Go.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}

# The inputs that all languages share, and the folder for failing inputs and Go's own corpus.
corpus=fuzz/corpus/calls
mkdir -p "$target/fuzz"
target=$(cd "$target" && pwd)

# fuzz_php SECONDS
fuzz_php() {
    status=0
    if [ -d "$corpus" ]; then
        php php/tests/fuzz.php "$1" "$corpus" || status=$?
    else
        php php/tests/fuzz.php "$1" || status=$?
    fi
    if [ "$status" -gt 1 ]; then
        echo "PHP ended with status $status. Run again the input that it was reading:" \
            "php php/tests/fuzz.php 0 $target/fuzz/php/current" >&2
    fi
    return "$status"
}

# fuzz_go FUNCTION SECONDS. Go's default minimises each new input for a minute.
fuzz_go() {
    (
        export GOTOOLCHAIN=local GOPROXY=off GOFLAGS='' GOWORK=off CGO_ENABLED=1
        unset GOROOT GOEXPERIMENT GODEBUG
        cd go && "$target/go-current/go/bin/go" test -run '^$' -fuzz "^$1\$" -fuzztime "$2s" \
            -fuzzminimizetime 1s . -args -test.fuzzcachedir="$target/fuzz/go"
    ) || {
        echo "Go has written a failing input to go/testdata/fuzz/$1, if it names one above. Run it" \
            "again in the folder go: go test -run $1 . Keep it as a test or delete it." >&2
        return 1
    }
}

case ${1:-} in
    php) fuzz_php "${2:-60}" ;;
    go-calls) fuzz_go FuzzCalls "${2:-60}" ;;
    go-verify) fuzz_go FuzzVerify "${2:-60}" ;;
    *)
        echo 'usage: fuzz-hosts.sh php|go-calls|go-verify [SECONDS]' >&2
        exit 2
        ;;
esac
