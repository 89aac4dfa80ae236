#!/bin/sh
# check-install.sh FOLDER...
#
# Checks PREFIX, and that every folder, or the nearest one above it that exists, is writable,
# before anything is installed.
set -eu

case "$PREFIX" in
    *[!A-Za-z0-9/._+~@=,-]*)
        echo 'PREFIX must contain only ASCII letters, digits and / . _ + ~ @ = , -:' \
            'other characters have a meaning in captoken.pc or captoken.ini.' >&2
        exit 1
        ;;
    /*) ;;
    *)
        echo 'PREFIX must be an absolute path.' >&2
        exit 1
        ;;
esac

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
