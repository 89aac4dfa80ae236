"""peers.py FOLDER

Runs the twilio and the PyJWT that are installed in FOLDER, as their documentation shows them.
worker.c explains the orders `show WORK` and `run WORK TIMES`."""

import hashlib
import hmac
import os
import sys
import time
import urllib.parse

sys.path.insert(0, sys.argv[1])

import jwt  # noqa: E402
from twilio.jwt.access_token import AccessToken  # noqa: E402
from twilio.jwt.access_token.grants import VoiceGrant  # noqa: E402
from twilio.jwt.client import ClientCapabilityToken  # noqa: E402

ACCOUNT = os.environ["BENCH_ACCOUNT"]
API_KEY = os.environ["BENCH_API_KEY"]
SECRET = os.environ["BENCH_SECRET"]
APPLICATION = os.environ["BENCH_APPLICATION"]
CLIENT = os.environ["BENCH_CLIENT"]
PARAMS = {os.environ["BENCH_KEY"]: os.environ["BENCH_VALUE"]}
SIGNING_INPUT = os.environ["BENCH_SIGNING_INPUT"].encode()
TTL = 3600


def twilio_capability():
    capability = ClientCapabilityToken(ACCOUNT, SECRET)
    capability.allow_client_incoming(CLIENT)
    capability.allow_client_outgoing(APPLICATION, **PARAMS)
    return capability.to_jwt()


def twilio_access():
    token = AccessToken(ACCOUNT, API_KEY, SECRET, identity=CLIENT)
    token.add_grant(
        VoiceGrant(
            incoming_allow=True,
            outgoing_application_sid=APPLICATION,
            outgoing_application_params=PARAMS,
        )
    )
    return token.to_jwt()


def pyjwt():
    query = urllib.parse.urlencode
    incoming = query({"clientName": CLIENT})
    outgoing = query({"appSid": APPLICATION, "appParams": query(PARAMS), "clientName": CLIENT})
    payload = {
        "scope": f"scope:client:incoming?{incoming} scope:client:outgoing?{outgoing}",
        "iss": ACCOUNT,
        "exp": int(time.time()) + TTL,
    }
    return jwt.encode(payload, SECRET, algorithm="HS256")


def mac():
    return hmac.digest(SECRET.encode(), SIGNING_INPUT, hashlib.sha256).hex()


WORKS = {"twilio": twilio_capability, "twilio-access": twilio_access, "PyJWT": pyjwt, "mac": mac}

for line in sys.stdin:
    order, name, *times = line.split()
    work = WORKS[name]
    if order == "show":
        print(work(), flush=True)
        continue
    start = time.perf_counter_ns()
    for _ in range(int(times[0])):
        work()
    print(time.perf_counter_ns() - start, flush=True)
