"""The input of all contestants, and checks of their tokens that use none of the contestants."""

import base64
import functools
import hashlib
import hmac
import json
import time
import urllib.parse

TTL = 3600
# Seconds between minting a token and checking it.
TOLERANCE = 5

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
APPLICATION = "AP0123456789abcdef0123456789abcdef"
API_KEY = "SK0123456789abcdef0123456789abcdef"
SECRET = "fedcba9876543210fedcba9876543210"
CLIENT = "alice"
PARAM = ("foo", "bar")


class Wrong(Exception):
    """A token differs from the expected one."""


@functools.cache
def environment():
    """The environment variables that contestants read. The token to verify and the signing
    input of the floor are as long as those that contestants mint."""
    token = reference(int(time.time()))
    return {
        "BENCH_ACCOUNT": ACCOUNT,
        "BENCH_APPLICATION": APPLICATION,
        "BENCH_API_KEY": API_KEY,
        "BENCH_SECRET": SECRET,
        "BENCH_CLIENT": CLIENT,
        "BENCH_KEY": PARAM[0],
        "BENCH_VALUE": PARAM[1],
        "BENCH_TOKEN": token,
        "BENCH_SIGNING_INPUT": signing_input(token),
    }


def reference(now):
    """The token that twilio-ruby would mint."""
    query = urllib.parse.urlencode
    incoming = query({"clientName": CLIENT})
    outgoing = query(
        {"appSid": APPLICATION, "appParams": query([PARAM]), "clientName": CLIENT}
    )
    scope = f"scope:client:incoming?{incoming} scope:client:outgoing?{outgoing}"
    payload = {"scope": scope, "iss": ACCOUNT, "exp": now + TTL}
    parts = [{"typ": "JWT", "alg": "HS256"}, payload]
    text = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{encode(mac(text))}"


def signing_input(token):
    return token.rpartition(".")[0]


def mac(text):
    return hmac.digest(SECRET.encode(), text.encode(), hashlib.sha256)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def equal(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, not {wanted!r}")


def read(token):
    """The claims of a token. Checks its signature, and that it lives for an hour."""
    now = time.time()
    equal("the number of parts", token.count(".") + 1, 3)
    header, payload, signature = token.split(".")
    equal("the signature", decode(signature), mac(f"{header}.{payload}"))
    header, payload = json.loads(decode(header)), json.loads(decode(payload))
    equal("the algorithm", header.get("alg"), "HS256")
    equal("the type", header.get("typ"), "JWT")
    if abs(payload["exp"] - now - TTL) > TOLERANCE:
        raise Wrong(f"exp is {payload['exp']}, while an hour from now is {now + TTL:.0f}")
    return payload


def permissions(scope):
    """The permissions of a scope with their parameters, without their order."""
    allowed = {}
    for permission in scope.split(" "):
        name, _, query = permission.partition("?")
        fields = dict(urllib.parse.parse_qsl(query, strict_parsing=True))
        if "appParams" in fields:
            fields["appParams"] = urllib.parse.parse_qsl(fields["appParams"], strict_parsing=True)
        allowed[name] = fields
    return allowed


def check_claims(payload, params):
    equal("the account", payload["iss"], ACCOUNT)
    equal(
        "what is allowed",
        permissions(payload["scope"]),
        {
            "scope:client:incoming": {"clientName": CLIENT},
            "scope:client:outgoing": {
                "appSid": APPLICATION,
                "appParams": params,
                "clientName": CLIENT,
            },
        },
    )


def check_capability(shown):
    check_claims(read(shown), [PARAM])


def check_ours(shown):
    """The floor signs as many bytes only if the length is the same."""
    check_capability(shown)
    equal("its length", len(shown), len(reference(int(time.time()))))


def check_access(shown):
    check_access_params(shown, dict([PARAM]))


def check_access_params(shown, params):
    payload = read(shown)
    equal("the API key", payload["iss"], API_KEY)
    equal("the account", payload["sub"], ACCOUNT)
    equal(
        "what is granted",
        payload["grants"],
        {
            "identity": CLIENT,
            "voice": {
                "incoming": {"allow": True},
                "outgoing": {"application_sid": APPLICATION, "params": params},
            },
        },
    )


def many(count):
    """The same parameters as those of c/captoken.c."""
    return [(f"key{number:04}", f"value{number:04}") for number in range(count)]


def check_many(count):
    return lambda shown: check_claims(read(shown), many(count))


def check_access_many(count):
    return lambda shown: check_access_params(shown, dict(many(count)))


def check_payload(shown):
    """Checks the payload of the token that all verify."""
    check_claims(json.loads(shown), [PARAM])


def check_mac(shown):
    """Checks the MAC of the signing input."""
    equal("the signature", shown, mac(environment()["BENCH_SIGNING_INPUT"]).hex())
