"""Builds the contestants, each kind of CPU in a folder of its own."""

import dataclasses
import os
import pathlib
import subprocess

import cpu

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "benches" / "compare"
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
CC = os.environ.get("CC", "cc")
CARGO = os.environ.get("CARGO", "cargo")


def run(*command, folder=ROOT, **environment):
    """Runs a program, and shows what it says only where it fails."""
    environment = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    # What make says to its own kind; these are asked for anew.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        environment.pop(name, None)
    command = [str(word) for word in command]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\nfailed: {' '.join(command)}")
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the contestants for one kind of CPU are built, and with which library: that of
    `make`, or a file that is given."""

    cpu: cpu.Cpu
    given: pathlib.Path | None = None

    @property
    def folder(self):
        return TARGET / "bench" / self.cpu.folder

    @property
    def cargo_target(self):
        """Of the library. As the machine is, it is the one that `make` leaves."""
        return self.folder / "captoken" if self.cpu.masked else TARGET

    @property
    def libraries(self):
        """The folder where the dynamic loader finds the library."""
        return self.folder / "lib"

    @property
    def library(self):
        return self.libraries / "libcaptoken.so.0"

    def make_library(self):
        if self.given is None:
            self.make("all")
        self.libraries.mkdir(parents=True, exist_ok=True)
        self.library.unlink(missing_ok=True)
        self.library.symlink_to(self.given or self.cargo_target / "release" / "libcaptoken.so")

    def make(self, goal):
        run("make", goal, CARGO_TARGET_DIR=self.cargo_target, RUSTFLAGS=self.cpu.rustflags)

    def cc(self, name, *sources, options=(), libraries=()):
        """Compiles sources of the folder c, and returns what comes out."""
        out = self.folder / "c" / name
        out.parent.mkdir(parents=True, exist_ok=True)
        files = [SOURCES / "c" / source for source in sources]
        run(
            CC, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", *options,
            *files, "-o", out, *libraries,
        )
        return out

    def worker(self, name, library):
        return self.cc(name, "worker.c", "input.c", f"{name}.c", libraries=[library, "-lpthread"])

    def rust(self, name):
        """Not --locked: what captoken depends on may have changed, and the lock file of the
        peers then follows."""
        target = self.folder / "rust"
        features = ["--features", "soft"] if self.cpu.masked else []
        run(
            CARGO, "build", "--release", *features, folder=SOURCES / "rust",
            CARGO_TARGET_DIR=target, RUSTFLAGS=self.cpu.rustflags,
        )
        return target / "release" / name
