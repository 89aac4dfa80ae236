"""Builds the contestants, with a separate folder for each kind of CPU."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

import cpu

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "benches" / "compare"
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
CC = os.environ.get("CC", "cc")
GO = TARGET / "go-current" / "go" / "bin" / "go"
GOLANG_JWT = "/usr/share/gocode/src/github.com/golang-jwt/jwt"
CARGO = os.environ.get("CARGO", "cargo")


def run(*command, folder=ROOT, **environment):
    """Runs a program. Prints its output only if it fails."""
    environment = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    # Variables of an outer make, which would change an inner one.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        environment.pop(name, None)
    command = [str(word) for word in command]
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\nfailed: {' '.join(command)}")
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Place:
    """The folders for one kind of CPU. `given` is a library to use instead of that of `make`."""

    cpu: cpu.Cpu
    given: pathlib.Path | None = None

    @property
    def folder(self):
        return TARGET / "bench" / self.cpu.folder

    @property
    def cargo_target(self):
        """cargo's target folder for the library. The native one is that of `make`."""
        return self.folder / "captoken" if self.cpu.masked else TARGET

    @property
    def libraries(self):
        """The folder in which the dynamic loader finds the library."""
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

    def make(self, goal, *variables):
        run(
            "make", goal, *variables,
            CARGO_TARGET_DIR=self.cargo_target, RUSTFLAGS=self.cpu.rustflags,
        )

    def cc(self, name, *sources, options=(), libraries=()):
        """Compiles sources of the folder c, and returns the path of the result."""
        out = self.folder / "c" / name
        out.parent.mkdir(parents=True, exist_ok=True)
        files = [SOURCES / "c" / source for source in sources]
        run(
            CC, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", *options,
            *files, "-o", out, *libraries,
        )
        return out

    def worker(self, name, library):
        return self.cc(name, "worker.c", "support.c", f"{name}.c", libraries=[library, "-lpthread"])

    def rust(self, name):
        """Without --locked: if captoken's dependencies have changed, cargo updates the lock file
        of the peers."""
        target = self.folder / "rust"
        features = ["--features", "soft"] if self.cpu.masked else []
        run(
            CARGO, "build", "--release", *features, folder=SOURCES / "rust",
            CARGO_TARGET_DIR=target, RUSTFLAGS=self.cpu.rustflags,
        )
        return target / "release" / name

    def php_package(self):
        """Our PHP package, installed with the settings for php-fpm."""
        prefix = self.folder / "php"
        self.make("install-php", f"PREFIX={prefix}")
        return prefix / "share" / "php" / "captoken"

    def go(self, name):
        """Builds with Debian's golang-jwt and with a copy of our package, because the archive of
        this kind of CPU must be in the package's folder."""
        package = self.folder / "go" / "captoken"
        package.mkdir(parents=True, exist_ok=True)
        for file in [ROOT / "go" / "go.mod", *(ROOT / "go").glob("*.go")]:
            if not file.name.endswith("_test.go"):
                shutil.copy2(file, package)
        self.make("go-lib", f"TO_GO={package}")

        module = self.folder / "go" / "go.mod"
        replaced = {"captoken": package, "github.com/golang-jwt/jwt/v4": GOLANG_JWT}
        lines = [f"replace {path} => {folder}\n" for path, folder in replaced.items()]
        module.write_text((SOURCES / "go" / "go.mod").read_text() + "\n" + "".join(lines))
        out = self.folder / "go" / "bin" / name
        run(
            GO, "build", f"-modfile={module}", "-o", out, f"./{name}", folder=SOURCES / "go",
            GOTOOLCHAIN="local", GOPROXY="off", GOFLAGS="-mod=mod", GOWORK="off", GOROOT="",
            CGO_ENABLED="1",
        )
        return out
