#!/bin/sh
# put.sh MODE FILE FOLDER/NAME
#
# Installs a file as FOLDER/NAME, by a rename; - is the standard input. A program that reads or maps
# it meanwhile has either the whole old file or the whole new one. `install` alone removes the old
# file before it writes the new one.
set -eu

# Neither php-fpm nor ldconfig reads a file of this name.
new=${3%/*}/.${3##*/}.new.$$
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
if [ "$2" = - ]; then
    cat > "$new"
    chmod "$1" "$new"
    # Otherwise, the command before the pipe has failed.
    [ -s "$new" ]
else
    install -m "$1" "$2" "$new"
fi
mv -fT "$new" "$3"
