"""Types the commands of docs/install.md, in a clean Debian system, as a user with sudo.

scripts/clean-root.sh runs it, with the files of `make dist deb` in /mnt, and in /mnt/previous the
Debian packages of an older version. It then upgrades that version under running servers, provokes
each error of docs/troubleshooting.md, and removes everything: nothing may stay.
"""

import pathlib
import re
import shutil
import sys
import threading
import time

from reader import TOKEN, answer_yes, check_removal, listing, mints, only, read, run

WORK = pathlib.Path.home() / "install"
ROOT = pathlib.Path("/")
MNT = pathlib.Path("/mnt")
PREVIOUS = MNT / "previous"
OURS = "/opt /usr/local"
CWD = WORK.with_name("cwd")

# A section that says this has commands that are not typed here.
MARK = "Not typed by a test"

# There is no systemd in a clean system. The init scripts of the packages do the same.
SYSTEMCTL = """#!/bin/sh
[ "$1" = restart ] || exit 2
for script in /etc/init.d/$2; do "$script" restart || exit; done
"""

# Lets dpkg's triggers restart servers.
POLICY = "#!/bin/sh\nexit 0\n"


def write_as_root(path, text):
    file = WORK / "file"
    file.write_text(text)
    run(f"sudo install -m 755 {file} {path}", WORK)
    file.unlink()


def prepare():
    """Sets up what every machine of a user has, but no Rust."""
    if shutil.which("cargo") or shutil.which("rustc"):
        sys.exit("there is Rust on this system")
    WORK.mkdir()
    for pattern in ["*.deb", "*.tar.xz", "SHA256SUMS"]:
        for file in MNT.glob(pattern):
            shutil.copy(file, WORK)
    answer_yes()
    write_as_root("/usr/local/bin/systemctl", SYSTEMCTL)
    write_as_root("/usr/sbin/policy-rc.d", POLICY)
    # What the page calls a package, and what this program needs.
    run("sudo apt-get -qq update && sudo apt-get -qq install cmake meson man-db curl libfcgi-bin", WORK)


def sections():
    """Returns heading and text of each section of the page."""
    parts = re.split(r"^## (.*)\n", read("docs/install.md"), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def blocks(section):
    """Returns language, code and the name of the file, which the sentence before the block says."""
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        before = section[: found.start()].rstrip().rsplit("\n\n", 1)[-1]
        name = re.search(r"save this as\s`([^`]+)`", before, re.IGNORECASE)
        yield found[1], found[2], name and name[1]


def type_section(section):
    """Types a section from its first block to its last. Returns the output of its commands."""
    folder = WORK
    output = ""
    for language, block, name in blocks(section):
        if language == "sh":
            output += run(f"{block}\npwd > {CWD}", folder)
            folder = pathlib.Path(CWD.read_text().strip())
        elif name is None:
            sys.exit(f"no file name before: {block}")
        else:
            (folder / name).write_text(block)
    return output


def type_page():
    """Types all sections. Those whose commands mint must take less than a minute together."""
    seconds = 0
    for heading, section in sections():
        if MARK in section or "```sh" not in section:
            print(f"  {heading}: not typed")
            continue
        start = time.monotonic()
        tokens = len(TOKEN.findall(type_section(section)))
        took = time.monotonic() - start
        print(f"  {heading}: {tokens} tokens, {took:.1f} s", flush=True)
        if tokens:
            seconds += took
        if tokens < {"C": 3, "PHP": 1, "Go": 1, "Debian packages": 1}.get(heading, 0):
            sys.exit(f"{heading}: too few tokens")
    print(f"  in all {seconds:.1f} s, with the packages that apt-get downloads", flush=True)


class Servers:
    """php-fpm and Apache, which serve token.php."""

    def __init__(self):
        self.php = run("php -r 'echo PHP_MAJOR_VERSION, \".\", PHP_MINOR_VERSION;'", WORK)
        script = "/var/www/html/token.php"
        run(f"sudo cp {WORK}/token.php {script} && sudo chmod 644 {script}", WORK)
        self.commands = {
            "php-fpm": f"sudo -u www-data env SCRIPT_FILENAME={script} REQUEST_METHOD=GET"
            f" cgi-fcgi -bind -connect /run/php/php{self.php}-fpm.sock",
            "Apache": "curl -sS http://127.0.0.1/token.php",
        }

    def check(self):
        for command in self.commands.values():
            mints(command, WORK)

    def libraries(self):
        """Returns the libraries that the servers have loaded."""
        maps = run("sudo sh -c 'for pid in $(pgrep \"php-fpm|apache2\"); do cat /proc/$pid/maps; done'", ROOT)
        return set(re.findall(r"\S*libcaptoken\S*", maps))

    def remove(self):
        run("sudo rm /var/www/html/token.php", WORK)


def upgrade(servers):
    """Installs the previous version under the servers, and then this one."""
    architecture = run("dpkg --print-architecture", WORK).strip()
    run(f"sudo apt-get install --allow-downgrades {PREVIOUS}/*_{architecture}.deb", WORK)
    servers.check()
    before = servers.libraries()
    if len(before) != 1:
        sys.exit(f"not one library: {before}")
    failures = []
    done = threading.Event()

    def ask():
        while not done.is_set():
            for name, command in servers.commands.items():
                output = run(f"{command} 2>&1 || echo refused", WORK)
                # While dpkg restarts a server, it refuses connections.
                if not TOKEN.search(output) and "refused" not in output and "No such file" not in output:
                    failures.append(f"{name}: {output}")

    thread = threading.Thread(target=ask)
    thread.start()
    run(f"sudo apt-get install ./*_{architecture}.deb", WORK)
    done.set()
    thread.join()
    if failures:
        sys.exit("\n".join(failures))
    servers.check()
    after = servers.libraries()
    if len(after) != 1 or after == before:
        sys.exit(f"loaded before {before}, after {after}")


def check_man_page():
    for page in ["captoken", "captoken-mint", "captoken-doctor"]:
        if "NAME" not in run(f"man {page}", WORK):
            sys.exit(f"man {page} shows no page")


def main():
    prepare()
    before = listing(OURS)
    type_page()
    check_man_page()
    servers = Servers()
    servers.check()
    if "All is well." not in run("captoken-doctor", WORK):
        sys.exit("captoken-doctor finds an error")
    upgrade(servers)
    run(only(r"^`(sudo apt-get purge [^`]+)`", read("docs/install.md")), WORK)
    if servers.libraries():
        sys.exit("a server still has the library")
    servers.remove()
    check_removal(before, listing(OURS))


main()
