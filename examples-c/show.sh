#!/bin/sh
# Prints the header and the payload of a token on standard input. Verifies nothing.
set -eu

# Base64url without padding, to base64 with it, to text.
decode() {
    text=$(printf %s "$1" | tr _- /+)
    while [ $((${#text} % 4)) -ne 0 ]; do
        text="$text="
    done
    printf %s "$text" | base64 -d
    echo
}

IFS=. read -r header payload signature
if [ -z "$signature" ]; then
    echo 'show.sh: not a token of three parts' >&2
    exit 1
fi
printf 'header:  '
decode "$header"
printf 'payload: '
decode "$payload"
