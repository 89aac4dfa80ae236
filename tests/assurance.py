"""Runs the commands of docs/assurance.md, which lists what captoken promises.

assurance.py [WORD...]   runs all commands, or only those that contain one of the words
assurance.py --check     only looks whether each claim has one command, and each named test exists

Fuzzers run for 30 seconds instead of the 600 that the page names. A command whose test runner ran
no test has failed. All commands run, and the failed ones are listed at the end.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/assurance.md"

# The cargo that make was told to use comes first.
CARGO = os.path.dirname(shutil.which(os.environ.get("CARGO", "cargo")) or "")
PATH = os.pathsep.join([CARGO, os.environ["PATH"]]) if CARGO else os.environ["PATH"]

# The lines about passed tests that the runners of Rust, PHP and Go print.
PASSED = re.compile(r"^test result: ok\. (\d+) passed|^OK \((\d+) test|^Tests: (\d+)|^(ok)\s+captoken(?!.*no tests to run)", re.MULTILINE)
RUNNERS = ("cargo test", "phpunit", "go test")

# Names in commands: how to find one there, in which files it is defined, and how.
NAMES = [
    (r"^make ([\w-]+)", "Makefile", r"^{}:"),
    (r"\bsh ([\w/.-]+)", "{}", ""),
    (r"--test (\w+)", "tests/README.md", r"^\| `{}(/|\.rs)`"),
    (r"captoken-cli (\w+)$", "cli/tests/**/*.rs", r"fn \w*{}"),
    (r"--(lib)\b", "src/{}.rs", ""),
    (r"(\w+)::(?= |$)", "tests/**/main.rs", r"^mod {};"),
    (r"--test \w+ (\w+)(?= |$)", "tests/**/*.rs", r"fn \w*{}"),
    (r"--filter (\w+)", "php/tests/*.php", r"(class|function) {}\b"),
    (r"-run (\w+)", "go/**/*_test.go", r"^func (?=Test)\w*{}"),
]


def main(arguments):
    commands = read_commands()
    if arguments == ["--check"]:
        for command in commands:
            check_names(command)
        return
    chosen = [c for c in commands if not arguments or any(word in c for word in arguments)]
    if not chosen:
        sys.exit(f"no command of {PAGE} contains {' or '.join(arguments)}")
    failed = [command for command in chosen if not passes(command)]
    if failed:
        sys.exit("failed:\n" + "\n".join(failed))


def read_commands():
    """Returns the commands of the page's tables, each once."""
    commands = []
    column = None
    for line in (ROOT / PAGE).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            column = None
        elif column is None:
            if cells[0] != "claim" or cells[-1] != "last run":
                sys.exit(f"{PAGE}: the columns are {cells}, not claim, ..., command, last run")
            column = cells.index("command")
        elif not line.startswith("| ---"):
            found = re.fullmatch("`([^`]+)`", cells[column])
            if not found or not cells[-1]:
                sys.exit(f"{PAGE}: one command and a last run are missing: {line}")
            commands.append(found[1])
    return list(dict.fromkeys(commands)) or sys.exit(f"{PAGE} has no commands")


def check_names(command):
    """Fails if a test, a script or a target of make that the command names does not exist."""
    checked = 0
    for word, files, text in NAMES:
        for name in re.findall(word, command):
            paths = ROOT.glob(files.format(name))
            pattern = text.format(name)
            if not any(not pattern or defines(path, pattern) for path in paths):
                sys.exit(f"{PAGE}: {name} does not exist: {command}")
            checked += 1
    if checked == 0:
        sys.exit(f"{PAGE}: assurance.py cannot check the names of {command}")


def defines(path, pattern):
    return re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)


def passes(command):
    print(f"== {command}", flush=True)
    start = time.monotonic()
    ended = subprocess.run(
        ["sh", "-c", command.replace("fuzz.sh 600", "fuzz.sh 30")],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        errors="replace", env=os.environ | {"PATH": PATH},
    )
    passed = ended.returncode == 0
    if passed and any(runner in command for runner in RUNNERS):
        passed = any(count not in ("", "0") for counts in PASSED.findall(ended.stdout) for count in counts)
    # The runner's last words often have the figure of the page.
    shown = ended.stdout.splitlines()[-3:] if passed else [ended.stdout, "FAILED"]
    print(*shown, f"{time.monotonic() - start:.0f} s", sep="\n", flush=True)
    return passed


if __name__ == "__main__":
    main(sys.argv[1:])
