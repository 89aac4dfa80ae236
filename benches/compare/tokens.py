"""What all contestants are given, and what their tokens must say. Nothing here uses any of
the contestants."""

import base64
import functools
import hashlib
import hmac
import json
import time
import urllib.parse

TTL = 3600
# A token is looked at right after it was made.
TOLERANCE = 5

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
APPLICATION = "AP0123456789abcdef0123456789abcdef"
API_KEY = "SK0123456789abcdef0123456789abcdef"
SECRET = "fedcba9876543210fedcba9876543210"
CLIENT = "alice"
PARAM = ("foo", "bar")


class Wrong(Exception):
    """A token does not say what it must."""


@functools.cache
def environment():
    """What the contestants read. The token to verify, and with it the bytes that the floor
    signs, have the length of all that the contestants mint."""
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
    """The token as twilio-ruby spells it."""
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
    """The claims of a token that is signed as it must be and lives for an hour."""
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
    """What a scope allows, each with its parameters, in whichever order."""
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
    """Ours, too, are of the length that the floor signs."""
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
    """The parameters that c/captoken.c counts out."""
    return [(f"key{number:04}", f"value{number:04}") for number in range(count)]


def check_many(count):
    return lambda shown: check_claims(read(shown), many(count))


def check_access_many(count):
    return lambda shown: check_access_params(shown, dict(many(count)))


def check_payload(shown):
    """What was found in the token that all verify."""
    check_claims(json.loads(shown), [PARAM])


def check_mac(shown):
    """For what signs the text that all are given, and nothing else."""
    equal("the signature", shown, mac(environment()["BENCH_SIGNING_INPUT"]).hex())
