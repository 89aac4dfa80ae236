#!/bin/sh
# fuzz.sh [SECONDS] [TARGET...]
#
# Runs fuzz targets, each for 30 seconds, or for SECONDS: by default all of those below. Before
# that, runs the inputs that are known; with 0 SECONDS, nothing else.
#
#   calls, verify, injection   the C functions; fuzz/README.md describes them
#   php                        the PHP class, by php/tests/fuzz.php
#   go-calls, go-verify        the Go package, by go/fuzz_test.go
#
# Run `sh scripts/setup.sh php go fuzz` first. Writes only into the folder `fuzz` of the target
# folder, except that Go writes a failing input into go/testdata/fuzz. The folder's `corpus` keeps
# the inputs that reach new code, for the next run.
#
# Stops if a target finds a bug, and prints how to reproduce it.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/fuzz"
target=$(cd "$target" && pwd)
PATH=$target/cargo-fuzz/bin:$PATH
fuzz=$target/fuzz
programs=
seconds=30
case ${1:-} in
    *[!0-9]* | '') ;;
    *)
        seconds=$1
        shift
        ;;
esac

# Longer inputs are slow. None of the corpus is longer.
longest=1024

# nightly_cargo ARGUMENT...: the sanitizer needs a nightly toolchain.
nightly_cargo() {
    CARGO_TARGET_DIR=$fuzz rustup run nightly cargo "$@"
}

# make_target TARGET: runs make for the library or the Go package.
make_target() {
    CARGO_TARGET_DIR=$target make --no-print-directory --silent "$1"
}

# build_c: tests the code that the targets of libFuzzer share, and builds them.
build_c() {
    log=$fuzz/build.log
    if ! nightly_cargo test --quiet --locked --manifest-path fuzz/Cargo.toml --lib > "$log" 2>&1 ||
        ! nightly_cargo fuzz build > "$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
    programs=$fuzz/$(nightly_cargo -vV | sed -n 's/^host: //p')/release
}

# fuzz_c TARGET: runs a target of libFuzzer. Inputs that only repeat code more often are not new:
# keeping them makes the target calls three times as slow.
fuzz_c() {
    need_corpus "$1"
    [ -n "$programs" ] || build_c
    run_libfuzzer "$1" corpus -runs=0 "fuzz/corpus/$1"
    [ "$seconds" = 0 ] ||
        run_libfuzzer "$1" new -max_total_time="$seconds" -use_counters=0 -dict=fuzz/dictionary \
            "$fuzz/corpus/$1" "fuzz/corpus/$1"
}

# run_libfuzzer TARGET NAME ARGUMENT...: the output is in the log of this name.
run_libfuzzer() {
    name=$1
    log=$fuzz/$1-$2.log
    shift 2
    mkdir -p "$fuzz/corpus/$name" "$fuzz/found"
    # Without these two, the sanitizer needs a third less time. Pointers to the stack that outlive
    # their frame need unsafe code that captoken does not have.
    if ! ASAN_OPTIONS=detect_stack_use_after_return=0:malloc_context_size=4 \
        "$programs/$name" -max_len="$longest" -timeout=20 -artifact_prefix="$fuzz/found/$name-" \
        -print_final_stats=1 "$@" > "$log" 2>&1; then
        tail -n 100 "$log" >&2
        found=$(sed -n 's/.*Test unit written to //p' "$log")
        if [ -n "$found" ]; then
            echo "$name has found a bug. To reproduce it, run:" \
                "'$programs/$name' -timeout=20 '$found'" >&2
        else
            echo "$name has ended without an input that shows a bug" >&2
        fi
        return 1
    fi
    sed -n 's/^#[0-9]*\tDONE *//p; s/^stat::number_of_executed_units: */inputs: /p' "$log" |
        tr '\n' ' '
    echo
}

# need_corpus TARGET: fails without the committed inputs.
need_corpus() {
    for file in "fuzz/corpus/$1"/*; do
        [ -e "$file" ] && return
    done
    echo "The folder fuzz/corpus/$1 has no inputs" >&2
    return 1
}

fuzz_php() {
    need_corpus calls
    make_target all
    status=0
    php php/tests/fuzz.php "$seconds" fuzz/corpus/calls || status=$?
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
    need_corpus calls
    make_target go-lib
    set -- -count=1 -run "^$function\$"
    [ "$seconds" = 0 ] || set -- "$@" -fuzz "^$function\$" -fuzztime "${seconds}s" -fuzzminimizetime 1s
    if ! (
        # shellcheck source=scripts/go-env.sh
        . scripts/go-env.sh
        # Otherwise the tests pass if the function is missing.
        cd go && "$go" test -list "^$function\$" . | grep -qx "$function" &&
            "$go" test "$@" . -args -test.fuzzcachedir="$fuzz/go"
    ); then
        echo "If Go has written a failing input, it is in go/testdata/fuzz/$function. To reproduce it," \
            "run in the folder go: go test -run $function" >&2
        return 1
    fi
}

[ $# -gt 0 ] || set -- calls verify injection php go-calls go-verify
for name; do
    case $name in
        calls | verify | injection | php | go-calls | go-verify) ;;
        *)
            echo 'usage: fuzz.sh [SECONDS] [calls] [verify] [injection] [php] [go-calls]' \
                '[go-verify]' >&2
            exit 2
            ;;
    esac
done
for name; do
    echo "== $name"
    case $name in
        calls | verify | injection) fuzz_c "$name" ;;
        php) fuzz_php ;;
        go-calls) fuzz_go FuzzCalls ;;
        go-verify) fuzz_go FuzzVerify ;;
    esac
done
