#!/bin/sh
# rustc.sh ARGUMENT...
#
# Runs rustc, and writes other names for the folders of this machine into its results: a panic
# names the source file of a crate, which is in the builder's home directory. The names are
# relative, because every absolute path can be a folder of some machine.
#
# build.sh makes cargo run this instead of rustc. RUSTFLAGS would replace the flags of cargo's
# configuration, and a wrapper would replace the user's.
exec "$CAPTOKEN_RUSTC" "$@" \
    --remap-path-prefix="$CAPTOKEN_CARGO_HOME=cargo" \
    --remap-path-prefix="$CAPTOKEN_ROOT=captoken" \
    --remap-path-prefix="$CAPTOKEN_TARGET=captoken/target"
