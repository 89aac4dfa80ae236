#!/bin/sh
# dist-build.sh TARGET...
#
# Builds captoken for each of Rust's targets, and installs it into `dist/image/TARGET/usr` in the
# target folder: what `make install` installs.
#
# cargo-zigbuild links with zig: for glibc 2.17, the oldest that Rust supports, or for musl. There
# the shared library needs musl's, and the program is fully static. The results depend on the
# commit, and on the versions of Rust and of the tools of setup.sh, not on this machine.
set -eu
unset CDPATH
cd "${0%/*}/.."
# They would change the results.
unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET MAKEFLAGS MFLAGS
umask 022

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
build=$target/dist/build
ZIGBUILD=$target/zigbuild/bin/cargo-zigbuild
CARGO_ZIGBUILD_ZIG_PATH=$target/zig/ziglang/zig
CARGO_ZIGBUILD_CACHE_DIR=$target/zig-cache/zigbuild
ZIG_GLOBAL_CACHE_DIR=$target/zig-cache/global
ZIG_LOCAL_CACHE_DIR=$target/zig-cache/local
export ZIGBUILD CARGO_ZIGBUILD_ZIG_PATH CARGO_ZIGBUILD_CACHE_DIR ZIG_GLOBAL_CACHE_DIR \
    ZIG_LOCAL_CACHE_DIR

# put GOAL [RUSTFLAGS]: builds and installs a part for $triple. All targets share a folder, so that
# cargo builds its own tools once. The stamps of build.sh do not know the target.
put() {
    rm -f "$build/built" "$build/built-cli"
    tools=
    [ "$machine" = "$(uname -m)" ] || tools=$machine-linux-gnu-
    RUSTFLAGS=${2-} CARGO_TARGET_DIR=$build make --no-print-directory --silent "$1" \
        CARGO="$PWD/scripts/zigbuild.sh" DESTDIR="$target/dist/image/$triple" PREFIX=/usr \
        NM="${tools}nm" AS="${tools}as" LD="${tools}ld" OBJCOPY="${tools}objcopy" AR="${tools}ar"
}

for triple; do
    case $triple in
        x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
        x86_64-unknown-linux-musl | aarch64-unknown-linux-musl) ;;
        *)
            echo "dist-build.sh: there are no archives for $triple." >&2
            exit 2
            ;;
    esac
done

for triple; do
    machine=${triple%%-*}
    rm -rf "$target/dist/image/$triple"
    case $triple in
        *-linux-gnu)
            export ZIG_TARGET="$triple.2.17"
            put install-lib
            ;;
        *-linux-musl)
            export ZIG_TARGET="$triple"
            put install-lib '-C target-feature=-crt-static'
            ;;
    esac
    put install-cli
done
