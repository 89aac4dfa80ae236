#!/bin/sh
# ld64.sh ARGUMENT...
#
# Links a library for macOS with $RUST_LLD, for the module other_systems. zig ignores the list of
# exported functions, which rustc passes to the linker, and rust-lld follows it as Apple's does.
#
# Splits -Wl, as a compiler would. Leaves out the libraries of macOS, which this machine does not
# have.
set -eu
for argument; do
    shift
    case $argument in
        -l*) ;;
        -Wl,*,*)
            argument=${argument#-Wl,}
            set -- "$@" "${argument%%,*}" "${argument#*,}"
            ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec "$RUST_LLD" "$@" -undefined dynamic_lookup
