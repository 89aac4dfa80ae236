#!/bin/sh
# dist.sh TARGET...
#
# Writes captoken-VERSION-TARGET.tar.xz for each of Rust's targets into the target folder's `dist`,
# and removes those of an earlier build, and its Debian packages. `make dist` runs it, after it has
# installed the tools.
#
# Each archive has the files of `make install`, and the packages for Go and PHP with the libraries
# of all these targets. All are reproducible. The Makefile sets VERSION and SONAME.
set -eu
unset CDPATH
cd "${0%/*}/.."
umask 022
if [ $# = 0 ]; then
    echo 'usage: dist.sh TARGET...' >&2
    exit 2
fi

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
dist=$target/dist
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
CARGO_TARGET_DIR=$target
export SOURCE_DATE_EPOCH CARGO_TARGET_DIR

# fill FOLDER: adds everything that make install does not install.
fill() {
    # The folder can be anywhere.
    # shellcheck disable=SC2016
    sed -i -e 's|^prefix=.*|prefix=${pcfiledir}/../..|' \
        -e 's|^includedir=.*|includedir=${prefix}/include|' \
        -e 's|^libdir=.*|libdir=${prefix}/lib|' "$1/lib/pkgconfig/captoken.pc"
    cp -r "$dist/go" "$dist/php" "$1/"
    cp CHANGELOG.md "$1/share/doc/captoken/"
    sed -e "s|@VERSION@|$VERSION|g" -e "s|@TARGET@|$triple|g" packaging/README.md.in > "$1/README.md"
    python3 -B scripts/bill.py "$triple" "$1/share/doc/captoken"
    (
        cd "$1"
        find . -type f | LC_ALL=C sort | xargs sha256sum > ../SHA256SUMS
        mv ../SHA256SUMS .
    )
}

# pack FOLDER ARCHIVE
pack() {
    tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        --mtime="@$SOURCE_DATE_EPOCH" -C "${1%/*}" -cf "$2.tar" "${1##*/}"
    xz -9 --threads=1 --force "$2.tar"
}

sh scripts/dist-build.sh "$@"
sh scripts/dist-go.sh "$dist/go" "$@"
sh scripts/dist-php.sh "$dist/php" "$@"
rm -f "$dist"/captoken-*.tar.xz "$dist"/*.deb
for triple; do
    name=captoken-$VERSION-$triple
    rm -rf "$dist/pack"
    mkdir "$dist/pack"
    cp -r "$dist/image/$triple/usr" "$dist/pack/$name"
    fill "$dist/pack/$name"
    pack "$dist/pack/$name" "$dist/$name"
    rm -rf "$dist/pack"
    echo "$dist/$name.tar.xz"
done
