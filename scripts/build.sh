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
# The Makefile sets CARGO and CARGO_TARGET_DIR.
set -eu

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

"$CARGO" build --release --locked "$@"
touch "$stamp"
