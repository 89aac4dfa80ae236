#!/bin/sh
# fuzz.sh [SECONDS] [TARGET...]
#
# Runs fuzz targets, each for 30 seconds, or for SECONDS: by default calls, verify and injection,
# which fuzz/README.md describes. Before that, runs each input of the target's corpus; with 0
# SECONDS, nothing else.
#
# Writes only into the folder `fuzz` of the target folder. Its `corpus` keeps the inputs that reach
# new code, for the next run.
#
# Fails if a target finds a bug, and prints how to reproduce it.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/fuzz"
target=$(cd "$target" && pwd)
PATH=$target/cargo-fuzz/bin:$PATH
fuzz=$target/fuzz
seconds=30
case ${1:-} in
    [0-9]*)
        seconds=$1
        shift
        ;;
esac

# Longer inputs are slow. None of the corpus is longer.
longest=1024

usage() {
    echo 'usage: fuzz.sh [SECONDS] [calls] [verify] [injection]' >&2
    exit 2
}

# nightly_cargo ARGUMENT...: the sanitizer needs a nightly toolchain.
nightly_cargo() {
    CARGO_TARGET_DIR=$fuzz rustup run nightly cargo "$@"
}

# Tests the code that the targets share, and builds them.
prepare_rust() {
    nightly_cargo test --quiet --locked --manifest-path fuzz/Cargo.toml --lib \
        > "$fuzz/test.log" || {
        cat "$fuzz/test.log" >&2
        return 1
    }
    nightly_cargo fuzz build
    programs=$(echo "$fuzz"/*/release/calls)
    programs=${programs%/calls}
}

# fuzz_rust TARGET: runs a target of libFuzzer. Inputs that only repeat code more often are not new:
# keeping them makes the target calls three times as slow.
fuzz_rust() {
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
        echo "$name has found a bug. To reproduce it, run: '$programs/$name' '$found'" >&2
        return 1
    fi
    sed -n 's/^#[0-9]*\tDONE *//p; s/^stat::number_of_executed_units: */inputs: /p' "$log" |
        tr '\n' ' '
    echo
}

[ $# -gt 0 ] || set -- calls verify injection
for name; do
    case $name in calls | verify | injection) ;; *) usage ;; esac
done
prepare_rust
for name; do
    echo "== $name"
    fuzz_rust "$name"
done
