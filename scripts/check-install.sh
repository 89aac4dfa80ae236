#!/bin/sh
# check-install.sh FOLDER...
#
# Checks PREFIX, LIBDIR, INCLUDEDIR and BINDIR, and that every folder, or the nearest one above it
# that exists, is writable, before anything is installed.
set -eu

fail() {
    echo "$*" >&2
    exit 1
}

# plain NAME VALUE
plain() {
    case $2 in
        *[!A-Za-z0-9/._+~@=,-]*)
            fail "$1 must contain only ASCII letters, digits and / . _ + ~ @ = , -:" \
                'other characters have a meaning in captoken.pc or captoken.ini.'
            ;;
    esac
}

# absolute NAME VALUE
absolute() {
    case $2 in
        /*) ;;
        *) fail "$1 must be an absolute path." ;;
    esac
}

plain PREFIX "$PREFIX"
plain LIBDIR "$LIBDIR"
plain INCLUDEDIR "$INCLUDEDIR"
absolute PREFIX "$PREFIX"
absolute LIBDIR "$LIBDIR"
absolute INCLUDEDIR "$INCLUDEDIR"
absolute BINDIR "$BINDIR"

for folder; do
    while [ ! -e "$folder" ]; do
        folder=$(dirname "$folder")
    done
    if [ ! -w "$folder" ]; then
        # The quotes keep $HOME for the user's shell.
        # shellcheck disable=SC2016
        echo "You may not write to $folder. Run the command with sudo, or choose a folder of" \
            'yours: PREFIX="$HOME/.local".' >&2
        exit 1
    fi
done
