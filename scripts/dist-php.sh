#!/bin/sh
# dist-php.sh FOLDER TARGET...
#
# Writes the PHP package for Composer, with the shared libraries that dist-build.sh has built. The
# Makefile sets VERSION and SONAME.
set -eu
unset CDPATH
cd "${0%/*}/.."

target=${CARGO_TARGET_DIR:-target}
TO_PHP=$1
export TO_PHP
# The crates are the same for all.
first=$2
shift

rm -rf "$TO_PHP"
mkdir -p "$TO_PHP"
for triple; do
    # Rust's name with the vendor, PHP's without.
    set -- "$@" "${triple%%-*}${triple#*-unknown}=$target/dist/image/$triple/usr/lib/$SONAME"
    shift
done
sh scripts/php-package.sh compose "$@"
python3 -B scripts/bill.py --licences "$first" "$TO_PHP"
