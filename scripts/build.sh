#!/bin/sh
# build.sh STAMP TARGET SOURCES CARGO_ARGUMENT...
#
# Runs `cargo build --release` with these arguments and then writes the file STAMP in cargo's
# target folder. SOURCES are the files of the build; TARGET is the target of make, for messages.
#
# An up-to-date build is used as it is if INSTALLING is set, or if cargo cannot build: root often
# has no cargo, or an older one than the user who has built. STAMP says which settings were in the
# environment, and which file was the result. cargo's results alone cannot be the stamp, because
# cargo does not rewrite them after every change of a source.
#
# cargo's configuration and environment can select another target than this machine. Its results
# are then copied to the folder `release`, where the Makefile expects them.
#
# The Makefile sets CARGO and CARGO_TARGET_DIR.
set -eu
unset CDPATH

release=$CARGO_TARGET_DIR/release
stamp=$CARGO_TARGET_DIR/$1
command=$2
sources=$3
shift 3

# The first file stands for all.
case $command in
    cli) files=captoken first=captoken ;;
    *) files='libcaptoken.so libcaptoken.a' first=libcaptoken.so ;;
esac

settings() {
    env | grep -E '^(RUSTFLAGS|RUSTC|CARGO_(ENCODED_RUSTFLAGS|BUILD_[A-Z]+|PROFILE_RELEASE_[A-Z_]+))=' |
        sort
}

result() {
    stat -c '%i %Y %s' "$release/$first"
}

# Whether the sources, the settings that the environment has, and the result are those of STAMP.
# sudo drops the settings.
is_up_to_date() {
    [ -e "$stamp" ] && [ -e "$release/$first" ] || return
    # SOURCES is a list.
    # shellcheck disable=SC2086
    [ -z "$(find $sources -newer "$stamp")" ] && [ "$(head -n 1 "$stamp")" = "$(result)" ] || return
    set="$(settings)"
    [ -z "$set" ] || [ "$set" = "$(tail -n +2 "$stamp")" ]
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

# Prints the compiler that cargo's configuration names, or nothing.
configured_rustc() {
    folder=$PWD
    while :; do
        set -- "$@" "$folder/.cargo"
        [ "$folder" != / ] || break
        folder=$(dirname "$folder")
    done
    for folder in "$@" "$CAPTOKEN_CARGO_HOME"; do
        sed -n '/^\[build\]/,/^\[/s/^ *rustc *= *["'\'']\(.*\)["'\''].*/\1/p' \
            "$folder/config.toml" "$folder/config" 2> /dev/null || true
    done | head -n 1
}

# For rustc.sh.
CAPTOKEN_CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
CAPTOKEN_RUSTC=${RUSTC:-${CARGO_BUILD_RUSTC:-$(configured_rustc)}}
CAPTOKEN_RUSTC=${CAPTOKEN_RUSTC:-rustc}
CAPTOKEN_ROOT=$(pwd -P)
CAPTOKEN_TARGET=$(cd "$CARGO_TARGET_DIR" && pwd -P)
export CAPTOKEN_RUSTC CAPTOKEN_CARGO_HOME CAPTOKEN_ROOT CAPTOKEN_TARGET

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
    RUSTC=$CAPTOKEN_ROOT/scripts/rustc.sh "$CARGO" build --release --locked \
        --message-format=json-render-diagnostics "$@" > "$messages" || fail_build
    built=$release
    for file in $files; do
        target=$(sed -n "s|.*[\"/]\([^\"/]*\)/release/$file\".*|\1|p" "$messages" | sort -u)
        case $target in
            '')
                echo "cargo has built no $file. For a target with musl, it needs" \
                    'RUSTFLAGS="-C target-feature=-crt-static".' >&2
                exit 1
                ;;
            *'
'*)
                echo "cargo's configuration selects several targets. Set CARGO_BUILD_TARGET to one" \
                    'of them.' >&2
                exit 1
                ;;
        esac
        if [ -e "$CARGO_TARGET_DIR/$target/release/$file" ]; then
            built=$CARGO_TARGET_DIR/$target/release
        fi
    done
}

has_folders() {
    for file in $files; do
        grep -qaF "$CAPTOKEN_CARGO_HOME/registry/" "$built/$file" && return
    done
    return 1
}

# The results of another target, with their versions.
identity() {
    for file in $files; do
        echo "$built/$file $(stat -c '%i %Y %s' "$built/$file")"
    done
}

# Copies the results to the folder `release`. An unchanged archive stays, because it is repacked
# there.
copy_results() {
    if identity | cmp -s - "$release/.$first.from" && cmp -s "$built/$first" "$release/$first"; then
        return
    fi
    for file in $files; do
        # By a rename: cargo keeps hard links to its files, and an interrupted copy must not count.
        cp "$built/$file" "$release/$file.new"
        mv "$release/$file.new" "$release/$file"
    done
    rm -f "$CARGO_TARGET_DIR/packed"
    identity > "$release/.$first.from"
}

build "$@"
if has_folders; then
    # A cargo that was run without rustc.sh has left results.
    "$CARGO" clean --release --quiet
    mkdir -p "$release"
    build "$@"
fi
previous=$(cat "$CARGO_TARGET_DIR/target" 2> /dev/null || echo "$release")
if [ "$built" != "$previous" ]; then
    rm -f "$release/libcaptoken.so" "$release/libcaptoken.a" "$release/captoken" \
        "$release/libunwind.a" "$CARGO_TARGET_DIR/packed" "$CARGO_TARGET_DIR/built" \
        "$CARGO_TARGET_DIR/built-cli"
    echo "$built" > "$CARGO_TARGET_DIR/target"
    # cargo links its results to the folder again.
    build "$@"
fi
if [ "$built" != "$release" ]; then
    target=$(basename "${built%/release}")
    echo "Building for $target, as cargo's configuration or environment says."
    copy_results
    # Rust brings an unwinder for musl, which C compilers do not link by themselves.
    unwinder=$("$CAPTOKEN_RUSTC" --print sysroot)/lib/rustlib/$target/lib/self-contained/libunwind.a
    if [ -e "$unwinder" ]; then
        cp "$unwinder" "$release/libunwind.a"
    fi
fi
{
    result
    settings
} > "$stamp.new"
mv "$stamp.new" "$stamp"
