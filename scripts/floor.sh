#!/bin/sh
# floor.sh
#
# Builds the library, the command-line tool and the archive for Go with the oldest Rust that
# Cargo.toml allows. `make test` runs it after the tests. The oldest Rust is, in this order:
#
# - the installed one, if it is that old: then everything is built with it already;
# - a toolchain of rustup, which is installed if it is missing;
# - the compiler of Debian 12's rustc-web, unpacked into the target folder, with the installed
#   cargo.
#
# Fails if there is none of these.
set -eu
unset CDPATH
cd "${0%/*}/.."

CARGO=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
floor=$target/floor

# shellcheck source=scripts/rust.sh
. scripts/rust.sh

# Runs make with its own target folder.
build() {
    echo "Building with $("${RUSTC:-rustc}" --version)"
    make --no-print-directory cli go-lib CARGO="$CARGO" CARGO_TARGET_DIR="$floor" TO_GO="$floor/go"
}

unpack() {
    rm -rf "$floor/debian"
    mkdir -p "$floor/debian"
    version=$(apt-cache madison rustc-web 2> /dev/null |
        sed -n "s/^[^|]*| \($rust_floor\.[^ ]*\) .*/\1/p" | head -n 1)
    [ -n "$version" ] || return
    (
        cd "$floor/debian" &&
            apt-get -qq download "rustc-web=$version" "libstd-rust-web-dev=$version" \
                "libstd-rust-web-$rust_floor=$version" libllvm19 2> /dev/null &&
            for package in *.deb; do dpkg-deb -x "$package" . || exit; done
    )
}

mkdir -p "$floor/go"
case $(version_of "${RUSTC:-rustc}") in
    "$rust_floor" | "$rust_floor".*)
        echo "The installed Rust is the oldest supported one, $rust_floor."
        exit
        ;;
esac
if command -v rustup > /dev/null; then
    # Such as 1.85 or 1.85.0.
    installed=$(rustup toolchain list | sed -n "s/^\($rust_floor\(\.[0-9]*\)\{0,1\}\)-.*/\1/p")
    RUSTUP_TOOLCHAIN=$(echo "${installed:-$rust_floor.0}" | head -n 1)
    export RUSTUP_TOOLCHAIN
    [ -n "$installed" ] || rustup toolchain install --profile minimal "$RUSTUP_TOOLCHAIN"
    build
elif [ -e "$floor/debian/usr/bin/rustc" ] || unpack; then
    debian=$(cd "$floor/debian" && pwd)
    RUSTC=$floor/rustc
    cat > "$RUSTC" << END
#!/bin/sh
export LD_LIBRARY_PATH="$(echo "$debian"/usr/lib/*-linux-gnu)"
exec "$debian/usr/bin/rustc" "\$@"
END
    chmod +x "$RUSTC"
    RUSTC=$(cd "$floor" && pwd)/rustc
    export RUSTC
    build
else
    echo "There is no Rust $rust_floor to check that captoken builds with it. Install rustup, or" \
        "the Debian package rustc-web $rust_floor." >&2
    exit 1
fi
