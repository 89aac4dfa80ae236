#!/bin/sh
# copy-go.sh
#
# Copies the Go package and its tests to the folder $TO_GO, as the module $GO_MODULE. `make
# go-lib` runs this and then adds the library.
#
# The tests of the copy skip what needs the repository.
set -eu
cd "${0%/*}/.."

fail() {
    echo "$*" >&2
    exit 1
}

case $GO_MODULE in
    *[!A-Za-z0-9._~/-]* | /* | */ | *//* | *..* | -* | .*)
        fail 'GO_MODULE must be a module path, such as example.com/you/captoken.'
        ;;
esac
case ${GO_MODULE%%/*} in
    *.*) ;;
    *) fail "The first part of GO_MODULE must have a dot, such as example.com/you/captoken." ;;
esac
[ ! -e "$TO_GO/go.mod" ] || [ -e "$TO_GO/captoken.go" ] ||
    fail "$TO_GO has another Go module. Set TO_GO to an empty folder."
above=$TO_GO
while [ ! -e "$above" ]; do
    above=$(dirname "$above")
done
case $(cd "$above" && pwd -P)/ in
    "$(pwd -P)"/go/*) fail 'Set TO_GO to a folder outside go: GO_MODULE is only for a copy.' ;;
esac
mkdir -p "$TO_GO"
to=$(cd "$TO_GO" && pwd -P)

# In go.mod and in imports, also those in strings of tests.
translate() {
    sed -e 's#^\(import \|[[:space:]]*\)"captoken"$#\1"'"$GO_MODULE"'"#' \
        -e 's|\\"captoken\\"|\\"'"$GO_MODULE"'\\"|g' \
        -e 's|^module captoken$|module '"$GO_MODULE"'|' \
        -e 's|\.\./tests/data/capability\.json|testdata/capability.json|' \
        -e 's|See the \[guide\](\.\./docs/go\.md)\. ||' "$1"
}

(cd go && find . -type f \( -name '*.go' -o -name '*.rs' -o -name go.mod -o -name README.md \)) |
    while read -r file; do
        mkdir -p "$to/${file%/*}"
        translate "go/$file" > "$to/$file.new"
        mv "$to/$file.new" "$to/$file"
    done
cp tests/data/capability.json "$to/testdata/"
cp LICENSE-APACHE LICENSE-MIT "$to"
