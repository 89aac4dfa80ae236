#!/bin/sh
# deb.sh FOLDER TARGET...
#
# Writes Debian packages for each of Rust's targets with glibc into the folder, with the files that
# dist-build.sh has built. `make deb` runs it, after it has installed the tools.
#
# DEBFULLNAME and DEBEMAIL name the maintainer, as for Debian's own tools. DEB_REVISION is the
# packages' revision, by default 1. The Makefile sets VERSION and SONAME.
set -eu
unset CDPATH
cd "${0%/*}/.."
umask 022

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
if [ $# -lt 2 ]; then
    echo 'usage: deb.sh FOLDER TARGET..., with a target for glibc' >&2
    exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
work=$folder/deb
revision=${DEB_REVISION:-1}
# Debian sorts ~ before everything: a pre-release comes before its release.
debian_version=$(echo "$VERSION" | tr - '~')
maintainer="${DEBFULLNAME:-captoken developers} <${DEBEMAIL:-captoken@packages.invalid}>"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH maintainer
# They would change the results.
unset DEB_BUILD_OPTIONS DEB_BUILD_PROFILES MAKEFLAGS MFLAGS

# prepare FOLDER TARGET: a source package without sources.
prepare() {
    mkdir -p "$1/files"
    cp -r packaging/debian "$1"
    cp -r "$target/dist/image/$2/usr" "$1/files"
    TO_PHP=$1/files/usr/share/php/captoken PHPDIR=/usr/share/php/captoken PHP_USER=www-data \
        SHARED=$target/dist/image/$2/usr/lib/$SONAME sh scripts/php-package.sh install
    # phpenmod reads the priority: after all other settings.
    sed -i '1i ; priority=99' "$1/files/usr/share/php/captoken/captoken.ini"
    python3 -B scripts/bill.py --licences "$2" "$1/debian"
    (
        cd "$1/debian"
        awk '/^Maintainer:/ { print "Maintainer: " ENVIRON["maintainer"]; next } { print }' control > new
        mv new control
        sed 's/^$/./; s/^/ /' "$OLDPWD/LICENSE-MIT" | cat copyright.in - > copyright
        cat > changelog <<CHANGELOG
captoken ($debian_version-$revision) unstable; urgency=medium

  * CHANGELOG.md in the repository lists the changes.

 -- $maintainer  $(date -Rud "@$SOURCE_DATE_EPOCH")
CHANGELOG
    )
}

rm -rf "$work"
for triple; do
    case $triple in
        x86_64-unknown-linux-gnu) architecture=amd64 ;;
        aarch64-unknown-linux-gnu) architecture=arm64 ;;
        *)
            echo "deb.sh: Debian has no architecture for $triple." >&2
            exit 2
            ;;
    esac
    prepare "$work/$architecture/captoken" "$triple"
    (
        cd "$work/$architecture/captoken"
        # -d: no compiler for the architecture is needed.
        dpkg-buildpackage --build=binary --host-arch="$architecture" --unsigned-changes -d \
            > ../log 2>&1 || {
            tail -n 30 ../log >&2
            exit 1
        }
    )
    rm -f "$folder"/*_"$architecture.deb"
    mv "$work/$architecture"/*.deb "$folder/"
done
rm -r "$work"
ls "$folder"/*.deb
