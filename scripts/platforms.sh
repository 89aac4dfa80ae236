#!/bin/sh
# platforms.sh FOLDER MACHINE=ARCHITECTURE...
#
# Gets what the tests of the archives run beside this machine's own programs. It comes from Debian
# 12, and this system stays as it is:
#
# - FOLDER/debian-MACHINE, for each of these other machines, with Debian's name of it: PHP, glibc
#   and musl, unpacked. An emulator takes it for the root folder.
# - FOLDER/php-musl: PHP for this machine and musl, built from the sources, in about 3 minutes.
set -eu
unset CDPATH

folder=$(cd "$1" && pwd)
shift
# Without a space in its name, which compilers' options could not have.
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

# prepare ARCHITECTURE: lets apt-get use the empty folder $new instead of the system's lists.
prepare() {
    rm -rf "$new"
    mkdir -p "$new/lists/partial" "$new/archives/partial"
    for kind in deb deb-src; do
        echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
            'http://deb.debian.org/debian bookworm main'
    done > "$new/sources.list"
    APT_CONFIG=$new/apt.conf
    export APT_CONFIG
    cat > "$APT_CONFIG" << END
APT::Architecture "$1";
APT::Architectures { "$1"; };
APT::Get::Assume-Yes "true";
APT::Get::Download-Only "true";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::Cache "$new";
Dir::Etc::SourceList "$new/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$new/lists";
Dir::State::status "/dev/null";
END
    apt-get -qq update
}

# unpack_debian MACHINE ARCHITECTURE
unpack_debian() {
    echo "Unpacking Debian's PHP and musl for $1 into $folder/debian-$1, about 20 MB to download"
    prepare "$2"
    apt-get -qq install php-cli musl > /dev/null
    for package in "$new"/archives/*.deb; do
        dpkg-deb -x "$package" "$new/root"
    done
    rm -rf "$folder/debian-$1"
    mv "$new/root" "$folder/debian-$1"
}

# unpack_source NAME: unpacks into the folder $new/NAME.
unpack_source() {
    (cd "$new" && apt-get -qq source "$1" > /dev/null)
    mkdir "$new/$1"
    tar -xf "$new/$1"_*.orig.tar.?z --strip-components=1 -C "$new/$1"
}

# PHP with only what the package needs. musl-gcc does not find the headers of Linux.
build_php() {
    echo "Building PHP for musl into $folder/php-musl, about 3 minutes"
    prepare "$(dpkg --print-architecture)"
    mkdir "$new/linux"
    for headers in linux asm-generic "$(uname -m)-linux-gnu/asm"; do
        ln -s "/usr/include/$headers" "$new/linux/${headers##*/}"
    done
    unpack_source libffi
    unpack_source php8.2
    jobs=$(nproc)
    CC=musl-gcc CFLAGS="-O1 -idirafter $new/linux"
    export CC CFLAGS
    (
        cd "$new/libffi" &&
            ./configure --prefix="$new/installed" --disable-shared --with-pic --disable-docs &&
            make -s -j "$jobs" install &&
            cd "$new/php8.2" &&
            FFI_CFLAGS=-I$new/installed/include FFI_LIBS="-L$new/installed/lib -lffi" ./configure \
                --disable-all --disable-cgi --disable-phpdbg --without-pear --without-pcre-jit \
                --without-valgrind --with-ffi &&
            make -s -j "$jobs" cli
    ) > "$new/log" 2>&1 || {
        tail -n 20 "$new/log" >&2
        exit 1
    }
    mv "$new/php8.2/sapi/cli/php" "$folder/php-musl"
}

for machine; do
    [ -e "$folder/debian-${machine%=*}" ] || unpack_debian "${machine%=*}" "${machine#*=}"
done
[ -e "$folder/php-musl" ] || build_php
