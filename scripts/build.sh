#!/bin/sh
# build.sh STAMP TARGET SOURCES CARGO_ARGUMENT...
#
# Runs `cargo build --release` with these arguments and then touches the file STAMP in cargo's
# target folder. SOURCES are the files of the build; TARGET is the target of make, for messages.
#
# An up-to-date build is used as it is if INSTALLING is set, or if cargo cannot build: root often
# has no cargo, or an older one than the user who has built. cargo's results cannot be the stamp,
# because cargo does not rewrite them after every change of a source.
#
# cargo's configuration and environment can select another target than this machine. Its results
# are then copied to the folder `release`, where the Makefile expects them.
#
# The Makefile sets CARGO and CARGO_TARGET_DIR.
set -eu
unset CDPATH

stamp=$CARGO_TARGET_DIR/$1
command=$2
sources=$3
shift 3

# SOURCES is a list.
# shellcheck disable=SC2086
is_up_to_date() {
    [ -e "$stamp" ] && [ -z "$(find $sources -newer "$stamp")" ]
}

if [ -n "${INSTALLING:-}" ] && is_up_to_date; then
    exit
fi

# shellcheck source=scripts/rust.sh
. scripts/rust.sh

problem=$(rust_problem)
if [ -n "$problem" ]; then
    if is_up_to_date; then
        exit
    fi
    echo "$problem." >&2
    rust_advice >&2
    if [ "$(id -u)" = 0 ]; then
        echo "If another user of this machine has Rust, run \"make $command\" as that user first," \
            'and then install as root.' >&2
    fi
    exit 1
fi

release=$CARGO_TARGET_DIR/release
if ! mkdir -p "$release" || [ ! -w "$CARGO_TARGET_DIR" ] || [ ! -w "$release" ]; then
    echo "You may not write to the folder $CARGO_TARGET_DIR. Set CARGO_TARGET_DIR to a folder of" \
        'yours, or run the command as the user who owns the folder.' >&2
    exit 1
fi
exec 9> "$CARGO_TARGET_DIR/build.lock"
flock 9

# Without HOME, cargo reads the home directory from the user database.
if [ -z "${HOME:-}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d : -f 6)
    export HOME
fi

# For rustc.sh.
CAPTOKEN_RUSTC=${RUSTC:-rustc}
CAPTOKEN_CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
CAPTOKEN_ROOT=$(pwd -P)
CAPTOKEN_TARGET=$(cd "$CARGO_TARGET_DIR" && pwd -P)
RUSTC=$CAPTOKEN_ROOT/scripts/rustc.sh
export CAPTOKEN_RUSTC CAPTOKEN_CARGO_HOME CAPTOKEN_ROOT CAPTOKEN_TARGET RUSTC

case $command in
    cli) files=captoken ;;
    *) files='libcaptoken.so libcaptoken.a' ;;
esac
messages=$stamp.json

fail_build() {
    case $CAPTOKEN_TARGET in
        *[:%]*)
            echo "Some versions of Rust cannot build in a folder with : or % in its name:" \
                "$CAPTOKEN_TARGET. Set CARGO_TARGET_DIR to another folder." >&2
            ;;
    esac
    exit 1
}

# Builds, and sets `built` to the folder of the results.
build() {
    "$CARGO" build --release --locked --message-format=json-render-diagnostics "$@" \
        > "$messages" || fail_build
    built=$release
    for file in $files; do
        target=$(sed -n "s|.*[\"/]\([^\"/]*\)/release/$file\".*|\1|p" "$messages")
        if [ -z "$target" ]; then
            echo "cargo has built no $file. For a target with musl, it needs" \
                'RUSTFLAGS="-C target-feature=-crt-static".' >&2
            exit 1
        elif [ -e "$CARGO_TARGET_DIR/$target/release/$file" ]; then
            built=$CARGO_TARGET_DIR/$target/release
        fi
    done
}

has_folders() {
    for file in $files; do
        grep -qaF -e "$CAPTOKEN_CARGO_HOME/" -e "$CAPTOKEN_ROOT/" "$built/$file" && return
    done
    return 1
}

build "$@"
if has_folders; then
    # A cargo that was run without rustc.sh has left results.
    rm -rf "$built/deps" "$built/.fingerprint"
    build "$@"
fi
previous=$(cat "$release/.built" 2> /dev/null || echo "$release")
if [ "$built" != "$previous" ]; then
    echo "$built" > "$release/.built"
    rm -f "$release/libcaptoken.so" "$release/libcaptoken.a" "$release/captoken" \
        "$release/libunwind.a" "$CARGO_TARGET_DIR/packed"
    # cargo links its results to the folder again.
    build "$@"
fi
if [ "$built" != "$release" ]; then
    target=$(basename "${built%/release}")
    echo "Building for $target, as cargo's configuration or environment says."
    for file in $files; do
        if [ ! -e "$release/$file" ] || [ -n "$(find "$built/$file" -newer "$release/$file")" ]; then
            rm -f "$release/$file"
            cp "$built/$file" "$release/$file"
        fi
    done
    # Rust brings an unwinder for musl, which C compilers do not link by themselves.
    unwinder=$("$CAPTOKEN_RUSTC" --print sysroot)/lib/rustlib/$target/lib/self-contained/libunwind.a
    if [ -e "$unwinder" ]; then
        cp "$unwinder" "$release/libunwind.a"
    fi
fi
touch "$stamp"
