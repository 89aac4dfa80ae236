"""Types the commands of the documents, in a clean Debian system, as a user with sudo.

`documents.py install` installs captoken, then types every `sh` block of every document as it
stands and runs the quick starts. `documents.py remove` removes captoken as the documents say,
and fails if anything stays. scripts/clean-root.sh runs both; on any other system they would
change the installation.
"""

import pathlib
import re
import shutil
import sys

from reader import REPOSITORY, answer_yes, check_removal, listing, mints, only, read, run

WORK = pathlib.Path.home() / "documents"
BEFORE = WORK / "before"
OURS = "/opt /some /usr/local"

# Not typed here, and why.
ELSEWHERE = {
    ("README.md", "make demo\nmake test\n"): "clean-root.sh runs them",
    ("BENCHMARKS.md", "make bench\n"): "takes 40 minutes",
    ("BENCHMARKS.md", None): "needs what make bench installs",
    ("docs/install.md", None): "install.py types them, in a system without Rust",
    ("fuzz/README.md", None): "needs rustup",
}


def commands_of_table(name, heading):
    """Returns the first command of each row of the table after a heading."""
    section = only(rf"^## {heading}\n((?:(?!^## ).*\n)*)", read(name))
    found = re.findall(r"^\|[^`|]*\| `([^`]+)`", section, re.MULTILINE)
    return found or sys.exit(f"{name}: no commands in {heading}")


def as_on_this_system(name, commands, php):
    """Writes what the document tells its reader to write, and nothing else."""
    changes = {
        "/path/to/captoken": f"'{REPOSITORY}'",
        # The document says that this is for PHP 8.2. There is no systemd in a clean system.
        "8.2": php,
        "systemctl restart php8.2-fpm": f"service php{php}-fpm restart",
        "systemctl restart apache2": "service apache2 restart",
    }
    for before in sorted(changes, key=len, reverse=True):
        if name.startswith("docs/"):
            commands = commands.replace(before, changes[before])
    return commands


def follow(name, php):
    """Follows a document from its first block to its last."""
    if (name, None) in ELSEWHERE:
        return
    folder = WORK / name.replace("/", "-").removesuffix(".md")
    folder.mkdir()
    if name == "docs/c.md":
        shutil.copy(REPOSITORY / "examples-c/token_server.c", folder)
        shutil.copytree(REPOSITORY / "examples-c/server", folder / "server")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)
    if len(blocks) * 2 != read(name).count("```"):
        sys.exit(f"{name}: a block without a language, or a fence that is indented")
    for language, block in blocks:
        if language == "sh":
            if (name, block) not in ELSEWHERE:
                place = REPOSITORY if block.startswith("make ") else folder
                commands = as_on_this_system(name, block, php)
                (mints if "./token" in commands else run)(commands, place)
        elif block.startswith("#include <captoken.h>"):
            (folder / "token.c").write_text(block)
        elif block.startswith("package main\n"):
            (folder / "main.go").write_text(block)
            mints(only(r"run it with\s`(go run [^`]+)`", read(name)), folder)
        elif block.startswith("<?php\n"):
            (folder / "token.php").write_text(block)
            mints("php token.php", folder)
    if name == "docs/go.md":
        for command in commands_of_table(name, "Building"):
            run(command, folder)
    elif name == "docs/php.md":
        run("sudo cp token.php /var/www/html/", folder)
        mints("curl -sS http://127.0.0.1/token.php", folder)
        run("sudo rm /var/www/html/token.php", folder)


def install():
    run("make demo", REPOSITORY)
    WORK.mkdir()
    answer_yes()
    run("sudo apt-get install apache2 libapache2-mod-php composer curl golang-go", WORK)
    run(only(r"^`(sudo apt-get install [^`]+)`", read("docs/php.md")), WORK)
    run(only(r"^(sudo apt-get install .*)", read("docs/c.md")), WORK)
    php = run("php -r 'echo PHP_MAJOR_VERSION, \".\", PHP_MINOR_VERSION;'", WORK)
    # The repository of all packages may be out of reach, and is not needed.
    config = pathlib.Path.home() / ".config/composer/config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"repositories": {"packagist.org": false}}')
    run("sudo mkdir /some", WORK)
    BEFORE.write_text("\n".join(listing(OURS)))

    for command in commands_of_table("README.md", "Install"):
        run(command, REPOSITORY)
    run("sudo " + only(r"^`(make install PREFIX=[^`]+)`", read("docs/c.md")), REPOSITORY)
    for name in run("git ls-files '*.md'", REPOSITORY).splitlines():
        follow(name, php)


def remove():
    run(only(r"^`(sudo make uninstall-all)`", read("README.md")), REPOSITORY)
    prefix = only(r"^`make install (PREFIX=[^`]+)`", read("docs/c.md"))
    run(f"sudo {only(r'; `(make uninstall)` with the same', read('docs/c.md'))} {prefix}", REPOSITORY)
    check_removal(BEFORE.read_text().splitlines(), listing(OURS))


{"install": install, "remove": remove}[sys.argv[1]]()
