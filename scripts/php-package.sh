#!/bin/sh
# php-package.sh install | uninstall | compose PLATFORM=LIBRARY...
#
# Installs the PHP package into the folder TO_PHP, or removes it. `compose` writes a package for
# Composer, with a library for each platform that Library::platform() knows. The Makefile sets:
#
#   TO_PHP    the folder, with DESTDIR
#   PHPDIR    the folder, without DESTDIR
#   SHARED    the library
#   SONAME    its SONAME
#   VERSION   its version
#   PHP_USER  the user of php-fpm's workers
#
# The package contains its own copy of the library, whose file name changes with every build.
# PHP closes no library when Apache restarts it by SIGUSR1, and for the same name dlopen() would
# return the old one. The header names the file and is therefore replaced after the library has
# been installed. The library of the previous build stays: a process that has read the old header
# may still open it.
#
# The package may contain only one .ini file, because php-fpm can be told to read every .ini file
# of a folder. captoken.ini.dist is the file as installed: if captoken.ini differs from it, its
# user has edited it, and it stays.
set -eu
unset CDPATH
cd "${0%/*}/.."
# The range a-f would contain other letters in other locales.
export LC_ALL=C

# The files, except the libraries.
list() {
    echo autoload.php preload.php composer.json bin/captoken-doctor examples/token.php
    (cd php && find src -name '*.php')
}

put() {
    sh scripts/put.sh "$1" "$2" "$TO_PHP/$3"
}

# libraries: prints the names of all libraries that this script has installed. It once named the
# library by its SONAME.
libraries() {
    hex='[0-9a-f]'
    # $hex is a pattern.
    # shellcheck disable=SC2231
    for library in "$TO_PHP/lib/$SONAME" \
        "$TO_PHP"/lib/libcaptoken-[0-9]*-$hex$hex$hex$hex$hex$hex$hex$hex.so; do
        [ ! -e "$library" ] || basename "$library"
    done
}

# named: prints the name of the library that the installed header names.
named() {
    sed -n 's|^#define FFI_LIB ".*/\(.*\)"$|\1|p' "$TO_PHP/captoken.ffi.h" 2> /dev/null
}

install_package() {
    case $PHP_USER in
        '' | *[!A-Za-z0-9._-]*)
            echo 'PHP_USER must be the name of a user.' >&2
            exit 1
            ;;
    esac
    sum=$(sha256sum < "$SHARED" | cut -c 1-8)
    library=libcaptoken-$VERSION-$sum.so
    previous=$(named || true)
    install -d "$TO_PHP/lib"
    put 755 "$SHARED" "lib/$library"
    sed "s|^#define FFI_LIB .*|#define FFI_LIB \"$PHPDIR/lib/$library\"|" php/captoken.ffi.h |
        put 644 - captoken.ffi.h

    put_files
    install_ini

    # The same build again: the header does not know the previous library.
    if [ "$previous" != "$library" ]; then
        for old in $(libraries); do
            case $old in
                "$library" | "$previous") ;;
                *) rm -f "$TO_PHP/lib/$old" ;;
            esac
        done
    fi
}

# Composer needs the version in an archive, where there is no tag. The scripts are for the tests.
compose_package() {
    put_files
    sed "s|^#define FFI_LIB .*|#define FFI_LIB \"PLATFORM/$SONAME\"|" php/captoken.ffi.h |
        put 644 - captoken.ffi.h
    sed -e "s|^    \"type\": |    \"version\": \"$VERSION\",\n&|" -e '/"scripts": {/,/}/d' php/composer.json |
        put 644 - composer.json
    sed -e 's|/usr/local/share/php/captoken/autoload\.php|vendor/autoload.php|' \
        -e 's|See the \[guide\](\.\./docs/php\.md)\. ||' php/README.md | put 644 - README.md
    for file in LICENSE-APACHE LICENSE-MIT; do
        put 644 "$file" "$file"
    done
    for library; do
        install -d "$TO_PHP/lib/${library%%=*}"
        put 755 "${library#*=}" "lib/${library%%=*}/$SONAME"
    done
}

put_files() {
    for file in $(list); do
        mode=644
        [ "$file" != bin/captoken-doctor ] || mode=755
        install -d "$TO_PHP/$(dirname "$file")"
        put "$mode" "php/$file" "$file"
    done
}

install_ini() {
    new=$(sed -e "s|@PHPDIR@|$PHPDIR|" -e "s|@PHP_USER@|$PHP_USER|" php/captoken.ini.in)
    if [ ! -e "$TO_PHP/captoken.ini" ] ||
        cmp -s "$TO_PHP/captoken.ini" "$TO_PHP/captoken.ini.dist"; then
        echo "$new" | put 644 - captoken.ini
    elif [ "$(cat "$TO_PHP/captoken.ini")" != "$new" ]; then
        echo 'Your captoken.ini has been edited and stays. captoken.ini.dist is the new one.'
    fi
    echo "$new" | put 644 - captoken.ini.dist
}

uninstall_package() {
    [ -d "$TO_PHP" ] || return 0
    for file in $(list) captoken.ffi.h captoken.ini captoken.ini.dist; do
        rm -f "$TO_PHP/$file"
    done
    for library in $(libraries); do
        rm -f "$TO_PHP/lib/$library"
    done
    # An installation that was killed leaves these.
    find "$TO_PHP" -name '.*.new.*' -type f -delete
    find "$TO_PHP" -depth -type d -empty -delete
}

case ${1-} in
    install | uninstall | compose)
        command=$1
        shift
        "${command}_package" "$@"
        ;;
    *)
        echo 'usage: php-package.sh install | uninstall | compose PLATFORM=LIBRARY...' >&2
        exit 2
        ;;
esac
