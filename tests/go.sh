#!/bin/sh
# go.sh [GO...]
#
# Tests the Go package with each of these toolchains, by default with `go`. Run `make go-lib`
# first. `make lint` checks the format.
set -eu

here=$PWD
unset CDPATH
cd "$(dirname "$0")/../go"
# shellcheck source=scripts/go-env.sh
. ../scripts/go-env.sh

check() {
    go=$1
    echo "== $go: $("$go" version)"
    echo '-- all tests'
    "$go" test -count=1 ./...
    echo '-- the race detector'
    "$go" test -count=1 -race -short ./...
    echo '-- AddressSanitizer'
    "$go" test -count=1 -asan -short ./...
    echo '-- checks of pointers passed to C'
    case $("$go" env GOVERSION) in
        go1.19* | go1.20*) GODEBUG=cgocheck=2 "$go" test -count=1 -short ./... ;;
        *) GOEXPERIMENT=cgocheck2 "$go" test -count=1 -short ./... ;;
    esac
}

[ $# -gt 0 ] || set -- go
for toolchain; do
    case $toolchain in
        /*) ;;
        */*) toolchain=$here/$toolchain ;;
    esac
    check "$toolchain"
done
