#!/bin/sh
# Checks the Go package with each toolchain that is named, by default with `go`:
#
#     tests/go.sh [GO...]
#
# `make go-lib` comes first.
set -eu

here=$PWD
cd "$(dirname "$0")/../go"
export GOTOOLCHAIN=local GOPROXY=off GOFLAGS= GOWORK=off CGO_ENABLED=1
unset GOROOT GOEXPERIMENT GODEBUG

# A toolchain's own gofmt, whose opinions differ between versions.
gofmt_of() {
    root=$("$1" env GOROOT)
    if [ -x "$root/bin/gofmt" ]; then
        echo "$root/bin/gofmt"
    else
        command -v gofmt
    fi
}

check() {
    go=$1
    echo "== $go: $("$go" version)"

    unformatted=$("$(gofmt_of "$go")" -l .)
    if [ -n "$unformatted" ]; then
        echo "gofmt would change: $unformatted" >&2
        return 1
    fi
    "$go" vet ./...

    echo '-- all tests'
    "$go" test -count=1 ./...
    echo '-- the race detector'
    "$go" test -count=1 -race -short ./...
    echo '-- AddressSanitizer'
    "$go" test -count=1 -asan -short ./...
    echo '-- the checks of pointers that are passed to C'
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
