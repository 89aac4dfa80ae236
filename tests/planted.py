"""Shows that checks find bugs: plants each bug of planted.toml in a copy of the tree.

planted.py [NAME...]    runs the check of each bug, or of the named ones
planted.py --check      only looks whether each bug can still be planted

A bug replaces a text, which its file contains exactly once. The check must then fail, and print
a finding that the regular expression matches. `make test-deep` shows that the checks pass
without the bugs.
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
PLANTED = TARGET / "planted"
TREE = PLANTED / "tree"

# scripts/setup.sh has downloaded these; the checks in the copy use them too.
TOOLS = ["cargo-c", "cargo-deny", "cargo-fuzz", "go-current", "nginx", "node", "sdk"]

# After this time, a check has found nothing.
SECONDS = 20 * 60


def main(arguments):
    bugs = tomllib.loads((ROOT / "tests/planted.toml").read_text())["bug"]
    by_name = {bug["name"]: bug for bug in bugs}
    if len(by_name) < len(bugs):
        sys.exit("planted.toml: a name repeats")
    for bug in bugs:
        if bug["old"] == bug["new"]:
            sys.exit(f"planted.toml: {bug['name']} changes nothing")
        count = (ROOT / bug["file"]).read_text().count(bug["old"])
        if count != 1:
            sys.exit(f"planted.toml: {bug['file']} contains the text of {bug['name']} {count} times")
    if arguments == ["--check"]:
        return
    unknown = [name for name in arguments if name not in by_name]
    if unknown:
        sys.exit(f"planted.toml has no bug {', '.join(unknown)}; it has {', '.join(by_name)}")
    PLANTED.mkdir(parents=True, exist_ok=True)
    # Another run in the same target folder waits.
    with open(PLANTED / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy_tree()
        missed = [name for name in arguments or by_name if not is_found(by_name[name])]
    if missed:
        sys.exit(f"not found: {', '.join(missed)}")


def copy_tree():
    """Copies the tree. Keeps equal files, so that cargo builds only the others."""
    list_files = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(list_files, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    files = {pathlib.Path(os.fsdecode(name)) for name in listed.stdout.split(b"\0") if name}
    files = {file for file in files if (ROOT / file).exists()}
    for old in TREE.rglob("*"):
        if not old.is_dir() and old.relative_to(TREE) not in files:
            old.unlink()
    for folder, folders, names in os.walk(TREE, topdown=False):
        if not folders and not names:
            os.rmdir(folder)
    for file in files:
        new = TREE / file
        if not new.exists() or new.read_bytes() != (ROOT / file).read_bytes():
            new.parent.mkdir(parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            shutil.copyfile(ROOT / file, new, follow_symlinks=False)
            if not new.is_symlink():
                shutil.copymode(ROOT / file, new)
    (PLANTED / "target").mkdir(exist_ok=True)
    for tool in TOOLS:
        link = PLANTED / "target" / tool
        if (TARGET / tool).exists() and not link.exists():
            link.symlink_to(TARGET / tool)
    # Some checks list files with git.
    subprocess.run("git init -q . && git add -A", shell=True, cwd=TREE, check=True)


def is_found(bug):
    file = TREE / bug["file"]
    original = file.read_text()
    start = time.monotonic()
    try:
        file.write_text(original.replace(bug["old"], bug["new"]))
        status, output = run(bug["command"])
    finally:
        file.write_text(original)
    found = status != 0 and re.search(bug["finding"], output)
    print(f"{bug['name']}: {'found' if found else 'NOT FOUND'} ({time.monotonic() - start:.0f} s)")
    if not found:
        print(f"{output[-10000:]}\n{bug['command']}: exit status {status}")
    sys.stdout.flush()
    return found


def run(command):
    environment = os.environ | {"CARGO_TARGET_DIR": str(PLANTED / "target")}
    ended = subprocess.run(
        ["timeout", str(SECONDS), "sh", "-c", command],
        cwd=TREE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
    )
    return ended.returncode, ended.stdout


if __name__ == "__main__":
    main(sys.argv[1:])
