#!/bin/sh
# zig.sh
#
# Links the archive with `zig cc`, in C and through the Go package: for this machine, for glibc 2.17
# and, with the archive of Rust's target, for musl. Each program must run and print a token.
# `make test-deep` runs this.
set -eu
cd "${0%/*}/.."

root=$(pwd)
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
zig="$target/zig/ziglang/zig"
go=$target/go-current/go/bin/go
work=$target/zig-test
machine=$(uname -m)
rm -rf "$work"
mkdir -p "$work"

# check PROGRAM ARGUMENT...: runs it, and verifies the token that it prints.
check() {
    TWILIO_ACCOUNT_SID=AC123123 TWILIO_AUTH_TOKEN=secret "$@" > "$work/token"
    TWILIO_AUTH_TOKEN=secret "$target/release/captoken" verify - < "$work/token" > "$work/said"
    grep '^VERIFIED' "$work/said"
}

# link NAME HEADER ARCHIVE OPTION...
link() {
    name=$1
    header=$2
    archive=$3
    shift 3
    echo "== zig cc $*"
    "$zig" cc "$@" -std=c99 -I"$header" examples-c/mint.c "$archive" -lpthread -ldl -lm -lunwind \
        -o "$work/$name"
    check "$work/$name" -i Alice -o AP123123 -t 600
}

make --no-print-directory --silent cli go-lib
# The program of the guide.
mkdir "$work/go"
awk '/^```go$/ { inside = 1; next } /^```$/ { inside = 0 } inside' docs/go.md |
    awk '/^package main$/ { found = 1 } found { print } found && /^}$/ { exit }' > "$work/go/main.go"
printf 'module example.com/hello\n\ngo 1.19\n\nrequire captoken v0.0.0\n\nreplace captoken => "%s"\n' \
    "$root/go" > "$work/go/go.mod"

for options in '' "-target $machine-linux-gnu.2.17"; do
    # $options is a list.
    # shellcheck disable=SC2086
    link c include "$target/release/libcaptoken.a" $options
    echo "== go build, CC=zig cc $options"
    (cd "$work/go" && CC="'$zig' cc $options" CGO_ENABLED=1 GOWORK=off "$go" build -o ../hello .)
    check "$work/hello"
done

musl=$machine-unknown-linux-musl
rustup target add "$musl"
CARGO_TARGET_DIR="$target/musl" CARGO_BUILD_TARGET=$musl RUSTFLAGS='-C target-feature=-crt-static' \
    make --no-print-directory all
# Rust has brought the unwinder.
echo "== zig cc -target $machine-linux-musl"
"$zig" cc -target "$machine-linux-musl" -Iinclude examples-c/mint.c "$target/musl/release/libcaptoken.a" \
    -o "$work/musl"
check "$work/musl" -i Alice -o AP123123 -t 600
