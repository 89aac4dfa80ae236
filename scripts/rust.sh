# shellcheck shell=sh
# Sourced by build.sh and setup.sh, from the root folder of the repository.

# version_of PROGRAM: its version number, or nothing if it does not run.
version_of() {
    "$1" --version 2> /dev/null | sed -n 's/^[a-z]* \([0-9][0-9.]*\).*/\1/p'
}

# older VERSION VERSION: whether the first is older.
older() {
    [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

rust_floor=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# Prints why cargo cannot build captoken, or nothing if it can.
rust_problem() {
    cargo_version=$(version_of "$CARGO")
    rustc_version=$(version_of "${RUSTC:-rustc}")
    if [ -z "$cargo_version" ]; then
        echo "Rust is not installed: ${CARGO} was not found, or does not run"
    elif [ -z "$rustc_version" ]; then
        echo "Rust is not complete: ${RUSTC:-rustc} was not found, or does not run"
    elif older "$cargo_version" "$rust_floor"; then
        echo "cargo $cargo_version is too old: captoken needs Rust $rust_floor or newer"
    elif older "$rustc_version" "$rust_floor"; then
        echo "rustc $rustc_version is too old: captoken needs Rust $rust_floor or newer"
    fi
}

# Prints the Debian package that has a new enough cargo, or nothing. Debian 12 has two: its
# cargo is too old, cargo-web is not.
rust_package() {
    for package in cargo cargo-web; do
        candidate=$(LC_ALL=C apt-cache policy "$package" 2> /dev/null | sed -n 's/^ *Candidate: //p')
        if [ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge "$rust_floor"; then
            echo "$package"
            return
        fi
    done
}

# Prints how to install Rust here.
rust_advice() {
    if command -v rustup > /dev/null; then
        echo 'Run: rustup update stable'
    elif [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
        # The quotes keep $HOME and $PATH for the user's shell.
        # shellcheck disable=SC2016
        echo 'Run: export PATH="$HOME/.cargo/bin:$PATH"'
    elif command -v apt-get > /dev/null && [ -n "$(rust_package)" ]; then
        echo "Run: sudo apt-get install $(rust_package)"
    elif command -v apt-get > /dev/null; then
        echo "Install Rust $rust_floor or newer: https://rustup.rs (on Debian 12, run" \
            '"sudo apt-get update" and then "sudo apt-get install cargo-web")'
    else
        echo "Install Rust $rust_floor or newer: https://rustup.rs"
    fi
}
