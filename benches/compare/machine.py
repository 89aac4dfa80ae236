"""Describes the machine and the measured versions."""

import datetime
import json
import os
import pathlib
import platform
import re

import build
import cpu
import locked

FLAGS = ["sha_ni", "ssse3", "avx", "avx2", "bmi2", "avx512f", "avx512bw", "avx512vl"]
SDK = build.ROOT / "tests" / "sdk"


def describe(rounds, core):
    """Rows of a table."""
    has = [flag for flag in FLAGS if flag in cpu.flags()]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    node = json.loads((SDK / "package.json").read_text())["dependencies"]
    pinned = dict(re.findall(r"^(\w+)==(\S+)", (SDK / "requirements.txt").read_text(), re.M))
    return [
        ["date", datetime.date.today().isoformat()],
        ["rounds", f"{rounds}, everything on core {core} of {os.cpu_count()}"],
        ["CPU", f"{model()}, with {', '.join(has)}"],
        ["SHA instructions", sha()],
        ["system", f"Linux {platform.release()}, {system}"],
        ["compilers", f"{first('rustc', '--version')}; {first(build.CC, '--version')}"],
        ["captoken", f"{commit()}; {locked.names(build.ROOT, 'hmac', 'sha2', 'base64-simd')}"],
        ["C", f"libjwt {debian('libjwt0')}, OpenSSL {debian('libssl3')}"],
        ["Rust", locked.names(locked.PEERS, "jsonwebtoken", "ring", "aws-lc-rs")],
        [
            "Go",
            f"{first(build.GO, 'version').removeprefix('go version ')}; "
            f"golang-jwt {debian('golang-github-golang-jwt-jwt-dev')}",
        ],
        ["PHP", first("php", "--version")],
        ["Python", f"{first('python3', '--version')}; {named(pinned)}"],
        ["Node", f"{first('node', '--version')}; {named(node)}"],
    ]


def sha():
    if any(kind.masked for kind in cpu.kinds()):
        return "present, and masked for the second half"
    return "present" if cpu.kinds()[0].has_sha else "none, so there is only one half"


def first(*command):
    return build.run(*command).splitlines()[0]


def debian(package):
    return build.run("dpkg-query", "--show", "--showformat=${Version}", package)


def named(versions):
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def commit():
    """The commit of the sources, and whether they differ from it."""
    return f"commit {first('git', 'describe', '--always', '--dirty', '--exclude=*')}"


def model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
