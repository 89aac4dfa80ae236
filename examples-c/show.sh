#!/bin/sh
# Prints the header and the payload of the token on standard input, without verifying it.
set -eu

# Converts unpadded base64url to base64 and decodes it.
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
    echo 'show.sh: standard input is not a token of three parts' >&2
    exit 1
fi
printf 'header:  '
decode "$header"
printf 'payload: '
decode "$payload"
