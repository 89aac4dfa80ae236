#!/bin/sh
# pack-archive.sh [TARGET]
#
# Repacks TARGET/release/libcaptoken.a, which cargo has built, as an archive of one object that
# defines only the functions of captoken.h, and only for the program or library that links it.
# TARGET is cargo's target folder, by default `target`. Does nothing if the archive is already
# repacked.
#
# Why:
#
# - cargo's archive contains Rust's runtime, with global symbols. Two Rust archives in one
#   program would define some symbols twice. In our object they are local.
# - The functions never call most of the runtime. ld starts from the exported functions and
#   discards every section that they do not reach: 1 MB of 23 remains.
# - A process can contain several copies of captoken: a host's shared library, and the archives in
#   its plug-ins. The functions are hidden, so that a plug-in exports none and calls its own.
# - libcap defines cap_free too. A fully static program can link both libraries only if one
#   of the two definitions is weak. Stable Rust cannot declare a weak symbol, so objcopy
#   makes ours weak. libcap's then wins.
#
# Steps:
#
# 1. nm lists the exported functions of the shared library.
# 2. ld links the archive, and the unwinder that build.sh has found for musl, into one relocatable
#    object, without unused sections.
#    --force-group-allocation dissolves section groups: of two groups with the same name, a
#    later link would keep only one, even if the other is another archive's.
# 3. A second ld drops the undefined symbols that only discarded sections used, and makes the
#    functions hidden: of two objects that name a symbol, the stricter visibility counts.
# 4. objcopy makes all other symbols local. It removes debug information, and LLVM bitcode,
#    which only the same compiler could read.
# 5. ar writes the archive, and cat overwrites cargo's. Replacing the file would not last:
#    cargo keeps a hard link in release/deps and restores the file from it.
#
# The environment variables NM, AS, LD, OBJCOPY and AR name other tools; options may follow the
# name. `make pack` passes on make's variables of these names.
set -eu

target=${1:-target}
shared=$target/release/libcaptoken.so
static=$target/release/libcaptoken.a
packed=$target/packed

if [ ! -e "$static" ]; then
    echo "There is no $static. Run make first." >&2
    exit 1
fi
if [ -e "$packed" ] && [ -z "$(find "$static" -newer "$packed")" ]; then
    exit
fi

# Other linkers have no --force-group-allocation. They can link programs with the result.
linker=${LD:-ld}
if ! $linker --version 2> /dev/null | grep -q '^GNU ld'; then
    if ! command -v ld.bfd > /dev/null; then
        echo "LD=$linker cannot repack the archive. Install GNU ld: apt-get install binutils" >&2
        exit 1
    fi
    echo "LD=$linker cannot repack the archive: using ld.bfd."
    linker=ld.bfd
fi

# The variables are unquoted so that the shell splits names and options. No symbol contains
# a space.
# shellcheck disable=SC2046,SC2086
{
    symbols=$(${NM:-nm} -D --defined-only "$shared")
    functions=$(echo "$symbols" | sed 's/.* //')
    set -- "$static"
    if [ -e "$target/release/libunwind.a" ]; then
        set -- "$@" "$target/release/libunwind.a"
    fi
    $linker -r --gc-sections --force-group-allocation $(printf ' -u %s' $functions) \
        "$@" -o "$target/all.o"
    {
        printf '.hidden %s\n' $functions
        echo '.section .note.GNU-stack,"",%progbits'
    } | ${AS:-as} -o "$target/hidden.o"
    $linker -r "$target/all.o" "$target/hidden.o" -o "$target/captoken.o"
    ${OBJCOPY:-objcopy} --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd \
        $(printf ' --keep-global-symbol=%s' $functions) --weaken-symbol=cap_free \
        "$target/captoken.o"
    rm -f "$target/libcaptoken.a"
    ${AR:-ar} rcs "$target/libcaptoken.a" "$target/captoken.o"
}
cat "$target/libcaptoken.a" > "$static"
touch "$packed"
