"""Runs each line of packaging/docker/*.Dockerfile, without Docker. Needs root.

A stage is a folder: for Debian's image the system that scripts/clean-root.sh has made, for Alpine's the
same with musl and busybox, and with the PHP for musl of scripts/platforms.sh. `apk` only checks its
arguments. The context has the files of `make dist deb`. Each image must print a token.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from reader import REPOSITORY, TOKEN, only, read

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target").resolve()
CLEAN = TARGET / "roots/trixie.tar"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
APK = """#!/bin/sh
[ "$1 $2" = 'add --no-cache' ] && shift 2
for package; do
    case $package in gcc | go | musl-dev | php84 | php84-ffi) ;; *) exit 1 ;; esac
done
"""


class Image:
    """The folder of a stage, and what its lines have set."""

    def __init__(self, folder, base, images):
        self.folder = folder
        self.workdir = "/"
        self.user = "root"
        self.command = None
        folder.mkdir()
        if base in images:
            self.workdir = images[base].workdir
            subprocess.run(["cp", "-a", f"{images[base].folder}/.", folder], check=True)
        elif base != "scratch":
            subprocess.run(["tar", "-xf", CLEAN, "-C", folder], check=True)
            shutil.copy("/etc/resolv.conf", folder / "etc")
            # As in the images of Debian.
            shutil.rmtree(folder / "var/lib/apt/lists")
            if base == "alpine:3.22":
                self.become_alpine()
            elif base != "debian:13-slim":
                sys.exit(f"unknown image {base}")

    def become_alpine(self):
        self.shell("apt-get -qq update && apt-get -qq install -y gcc golang-go musl-tools"
            " busybox-static > /dev/null")
        programs = self.folder / "usr/local/bin"
        (programs / "apk").write_text(APK)
        (programs / "apk").chmod(0o755)
        for name in ["cc", "gcc"]:
            (programs / name).symlink_to("/usr/bin/musl-gcc")
        for name in ["tar", "mkdir", "uname", "sh"]:
            (programs / name).symlink_to("/bin/busybox")
        shutil.copy(TARGET / "php-musl", programs / "php84")

    def run(self, command):
        """Runs a program in the folder, and returns its output."""
        for name in ["proc", "dev"]:
            (self.folder / name).mkdir(exist_ok=True)
        mount = 'mount --bind /proc "$1/proc"; mount --bind /dev "$1/dev"; shift; exec "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", mount, "sh", self.folder, "env", "-i", f"PATH={PATH}",
             "HOME=/root", "DEBIAN_FRONTEND=noninteractive",
             "chroot", f"--userspec={self.user}", self.folder, *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\n{command} failed with status {done.returncode}")
        return done.stdout

    def shell(self, line):
        return self.run(["sh", "-ec", f"cd {self.workdir}\n{line}"])

    def place(self, path):
        """Returns the path outside of a path inside."""
        return self.folder / str(pathlib.PurePosixPath(self.workdir) / path).lstrip("/")


def copy(sources, place, is_folder):
    """Copies as COPY does: of a folder, the contents."""
    if is_folder:
        place.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(source, place)


def build(file, context, work):
    """Runs the lines of a Dockerfile. Returns its images by name, and the seconds without FROM."""
    images = {}
    seconds = 0
    image = None
    lines = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", "")
    for line in filter(None, lines.splitlines()):
        word, rest = line.split(" ", 1)
        print(f"    {line}", flush=True)
        start = time.monotonic()
        if word == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()
            image = images[name] = Image(work / f"{file.stem}-{name}", base, images)
        elif word == "WORKDIR":
            image.workdir = rest
            image.place(".").mkdir()
        elif word == "COPY":
            origin, *paths = re.fullmatch(r"(?:--from=(\S+) )?(.*)", rest).groups()
            *patterns, last = paths[0].split()
            folder = images[origin].folder if origin else context
            sources = [path for pattern in patterns for path in sorted(folder.glob(pattern.lstrip("/")))]
            if len(sources) < len(patterns):
                sys.exit(f"not all of these exist: {patterns}")
            copy(sources, image.place(last), last.endswith("/"))
        elif word == "RUN":
            image.shell(rest)
        elif word == "USER":
            image.user = rest
        elif word == "CMD":
            image.command = json.loads(rest)
        else:
            sys.exit(f"unknown instruction {word}")
        if word != "FROM":
            seconds += time.monotonic() - start
    return images, seconds


def main():
    page = read("docs/install.md")
    files = sorted((REPOSITORY / "packaging/docker").glob("*.Dockerfile"))
    with tempfile.TemporaryDirectory() as name:
        context, work = pathlib.Path(name) / "context", pathlib.Path(name) / "work"
        context.mkdir()
        work.mkdir()
        for file in [*(TARGET / "dist").glob("*.deb"), *(TARGET / "dist").glob("*.tar.xz")]:
            (context / file.name).symlink_to(file)
        (context / "token.c").write_text(only(r"^```c\n((?:(?!```).*\n)*)", page))
        (context / "token.php").write_text(only(r"^```php\n((?:(?!```).*\n)*)", page))
        (context / "main.go").write_text(only(r"^```go\n(package main\n(?:(?!```).*\n)*)", read("docs/go.md")))
        for file in files:
            print(f"  {file.name}", flush=True)
            images, seconds = build(file, context, work)
            for target in ["c", "php", "go"]:
                if not TOKEN.search(images[target].run(images[target].command)):
                    sys.exit(f"{file}: {target} prints no token")
            print(f"  {file.name}: three tokens, {seconds:.0f} s", flush=True)


main()
