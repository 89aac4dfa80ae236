#!/bin/sh
# Sees to it that everything is there that the tests run. What Debian packages lack
# is installed, as root or with sudo; where that cannot be, they are named.
set -eu

missing=

# need PACKAGE COMMAND...: the package is missing unless the command succeeds.
need() {
    package=$1
    shift
    "$@" > /dev/null 2>&1 || missing="$missing $package"
}

has_file() {
    for file in "$@"; do
        test -e "$file" && return
    done
    return 1
}

php_has_ffi() {
    php -m | grep -qx FFI
}

need gcc cc --version
need g++ c++ --version
need libc6-dev has_file /usr/include/stdlib.h
need binutils readelf --version
need pkg-config pkg-config --version
need util-linux flock --version
need valgrind valgrind --version
need php-cli php_has_ffi
need libcap-dev has_file /usr/include/sys/capability.h

if [ -n "$missing" ]; then
    echo "Missing Debian packages:$missing"
    if ! command -v apt-get > /dev/null; then
        echo 'There is no apt-get here. Install what those packages contain, and try again.' >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo > /dev/null; then
        sudo=sudo
    else
        echo "Run as root: apt-get install$missing" >&2
        exit 1
    fi
    $sudo apt-get update
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

if ! command -v cargo > /dev/null; then
    echo 'Install Rust, with rustfmt and clippy: https://rustup.rs' >&2
    exit 1
elif ! cargo fmt --version > /dev/null || ! cargo clippy --version > /dev/null; then
    echo 'Run: rustup component add rustfmt clippy' >&2
    exit 1
fi
