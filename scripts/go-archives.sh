#!/bin/sh
# go-archives.sh FOLDER [SUFFIX=]ARCHIVE...
#
# Copies archives into a folder of the Go package as libcaptokenSUFFIX.a, such as
# libcaptoken_linux_amd64_musl.a, and writes captoken.h. Without SUFFIX, it is that of the archive's
# machine; the files go/link_*.go name them.
#
# They are in the folder of the package itself, so that `go mod vendor` copies them. Go rebuilds if
# the header changes, but not if an archive does. The header therefore gets the checksum of each
# archive, which the link files compile in. Files that have not changed stay, and nothing is rebuilt.
set -eu
unset CDPATH
cd "${0%/*}/.."

folder=$1
shift

# suffix ARCHIVE
suffix() {
    case $(LC_ALL=C readelf -h "$1" | sed -n 's/^ *Machine: *//p') in
        'Advanced Micro Devices X86-64') echo _linux_amd64 ;;
        AArch64) echo _linux_arm64 ;;
    esac
}

# replace FILE TO: a program that is being linked has the old file or the new one.
replace() {
    cmp -s "$1" "$2" || {
        cp "$1" "$2.new"
        mv "$2.new" "$2"
    }
}

header=$(mktemp)
trap 'rm -f "$header"' EXIT
cp include/captoken.h "$header"
for archive; do
    case $archive in
        _*=*)
            suffix=${archive%%=*}
            archive=${archive#*=}
            ;;
        *) suffix=$(suffix "$archive") ;;
    esac
    replace "$archive" "$folder/libcaptoken$suffix.a"
    sum=$(sha256sum < "$archive")
    echo "#define CAPTOKEN_ARCHIVE$suffix \"${sum%% *}\"" >> "$header"
done
chmod 644 "$header"
replace "$header" "$folder/captoken.h"
