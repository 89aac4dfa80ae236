#!/bin/sh
# dist-go.sh FOLDER TARGET...
#
# Lays out the Go module as it would be published, with the archives that dist-build.sh has built.
# GO_MODULE is its path, by default captoken.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}
folder=$1
# The crates are the same for all.
first=$2
shift

rm -rf "$folder"
TO_GO=$folder GO_MODULE=${GO_MODULE:-captoken} sh scripts/copy-go.sh
for triple; do
    case $triple in
        x86_64-*) suffix=_linux_amd64 ;;
        aarch64-*) suffix=_linux_arm64 ;;
        *)
            echo "dist-go.sh: Go has no name for $triple here." >&2
            exit 2
            ;;
    esac
    case $triple in
        *-musl) suffix=${suffix}_musl ;;
    esac
    set -- "$@" "$suffix=$target/dist/image/$triple/usr/lib/libcaptoken.a"
    shift
done
sh scripts/go-archives.sh "$folder" "$@"
python3 -B scripts/bill.py --licences "$first" "$folder"
