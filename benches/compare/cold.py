"""Cold costs of captoken and libjwt: the time until the first token, and sizes."""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import time

import build

STARTS = 101
LIBJWT = "libjwt.so.0"


def costs(place, inputs, core, tell):
    """Rows of a table: name, captoken, libjwt. The C contestants must have been built."""
    build_time = from_nothing(place, tell)
    libjwt = find(LIBJWT)
    ours, theirs = place.library.resolve(), libjwt.resolve()
    loading, first = starts(place, [("captoken", ours), ("libjwt", theirs)], inputs, core, tell)
    our_needs, their_needs = needs(ours), needs(theirs)
    archive = place.cargo_target / "release" / "libcaptoken.a"
    return [
        ["`dlopen`, µs", micro(loading[0]), micro(loading[1])],
        ["first token, µs", micro(first[0]), micro(first[1])],
        ["the `.so`, stripped, KiB", kib(stripped(place, ours)), kib(stripped(place, theirs))],
        [
            "the libraries that it needs, except libc",
            ", ".join(our_needs) or "nothing",
            ", ".join(their_needs) or "nothing",
        ],
        ["that, KiB", kib(total(our_needs)), kib(total(their_needs))],
        ["the `.a`, KiB", kib(archive.stat().st_size), "none in Debian's package"],
        ["`cargo build --release` from nothing, s", f"{build_time:.0f}", "a package"],
    ]


def micro(nanoseconds):
    return f"{nanoseconds / 1000:,.0f}"


def kib(size):
    return f"{size / 1024:,.0f}"


def from_nothing(place, tell):
    """Seconds of a release build, with all crates downloaded and nothing built."""
    tell("building the library from nothing")
    target = place.folder / "from-nothing"
    shutil.rmtree(target, ignore_errors=True)
    build.run(build.CARGO, "fetch", "--locked")
    start = time.monotonic()
    build.run(
        build.CARGO, "build", "--release", "--locked", "--offline",
        CARGO_TARGET_DIR=target, RUSTFLAGS="",
    )
    took = time.monotonic() - start
    shutil.rmtree(target)
    return took


def starts(place, libraries, inputs, core, tell):
    """Median times to load each library, and of its first token, in new processes."""
    program = place.cc("cold", "cold.c", "support.c")
    commands = []
    for name, library in libraries:
        contestant = place.cc(
            f"{name}.so", f"{name}.c", "support.c", options=["-shared", "-fPIC"]
        )
        commands.append([program, library, contestant])
    found = [[] for _ in commands]
    for number in range(STARTS):
        tell(f"start {number + 1} of {STARTS}")
        for command, numbers in zip(commands, found, strict=True):
            done = subprocess.run(
                ["taskset", "--cpu-list", str(core), *command],
                env={**os.environ, **inputs}, stdout=subprocess.PIPE, text=True, check=True,
            )
            numbers.append([int(number) for number in done.stdout.split()])
    medians = [[statistics.median(of) for of in zip(*numbers)] for numbers in found]
    return list(zip(*medians))


def find(soname):
    """The path of a library that the dynamic loader finds."""
    for line in build.run("ldconfig", "-p").splitlines():
        if line.split()[:1] == [soname]:
            return pathlib.Path(line.rpartition(" => ")[2])
    raise SystemExit(f"{soname} is not installed")


def stripped(place, library):
    out = place.folder / "stripped.so"
    build.run("strip", "-o", out, library)
    return out.stat().st_size


def needs(library):
    """The libraries that it loads into a program that has only libc."""
    found = re.findall(r"^\s*(\S+) => (\S+)", build.run("ldd", library), re.MULTILINE)
    return {name: path for name, path in found if name not in ("libc.so.6", "linux-vdso.so.1")}


def total(libraries):
    return sum(pathlib.Path(path).resolve().stat().st_size for path in libraries.values())
