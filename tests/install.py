"""Types the commands of docs/install.md, in a clean Debian system, as a user with sudo.

scripts/clean-root.sh runs it, with the files of `make dist deb` in /mnt, and in /mnt/previous the
Debian packages of an older version. It then upgrades that version under running servers, provokes
each error of docs/troubleshooting.md, and removes everything: nothing may stay.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

from reader import REPOSITORY, TOKEN, answer_yes, check_removal, listing, mints, only, read, run

ARCHITECTURE = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
WORK = pathlib.Path.home() / "install"
ROOT = pathlib.Path("/")
MNT = pathlib.Path("/mnt")
PREVIOUS = MNT / "previous"
OURS = "/opt"
CWD = WORK.with_name("cwd")

# A section that says this has commands that are not typed here.
MARK = "Not typed by a test"

# There is no systemd in a clean system. The init scripts of the packages do the same.
SYSTEMCTL = """#!/bin/sh
[ "$1" = restart ] || exit 2
for script in /etc/init.d/$2; do "$script" restart || exit; done
"""

# An error of Debian 11 only: packages.rs provokes it there.
OLD_DEBIAN = None

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
    # Packages that the page only names, and those of this program.
    packages = "cmake curl libfcgi-bin make man-db meson"
    run(f"sudo apt-get -qq update && sudo apt-get -qq install --no-install-recommends {packages}", WORK)


def sections():
    """Returns heading and text of each section of the page."""
    parts = re.split(r"^## (.*)\n", read("docs/install.md"), flags=re.MULTILINE)
    return [("Start", parts[0]), *zip(parts[1::2], parts[2::2])]


# A block of code, or the sentence that names a program of another page.
BLOCK = re.compile(
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$|Save the program of \[go\.md\]\S+ as `(?P<file>[^`]+)`",
    re.MULTILINE | re.DOTALL,
)


def file_name(before):
    """Returns the file that the sentence before a block of code names."""
    paragraph = before.rstrip().rsplit("\n\n", 1)[-1]
    return only(r"[Ss]ave this as\s`([^`]+)`", paragraph)


def type_section(section):
    """Types a section from its first block to its last. Returns the output of its commands."""
    folder = WORK
    output = ""
    for found in BLOCK.finditer(section):
        if found["language"] == "sh":
            output += run(f"{found['code']}pwd > {CWD}", folder)
            folder = pathlib.Path(CWD.read_text().strip())
        elif found["file"]:
            program = only(r"^```go\n(package main\n(?:(?!```).*\n)*)", read("docs/go.md"))
            (folder / found["file"]).write_text(program)
        else:
            (folder / file_name(section[: found.start()])).write_text(found["code"])
    return output


def type_page():
    """Types all sections, and prints the time of those that mint."""
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
    print(f"  in all {seconds:.1f} s, with what apt-get downloads", flush=True)



# Unpacks the archive for musl.
MUSL = """
        mkdir musl
        tar -xf ../captoken-*-x86_64-unknown-linux-musl.tar.xz -C musl --strip-components=1"""


def php(options):
    """Returns a command that uses the class in the archive."""
    program = 'require "../captoken/php/autoload.php"; Captoken\\Library::version();'
    return f"php {options} -r '{program}'"


# For each error of docs/troubleshooting.md, commands that fail with it. They run after the removal, in
# a folder beside the programs of the page and the unpacked archive.
ERRORS = {
    "E: Unable to locate package ...": "cd .. && sudo apt-get install captoken_*_amd64.deb",
    "E: Unsupported file ./... given on commandline": "sudo apt-get install ./captoken_*_amd64.deb",
    "libcaptoken-dev : Depends: libcaptoken0 (= ...)": "sudo apt-get install ../libcaptoken-dev_*_amd64.deb",
    "captoken : Conflicts: captoken:...":
        "sudo dpkg --add-architecture arm64 && sudo apt-get install ../captoken_*.deb",
    "php-captoken : Depends: php-common (>= 2:93)": OLD_DEBIAN,
    "xz: Cannot exec: No such file or directory": """
        mkdir bin && ln -s "$(command -v tar)" bin/tar
        PATH=bin tar -xf ../captoken-*-x86_64-unknown-linux-gnu.tar.xz""",
    "captoken.h: No such file or directory": "cc ../token.c",
    "Package captoken was not found in the pkg-config search path": "pkg-config --libs captoken",
    "cannot find -lcaptoken": "cc -I ../captoken/include ../token.c -lcaptoken",
    "undefined reference to ...cap_new'":
        "cc -I ../captoken/include -L ../captoken/lib -Wl,--as-needed -lcaptoken ../token.c",
    "libcaptoken.so.0: cannot open shared object file: No such file or directory":
        "cc -I ../captoken/include ../token.c -L ../captoken/lib -lcaptoken && ./a.out",
    "version ...GLIBC_...' not found": """
        echo 'GLIBC_9.9 { newer; };' > map
        echo 'void newer(void) {}' > newer.c
        echo 'void newer(void); void _start(void) { newer(); }' > main.c
        cc newer.c -shared -Wl,--version-script=map -Wl,-soname,libc.so.6 -o newer.so
        cc -nostdlib main.c newer.so
        ./a.out""",
    "Error loading shared library ld-linux-...: No such file or directory": """
        musl-gcc -I ../captoken/include ../token.c -L ../captoken/lib -lcaptoken -Wl,--unresolved-symbols=ignore-all
        LD_LIBRARY_PATH=../captoken/lib ./a.out""",
    "libc.so: invalid ELF header": MUSL + """
        cc -I musl/include ../token.c -L musl/lib -lcaptoken 2> /dev/null
        LD_LIBRARY_PATH=musl/lib ./a.out""",
    "undefined reference to ..._dl_find_object'":
        "musl-gcc -static -I ../captoken/include ../token.c ../captoken/lib/libcaptoken.a",
    'Could not find a package configuration file provided by "captoken"': "cmake -S .. -B build",
    'Dependency "captoken" not found': "meson setup build ..",
    "warning: Using 'dlopen' in statically linked applications":
        "cc -static -I ../captoken/include ../token.c ../captoken/lib/libcaptoken.a -lpthread -ldl -lm && false",
    "Failed opening required ...captoken/autoload.php'": "php ../token.php",
    'Class "Captoken\\Capability" not found': "php -r 'new Captoken\\Capability();'",
    "the C library of captoken cannot be loaded": f"CAPTOKEN_LIB=/nowhere {php('')}",
    'FFI API is restricted by "ffi.enable" configuration directive': php("-d ffi.enable=0"),
    "the FFI extension is not loaded, or php.ini disables it": php("-n"),
    'Fatal Error ..."opcache.preload_user" ...':
        "sudo /usr/sbin/php-fpm8.* --nodaemonize -d opcache.enable=1 -d opcache.preload=$PWD/../token.php",
    "package captoken is not in ...": "cp ../hello/main.go . && go mod init example.com/hello && go run .",
    'malformed module path "captoken": missing dot in first path element':
        "go mod init example.com/hello && GOPROXY=off go get captoken",
    "captoken needs cgo: install gcc and set CGO_ENABLED=1": "cd ../hello && CGO_ENABLED=0 go run .",
    'C compiler "gcc" not found': """
        mkdir bin && ln -s "$(command -v go)" bin/go
        cd ../hello && CGO_ENABLED=1 PATH=../error/bin go build -a .""",
    "replacement directory ... does not exist": "cp -r ../hello . && cd hello && go build .",
    "libcaptoken_linux_....a is missing in the folder of the Go package":
        "cp -r ../captoken/go . && rm go/*.a && cd go && go build .",
    "Rust is not installed: cargo was not found, or does not run.": f"make -C {REPOSITORY}",
    "is too old: captoken needs Rust 1.85 or newer": f"""
        mkdir bin
        printf '#!/bin/sh\necho cargo 1.63.0\n' > bin/cargo && chmod +x bin/cargo
        printf '#!/bin/sh\necho rustc 1.63.0\n' > bin/rustc && chmod +x bin/rustc
        PATH="$PWD/bin:$PATH" make -C {REPOSITORY}""",
    "Rust's library for other targets needs rustup": f"make -C {REPOSITORY} dist",
    "You may not write to ...": f"make -C {REPOSITORY} install-lib",
}


def provoke():
    """Provokes each error of the page, and no others."""
    run("sudo apt-get -qq install musl-tools make", WORK)
    documented = re.findall(r"^\| `(.*?)` \|", read("docs/troubleshooting.md"), re.MULTILINE)
    if documented != list(ERRORS):
        sys.exit(f"other errors than those of the page: {set(documented) ^ set(ERRORS)}")
    folder = WORK / "error"
    for message, commands in ERRORS.items():
        if commands is OLD_DEBIAN:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        output = run(commands, folder, may_fail=True)
        pattern = ".*".join(map(re.escape, message.split("...")))
        if not re.search(pattern, output):
            sys.exit(f"{output}\nnot the error: {message}")


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
    run(f"sudo apt-get install --allow-downgrades {PREVIOUS}/*_{ARCHITECTURE}.deb", WORK)
    servers.check()
    before = servers.libraries()
    if len(before) != 1:
        sys.exit(f"not one library: {before}")
    failures = []
    tokens = dict.fromkeys(servers.commands, 0)
    outages = dict.fromkeys(servers.commands, 0)
    done = threading.Event()

    def ask(name, command):
        served = time.monotonic()
        while not done.is_set():
            asked = subprocess.run(
                command, shell=True, text=True, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            # While dpkg restarts a server, it refuses connections: the client fails.
            if asked.returncode == 0:
                served = time.monotonic()
                if TOKEN.search(asked.stdout):
                    tokens[name] += 1
                else:
                    failures.append(f"{name}: {asked.stdout}")
            outages[name] = max(outages[name], time.monotonic() - served)

    threads = [threading.Thread(target=ask, args=item) for item in servers.commands.items()]
    for thread in threads:
        thread.start()
    run(f"sudo apt-get install ./*_{ARCHITECTURE}.deb", WORK)
    done.set()
    for thread in threads:
        thread.join()
    outages = {name: f"{seconds:.1f} s" for name, seconds in outages.items() if seconds < 10}
    print(f"  upgrade: tokens {tokens}, longest outages {outages}")
    if failures or len(outages) < 2 or min(tokens.values()) == 0:
        sys.exit("\n".join(["the servers did not stay alive", *failures]))
    servers.check()
    after = servers.libraries()
    if len(after) != 1 or after == before:
        sys.exit(f"loaded before {before}, after {after}")


def settings():
    """Returns all paths of PHP's settings."""
    return run("sudo find /etc/php /var/lib/php/modules", ROOT).splitlines()


