"""Types the commands of documents as a reader would, for the other programs in this folder."""

import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}$", re.MULTILINE)


def run(commands, folder, may_fail=False):
    """Runs commands in a folder, and returns their output."""
    print("\n".join(f"    {folder.name}$ {line}" for line in commands.splitlines()), flush=True)
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=folder, stdin=subprocess.DEVNULL, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    if may_fail and done.returncode == 0:
        sys.exit(f"{done.stdout}\nno failure")
    if not may_fail and done.returncode != 0:
        sys.exit(f"{done.stdout}\nfailed with status {done.returncode}")
    return done.stdout


def mints(commands, folder):
    """Runs commands whose output must contain a token."""
    output = run(commands, folder)
    if not TOKEN.search(output):
        sys.exit(f"no token in: {output}")


def read(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def only(pattern, text):
    """Returns what the pattern's group matches, if it matches once."""
    found = re.findall(pattern, text, re.MULTILINE)
    if len(found) != 1:
        sys.exit(f"{pattern} matches {len(found)} times")
    return found[0]


def answer_yes():
    """Lets apt-get ask nothing: a reader would type an answer."""
    run("echo 'APT::Get::Assume-Yes \"true\";' | sudo tee /etc/apt/apt.conf.d/99-yes",
        pathlib.Path("/"))


def listing(ours):
    """Returns a line for everything on the system that could be captoken's.

    Only captoken installs into the folders `ours`. Packages may have been installed meanwhile.
    """
    root = pathlib.Path("/")
    files = run(f"sudo find {ours} -xdev", root).splitlines()
    files += run("sudo find /etc /usr /var -xdev -name '*captoken*'", root).splitlines()
    loader = run("/sbin/ldconfig -p | grep captoken || true", root).splitlines()
    return sorted(files) + loader


def check_removal(before, after):
    if set(before) != set(after):
        sys.exit(f"left: {set(after) - set(before)}\nlost: {set(before) - set(after)}")
