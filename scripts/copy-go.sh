#!/bin/sh
# copy-go.sh
#
# Checks that Go can build in the folder $TO_GO. If $GO_MODULE is set, copies the Go package and its
# tests to the folder, as this module. `make go-lib` runs this and then adds the library.
#
# The tests of the copy skip what needs the repository.
set -eu
unset CDPATH
cd "${0%/*}/.."

fail() {
    echo "$*" >&2
    exit 1
}

[ -n "$TO_GO" ] || fail 'TO_GO is empty. Set it to a folder, or omit it.'
case $TO_GO in
    /*) to=$TO_GO ;;
    *) to=$PWD/$TO_GO ;;
esac
# Go accepts only these ASCII characters in the path of the archive.
odd=$(printf %s "$to" | LC_ALL=C tr -d 'A-Za-z0-9+,./=_:$@%! ~^\200-\377-' && echo .)
[ "$odd" = . ] || fail "Set TO_GO to another folder, and GO_MODULE: Go cannot build in $to, because" \
    "it contains ${odd%.}"
[ -n "$GO_MODULE" ] || [ -d "$to" ] ||
    fail "There is no folder $to. Set GO_MODULE to copy the Go package to it."
above=$to
while [ ! -e "$above" ]; do
    above=$(dirname "$above")
done
[ -w "$above" ] || fail "You may not write to $above. Set TO_GO to a folder of yours, and GO_MODULE."
[ -n "$GO_MODULE" ] || exit 0

case $GO_MODULE in
    *[!A-Za-z0-9._~/-]* | /* | */ | *//* | *..* | *. | *./* | -* | .*)
        fail 'GO_MODULE must be a module path, such as example.com/you/captoken.'
        ;;
esac
# The package's own path needs a replace in each module.
[ "$GO_MODULE" = captoken ] || case ${GO_MODULE%%/*} in
    *.*) ;;
    *) fail "The first part of GO_MODULE must have a dot, such as example.com/you/captoken." ;;
esac
[ ! -e "$TO_GO/go.mod" ] || [ -e "$TO_GO/captoken.go" ] ||
    fail "$TO_GO has another Go module. Set TO_GO to an empty folder."
# The copy would replace some of them, such as README.md.
[ -e "$TO_GO/captoken.go" ] || [ -z "$(ls "$TO_GO" 2> /dev/null)" ] ||
    fail "$TO_GO has other files. Set TO_GO to an empty folder."
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

# Those of an older version would link another archive.
rm -f "$to"/link_*.go
(cd go && find . -type f \( -name '*.go' -o -name '*.rs' -o -name go.mod -o -name README.md \)) |
    while read -r file; do
        mkdir -p "$to/${file%/*}"
        translate "go/$file" > "$to/$file.new"
        mv "$to/$file.new" "$to/$file"
    done
cp tests/data/capability.json "$to/testdata/"
cp LICENSE-APACHE LICENSE-MIT "$to"
