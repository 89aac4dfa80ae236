#!/bin/sh
# sanitize.sh [CHECK...]
#
# Searches for memory errors, races and undefined behaviour: by default with every check below,
# which `make sanitize` does after it has installed the tools.
#
#   asan      AddressSanitizer and LeakSanitizer, in the library and in C programs
#   tsan      ThreadSanitizer, in the library, its standard library and C programs
#   ubsan     UndefinedBehaviorSanitizer, in C programs
#   miri      Miri, on the Rust tests of the C interface
#   memcheck  valgrind's memcheck, on C programs
#   helgrind  valgrind's helgrind and drd, on C programs with threads
#
# The C programs are those of tests/it/c.rs and tests/it/token_server.rs: tests/c/stress.c and
# examples-c above all. Results are in the target folder's `sanitize`.
#
# Prints a line for each check that passes, and everything for one that fails. Continues after a
# failed check, and exits with 1 if one has failed.
set -u
unset CDPATH
cd "${0%/*}/.." || exit

# The tests would run without valgrind.
unset CAPTOKEN_SANITIZER

CARGO=${CARGO:-cargo}
folder=${CARGO_TARGET_DIR:-target}
mkdir -p "$folder/sanitize" && folder=$(cd "$folder/sanitize" && pwd) || exit
log=$folder/log

nightly() {
    "$CARGO" +nightly "$@"
}

# run_tests COMMAND... -- NAME...: the command runs the tests with these names. Fails if no test of a
# name has passed, because cargo does not.
run_tests() {
    "$@" > "$log.tests" 2>&1
    status=$?
    cat "$log.tests"
    while [ "$1" != -- ]; do
        shift
    done
    shift
    for name; do
        if ! grep -q "^test .*$name.* \.\.\. ok" "$log.tests"; then
            echo "sanitize.sh: no test with the name $name has passed" >&2
            status=1
        fi
    done
    return $status
}

test_c() {
    run_tests "$CARGO" test --locked --test it -- "$@"
}

# test_sanitized SANITIZER NAME...: tests/support/c_compiler.rs reads the two files.
test_sanitized() {
    sanitizer=$1
    shift
    CAPTOKEN_SANITIZER=$folder/$sanitizer test_c "$@"
}

# instrument SANITIZER RUNTIME ARGUMENT...: builds the library with the sanitizer, and writes the
# arguments of gcc that link it. gcc's instructions fit the runtime of nightly Rust. Two runtimes
# do not fit into one program, so gcc must not add its own.
instrument() {
    sanitizer=$1
    runtime=librustc-nightly_rt.$2.a
    shift 2
    host=$(nightly -vV | sed -n 's/^host: //p') &&
        runtime=$(rustup run nightly rustc --print target-libdir)/$runtime || return
    RUSTFLAGS=-Zsanitizer=$sanitizer CARGO_PROFILE_RELEASE_STRIP=none \
        CARGO_PROFILE_RELEASE_DEBUG=line-tables-only \
        nightly rustc --locked --release --lib --crate-type staticlib --target "$host" \
        --target-dir "$folder/$sanitizer" "$@" || return
    echo "-fsanitize=$sanitizer -g -nodefaultlibs" > "$folder/$sanitizer/flags"
    echo "\"$folder/$sanitizer/$host/release/libcaptoken.a\" -rdynamic -Wl,--whole-archive" \
        "\"$runtime\" -Wl,--no-whole-archive -lstdc++ -lgcc_s -lgcc -lc -lpthread -ldl -lm" \
        > "$folder/$sanitizer/libs"
}

# Tests of C programs with one thread or more.
programs='c::cap_mint c::clock c::example c::guide c::header_recipe c::programs c::quick_starts
    c::stress token_server::'

# The status that tests/support/c_compiler.rs promises.
export ASAN_OPTIONS=exitcode=99:allow_addr2line=1:detect_stack_use_after_return=1
export LSAN_OPTIONS=exitcode=99 TSAN_OPTIONS=exitcode=99:allow_addr2line=1
export UBSAN_OPTIONS=print_stacktrace=1

check_asan() {
    # The names are words.
    # shellcheck disable=SC2086
    instrument address asan && test_sanitized address $programs c::watched
}

# The standard library, too, because ThreadSanitizer must see its atomic operations. Its runtime
# starts a program again without address space randomisation if it must.
check_tsan() {
    instrument thread tsan -Zbuild-std &&
        test_sanitized thread c::stress c::example_voice_app thread_checkers token_server::
}

check_ubsan() {
    # As above.
    # shellcheck disable=SC2086
    mkdir -p "$folder/undefined" &&
        echo '-fsanitize=undefined -fno-sanitize-recover=all -g' > "$folder/undefined/flags" &&
        echo "\"${folder%/*}/stage/usr/lib/libcaptoken.a\"" > "$folder/undefined/libs" &&
        test_sanitized undefined $programs
}

# Miri lets threads see each other's writes in any order that the memory model allows. Each seed
# gives another order, and another order of the threads.
check_miri() {
    export MIRIFLAGS=-Zmiri-disable-isolation
    run_tests nightly miri test --locked --test it -- access:: ffi:: mint:: || return
    export MIRIFLAGS="$MIRIFLAGS -Zmiri-many-seeds=1..4"
    run_tests nightly miri test --locked --test it -- concurrent_configure shared_handle &&
        run_tests nightly miri test --locked --lib -- jws::prefix
}

check_memcheck() {
    test_c c::example c::stress c::watched token_server::
}

check_helgrind() {
    test_c thread_checkers
}

[ $# -gt 0 ] || set -- asan tsan ubsan miri memcheck helgrind
failed=
for check; do
    case $check in
        asan | tsan | ubsan | miri | memcheck | helgrind) ;;
        *)
            echo 'usage: sanitize.sh [asan] [tsan] [ubsan] [miri] [memcheck] [helgrind]' >&2
            exit 2
            ;;
    esac
    start=$(date +%s)
    if "check_$check" > "$log" 2>&1; then
        tests=$(awk '/^test result: ok/ { tests += $4 } END { print tests + 0 }' "$log")
        echo "$check: $tests tests passed in $(($(date +%s) - start)) s"
    else
        cat "$log"
        failed="$failed $check"
    fi
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