def live(servers):
    """Removes and installs the package in the ways that users do. Nothing may stay."""
    fpm = f"php{servers.php}-fpm"
    # PHP notes that its server was removed.
    run(f"sudo apt-get purge php-captoken && sudo apt-get remove {fpm} && sudo apt-get install {fpm}", WORK)
    clean = settings()
    hint = "php-captoken: for php-fpm, run"
    turn_on = "sudo phpenmod -s fpm captoken && sudo phpenmod -s apache2 captoken"
    restart = "sudo systemctl restart 'php*-fpm' && sudo systemctl restart apache2"
    install = f"sudo apt-get install ./php-captoken_*_{ARCHITECTURE}.deb"

    # A removal keeps /etc/captoken/captoken.ini only.
    for command in [install, turn_on, restart]:
        run(command, WORK)
    servers.check()
    run("sudo apt-get remove php-captoken", WORK)
    check_removal(clean, settings())
    if servers.libraries():
        sys.exit("a server still has the library")
    if hint not in run(install, WORK):
        sys.exit("no hint after a second installation")

    # Stopped servers stay stopped.
    run(turn_on, WORK)
    run(f"sudo service apache2 stop && sudo service {fpm} stop", WORK)
    run(f"sudo apt-get install --allow-downgrades {PREVIOUS}/php-captoken_*.deb", WORK)
    if run("pgrep 'apache2|php-fpm' || true", WORK):
        sys.exit("an upgrade has started a server")
    run(f"{restart} && {install}", WORK)
    servers.check()

    # Another version of PHP, with a server that the package has not seen.
    run("sudo mkdir -p /usr/lib/php/9.9/sapi /etc/php/9.9/mods-available /etc/php/9.9/fpm/conf.d"
        " && sudo touch /usr/lib/php/9.9/sapi/fpm", ROOT)
    run("sudo dpkg-trigger --by-package=php-captoken /usr/lib/php && sudo dpkg --configure --pending", ROOT)
    if "/etc/php/9.9/fpm/conf.d/99-captoken.ini" not in settings():
        sys.exit("the settings are off for another version of PHP")
    run("sudo rm -r /usr/lib/php/9.9", ROOT)

    # The script of the administrator preloads the package too, as the page says.
    run("sudo phpdismod -s fpm captoken", ROOT)
    page = read("docs/install.md")
    script = "/usr/local/share/own.php"
    write_as_root(script, "<?php\n" + only(r"`(require_once '[^`]*preload\.php';)`", page))
    own = f"/etc/php/{servers.php}/fpm/conf.d/50-own.ini"
    preload = only(r"`(ffi\.preload=[^`]+)`", page)
    write_as_root(own, f"{preload}\nopcache.preload={script}\nopcache.preload_user=www-data\n")
    run(f"{restart} && sudo apt-get install --allow-downgrades {PREVIOUS}/php-captoken_*.deb", WORK)
    servers.check()
    run(install, WORK)
    servers.check()
    if len(servers.libraries()) != 1:
        sys.exit("an upgrade has not restarted a server with other settings")
    warning = f"php-captoken: php-fpm{servers.php} still uses it."
    if warning not in run("sudo apt-get remove php-captoken", WORK):
        sys.exit("no warning of a server that still uses the package")
    run(f"sudo rm {own} {script} && {restart} && {install} && {turn_on}", WORK)

    # The server goes first.
    run(f"sudo apt-get remove {fpm} && sudo apt-get purge php-captoken && sudo apt-get install {fpm}", WORK)
    check_removal(clean, settings())
    run(f"{install} && {turn_on}", WORK)


def check_man_page():
    for page in ["captoken", "captoken-mint", "captoken-doctor"]:
        if "NAME" not in run(f"man {page}", WORK):
            sys.exit(f"man {page} shows no page")


def main():
    prepare()
    before = listing(OURS)
    type_page()
    check_man_page()
    run(only(r"`(go build -tags captoken_pkgconfig)`", read("docs/install.md")), WORK / "hello")
    servers = Servers()
    servers.check()
    if "All is well." not in run("sudo captoken-doctor", WORK):
        sys.exit("captoken-doctor finds an error")
    upgrade(servers)
    live(servers)
    servers.remove()
    # As the page says, first with a package that a user may have alone.
    purge = only(r"^`(sudo apt-get purge [^`]+)`", read("docs/install.md"))
    run(f"sudo apt-get purge captoken libcaptoken-dev && {purge}", WORK)
    check_removal(before, listing(OURS))
    provoke()


main()
