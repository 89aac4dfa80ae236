"""names.py FOLDER

Evaluates expressions with twilio-python, installed in FOLDER. Reads a JSON list of
expressions from standard input and writes a list of {"value"} or {"raised": WHY} to
standard output. A value that JSON lacks is null. names.cjs does the same for Node.

The first expression creates an object. The others call its methods without naming it.
"..." stands for the credentials.
"""

import ast
import inspect
import json
import sys
import types
import urllib.parse

sys.path.insert(0, sys.argv[1])
# 3.8.0 imports cgi, which newer versions of Python lack.
sys.modules["cgi"] = types.ModuleType("cgi")
sys.modules["cgi"].parse_qs = urllib.parse.parse_qs


def described(grant):
    """The key and the payload of a grant in which each field has its name as value."""
    made = grant(**{name: name for name in inspect.signature(grant).parameters})
    return [made.key, made.to_payload()]


KNOWN = {
    "described": described,
    "account_sid": "AC123",
    "auth_token": "secret",
    "signing_key_sid": "SK123",
    "secret": "secret",
    "application_sid": "AP123",
    "push_credential_sid": "CR123",
    "endpoint_id": "endpoint",
    "client_name": "Alice",
    "identity": "Alice",
    "region": "ie1",
    "params": {"Foo": "Bar"},
    "filters": {"Foo": "Bar"},
    "time": 1400000000,
    "ttl": 600,
}

try:
    from twilio.jwt.access_token import AccessToken, grants
    from twilio.jwt.client import ClientCapabilityToken
except ImportError:
    from twilio import jwt
    from twilio.util import TwilioCapability

    KNOWN.update(TwilioCapability=TwilioCapability, jwt=jwt)
    KNOWN["token"] = jwt.encode({"exp": 9999999999}, "secret")
else:
    KNOWN.update(vars(grants), AccessToken=AccessToken)
    KNOWN.update(ClientCapabilityToken=ClientCapabilityToken, grant=grants.VideoGrant())
    KNOWN["token"] = ClientCapabilityToken("AC123", "secret").to_jwt()


class Names(dict):
    """The known names, then the attributes of the object."""

    made = None

    def __missing__(self, name):
        if hasattr(self.made, name):
            return getattr(self.made, name)
        raise KeyError(name)


def evaluate(expression, names):
    credentials = "account_sid, auth_token"
    if expression.startswith("AccessToken("):
        credentials = "account_sid, signing_key_sid, secret"
    expression = expression.replace("...", credentials)
    value = eval(expression, {}, names)
    if names.made is None:
        names.made = value
    # ClientCapabilityToken accepts any keyword and ignores unknown ones.
    if hasattr(value, "__dict__"):
        for keyword in ast.parse(expression, mode="eval").body.keywords:
            given = eval(ast.unparse(keyword.value), {}, names)
            assert getattr(value, keyword.arg) == given, keyword.arg
    return value


def answer(expression, names):
    try:
        return {"value": json.loads(json.dumps(evaluate(expression, names), default=lambda _: None))}
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}


names = Names(KNOWN)
json.dump([answer(expression, names) for expression in json.load(sys.stdin.buffer)], sys.stdout)
