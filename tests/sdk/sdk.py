"""sdk.py FOLDER

Reads and mints tokens with twilio-python, installed in FOLDER. Reads a JSON list of jobs
from standard input and writes a list of results to standard output. sdk.mjs does the same
for Node.

A job is {"with": NAME, "read": TOKEN, "secret": SECRET}, {"with": NAME, "mint": INPUT}
or, for an access token, {"with": NAME, "access": INPUT}. A result is {"header",
"payload"}, {"token"} or {"refused": WHY}. {"now": SECONDS} in a job stops the clock in
the middle of that second.
"""

import contextlib
import datetime
import json
import sys
import types
import unittest.mock
import urllib.parse


def pyjwt_read(token, secret):
    import jwt

    payload = jwt.decode(token, secret, algorithms=["HS256"])
    return {"header": jwt.get_unverified_header(token), "payload": payload}


def current_read(token, secret):
    from twilio.jwt.client import ClientCapabilityToken

    read = ClientCapabilityToken.from_jwt(token, secret)
    return {"header": read.headers, "payload": read.payload}


def current_mint(input):
    from twilio.jwt.client import ClientCapabilityToken

    # Without an option, the library uses its default.
    options = {"ttl": input["ttl"]}
    if input["not_before"] is not None:
        options["nbf"] = input["not_before"]
    capability = ClientCapabilityToken(input["account"], input["secret"], **options)
    allow(capability, input)
    return {"token": capability.to_jwt()}


def access_read(token, secret):
    from twilio.jwt.access_token import AccessToken

    read = AccessToken.from_jwt(token, secret)
    return {"header": read.headers, "payload": read.payload}


def access_mint(input):
    from twilio.jwt.access_token import AccessToken, grants

    token = AccessToken(input["account"], input["key"], input["secret"], **input["options"])
    for grant, fields in input["grants"]:
        token.add_grant(getattr(grants, grant)(**fields))
    return {"token": token.to_jwt()}


def old_read(token, secret):
    from twilio import jwt

    # This version has no function for the header.
    header = jwt.base64url_decode(token.split(".")[0].encode())
    return {"header": json.loads(header), "payload": jwt.decode(token, secret)}


def old_mint(input):
    from twilio.util import TwilioCapability

    capability = TwilioCapability(input["account"], input["secret"])
    allow(capability, input)
    return {"token": capability.generate(input["ttl"])}


def allow(capability, input):
    if input["incoming"] is not None:
        capability.allow_client_incoming(input["incoming"])
    if input["client_name"] is not None:
        capability.client_name = input["client_name"]
    if input["outgoing"] is not None:
        application, params = input["outgoing"]
        capability.allow_client_outgoing(application, **arguments(params))
    if input["events"] is not None:
        capability.allow_event_stream(**arguments(input["events"]))


def arguments(pairs):
    """Repeated keys become a list, whose items the SDK writes separately."""
    values = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {key: list if len(list) > 1 else list[0] for key, list in values.items()}


READ = {
    "PyJWT": pyjwt_read,
    "twilio-python": current_read,
    "twilio-python's AccessToken": access_read,
    "twilio-python 3.8.0": old_read,
}
MINT = {"twilio-python": current_mint, "twilio-python 3.8.0": old_mint}
ACCESS = {"twilio-python": access_mint}


def stopped_clock(now):
    """Stops time.time for the SDK and datetime for PyJWT."""

    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

    clocks = contextlib.ExitStack()
    clocks.enter_context(unittest.mock.patch("time.time", lambda: now))
    clocks.enter_context(unittest.mock.patch("jwt.api_jwt.datetime", Stopped))
    return clocks


def answer(job):
    if "read" in job:
        return READ[job["with"]](job["read"], job["secret"])
    if "mint" in job:
        return MINT[job["with"]](job["mint"])
    return ACCESS[job["with"]](job["access"])


def run(job):
    # Every exception counts as a refusal.
    try:
        with stopped_clock(job["now"] + 0.5) if "now" in job else contextlib.nullcontext():
            return answer(job)
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


sys.path.insert(0, sys.argv[1])
# 3.8.0 imports cgi, which newer versions of Python lack. Minting does not use it.
sys.modules["cgi"] = types.ModuleType("cgi")
sys.modules["cgi"].parse_qs = urllib.parse.parse_qs
json.dump([run(job) for job in json.load(sys.stdin.buffer)], sys.stdout)
