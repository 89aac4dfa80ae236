#!/usr/bin/env python3
"""seeds.py FOLDER OUTPUT

Writes inputs for the fuzz targets into OUTPUT/calls, OUTPUT/verify and OUTPUT/injection. README.md
has the formats, and how the smallest set of these inputs becomes the corpus.

The tokens of Twilio's libraries are from tests/data/capability.json. FOLDER has data of other
projects, each file JSON that gzip has compressed:

    jsontestsuite.json.gz   {path: text in base64}
    libs_tokens.json.gz     [[project, file, token, key in base64 or null], ...]
    wycheproof.json.gz      {"jws": [[file, number, result, comment, token, keys], ...]}
    wpt.json.gz             {"texts": [text, ...]}
    blns.json.gz            [text, ...]
"""

import base64
import gzip
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 1024


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: seeds.py FOLDER OUTPUT")
    folder, output = map(pathlib.Path, sys.argv[1:])

    def read(name):
        return json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes()))

    suite = [base64.b64decode(text) for text in read("jsontestsuite").values()]
    strings = [text.encode(errors="surrogatepass") for text in read("wpt")["texts"] + read("blns")]
    strings = [string for string in strings if b"\0" not in string]
    cases = json.loads((ROOT / "tests/data/capability.json").read_text())["cases"]

    for case in cases:
        write(output / "calls", calls_of(case))
        write(output / "calls", request_of(case))
        for token in case["tokens"]:
            secret = case["auth_token"].encode()
            write(output / "verify", fields(b"a", case["now"], secret, token["token"]))
    for text in suite:
        for calls in calls_with_json(text):
            write(output / "calls", calls)
        write(output / "verify", signed(HEADER, text))
        write(output / "verify", signed(HEADER, b'{"exp":1400003600,"name":' + text + b"}"))
        if b"\0" not in text:
            write(output / "verify", signed(text, '{"exp":1400003600}'))
        injected = [b"a"] * 9 + [b"name", text, b"x", text, b"SK", b"ie1", b"CR", b"video", text]
        write(output / "injection", fields(b"a", *injected))
        write(output / "injection", fields(b"c", *injected))
    for _, _, token, key in read("libs_tokens"):
        secret = base64.b64decode(key) if key else b"secret"
        write(output / "verify", fields(b"a", "1", secret, token))
        for part in verified_parts(token):
            write(output / "verify", part)
    for _, _, _, _, token, keys in read("wycheproof")["jws"]:
        for key in keys:
            secret = base64.urlsafe_b64decode(key + "==")
            write(output / "verify", fields(b"a", "1", secret, token))
            for part in verified_parts(token):
                write(output / "verify", part)
    for index in range(0, len(strings) - 18, 6):
        for kind in (b"a", b"c"):
            write(output / "injection", fields(kind, *strings[index:index + 18]))
        write(output / "calls", access_calls(*strings[index:index + 6]))
    for calls in other_calls():
        write(output / "calls", calls)
    for token in other_tokens():
        write(output / "verify", token)


HEADER = b'{"typ":"JWT","alg":"HS256"}'
NULL = b"\xff"


def fields(letter, *values):
    """One call, or the start of an input: a letter, and its fields with a NUL after each."""
    encoded = [value if isinstance(value, bytes) else str(value).encode() for value in values]
    return letter + b"".join(value + b"\0" for value in encoded)


def signed(header, payload, secret="secret"):
    """A header and a payload for the target verify, which signs them."""
    return fields(b"s", 1400000000, secret, header, payload)[:-1]


GENERATE = fields(b"t", 1400000000, 3600, 4096)
NEW = fields(b"n", "AC123123", "secret")
NEW_ACCESS = fields(b"a", "AC123123", "SK123123", "secret")

def nested(depth):
    return "[" * depth + "]" * depth


def each(letter, *values):
    """A call for each value, which all its fields have."""
    count = {b"p": 2, b"l": 2}.get(letter, 1)
    return b"".join(fields(letter, *[value] * count) for value in values)


def named(letter, names, value):
    return b"".join(fields(letter, name, value) for name in names.split())


# Calls that the other seeds do not make, and limits.
OTHER_CALLS = [
    NEW + fields(b"b", 1400000001) + fields(b"t", 1400000000, 86400, 1024),
    NEW + fields(b"t", 9007199254740990, 1, 1024) + fields(b"t", 9007199254740991, 1, 1024),
    NEW + fields(b"t", -1, 0, 1) + fields(b"t", 0, 86401, 0),
    NEW + fields(b"t", 0, 1, -1) + fields(b"t", 0, 1, -2),
    NEW + fields(b"t", 1400000000, 3600, 150) + fields(b"t", 1400000000, 3600, 1),
    NEW + fields(b"T", 3600, 1024) + b"X" + b"E" + b"X" + fields(b"T", 1, 1),
    b"x" + fields(b"i", "Alice") + b"E" + fields(b"o", "AP123123") + b"x",
    fields(b"d", "AC123123", "secret") + fields(b"n", NULL, NULL) + GENERATE,
    fields(b"d", "AC123123", "secret") + fields(b"n", "AC2", NULL) + GENERATE,
    fields(b"d", NULL, NULL) + fields(b"n", NULL, "secret") + fields(b"d", "AC", NULL),
    NEW + b"e" + named(b"f", "a type", "call") + b"e" + fields(b"f", "a b", "c&d") + GENERATE,
    NEW + fields(b"o", "AP1") + named(b"p", "a b", "1") + fields(b"o", "AP2")
    + named(b"p", "b b", "") + GENERATE,
    NEW + fields(b"p", "a", "1") + fields(b"f", "a", "1") + fields(b"g", "video", "{}"),
    NEW + fields(b"r", "ie1") + fields(b"u", "CR1") + GENERATE,
    NEW_ACCESS + b"e" + fields(b"f", "a", "1") + fields(b"c", "Bob") + fields(b"i", "Alice")
    + fields(b"o", "AP1") + named(b"p", "a b a", "1") + fields(b"r", "ie1") + fields(b"u", "CR1")
    + named(b"g", "video chat video", '{ "room":"standup"}') + named(b"l", "x y x", "[ 1 ]")
    + GENERATE,
    NEW_ACCESS + named(b"l", "scope iss exp nbf iat jti sub grants aud", "1") + GENERATE,
    NEW_ACCESS + named(b"g", "identity voice x", "{}") + fields(b"g", "x", "[]") + GENERATE,
    NEW + fields(b"l", "deep", nested(127)) + fields(b"l", "deep", nested(128)) + GENERATE,
    NEW + b"".join(each(letter, "", NULL, b"\xe9") for letter in (b"i", b"o", b"p", b"l", b"k")),
    each(b"k", "a" * 256, "a" * 257, "a-b", "A_9") + fields(b"n", "", ""),
    b"V" + each(b"s", -1, 0, 21, 22, 2**31),
]

MEMBERS = """
"api_key_sid":"SK123123","region":"ie1","push_credential_sid":"CR1"
"api_key_sid":"SK123123","grants":{"video":{},"chat":{"a":1},"video":{"b":2}}
"api_key_sid":"SK123123","event_stream":{}
"client_name":"Bob","incoming":"Alice"
"outgoing":{"params":[["a","b"],["a","c"]],"application_sid":"AP123123"}
"outgoing":{"application_sid":"AP123123","params":[["a"]]}
"outgoing":{"application_sid":"AP123123","params":[["a","b","c"],["a",1]]}
"outgoing":{}
"event_stream":{"filters":[["a","b"]]}
"event_stream":{}
"not_before":1.0
"not_before":-0
"not_before":9223372036854775808
"account_sid":"AC123123"
"incoming":"\\u0000"
"incoming":null
"claims":{"\\u0000":1}
"claims":{"a":"\\u0000","":1}
"claims":{"a":"\\ud800"}
"claims":{"exp":1}
"grants":{"video":1}
"x":1
""".split("\n")[1:-1] + [f'"claims":{{"a":{nested(depth)}}}' for depth in (127, 128, 129)]

HEADERS = """
{}
{"typ":"JWT"}
{"alg":"HS256"}
{"alg":"hs256"}
{"alg":"HS512"}
{"alg":["HS256"]}
{"alg":"HS256","typ":"jwt"}
{"alg":"HS256","typ":"JOSE"}
{"alg":"HS256","typ":null}
{"alg":"none","typ":1}
{"alg":"HS256","alg":"HS256"}
{"alg":"HS256","typ":"JWT","typ":"JWT"}
{"alg":"HS256","b64":true,"crit":["b64"]}
{"alg":"HS256","b64":false}
{"alg":"HS256","crit":null}
{"alg":"HS256","kid":1}
{"alg":"HS256","x":1e400}
{"alg":"HS256","x":"\\ud800"}
{"\\u0061lg":"\\u0048S256"}
["alg","HS256"]
""".split("\n")[1:-1]

PAYLOADS = """
{}
{"nbf":1}
{"exp":1400003600,"exp":1400003600}
{"exp":1400003600,"nbf":1,"nbf":1}
{"exp":1400003600,"iss":1}
{"exp":1400003600,"iss":"a","iss":"a"}
{"exp":1400003600,"aud":["a"],"sub":{}}
{"exp":1400003600,"x":1e400}
{"exp":1400003600,"x":"\\ud800"}
{"\\u0065xp":1400003600}
[1400003600]
""".split("\n")[1:-1]

TIMES = [
    '"1400003600"', "1399999999.5", "1400000000", "1.4e9", "-1", "1e400", "null", '"-1"', '""',
    '"12345678901234567890"', '"123456789012345678901"',
    "0." + "0" * 997 + "1", "0." + "0" * 998 + "1",
]

# Edits of the target verify: kind, position and byte.
EDITS = [
    b"", b"f\x00\x00\x01", b"f\x30\x00\x01", b"f\x25\x00\x04", b"d\x24\x00\x00",
    b"i\x24\x00.", b"i\xff\xffA", b"i\x40\x00\xff",
]


def other_calls():
    yield from OTHER_CALLS
    for members in MEMBERS:
        request = '{"account_sid":"AC123123",%s}' % members
        yield fields(b"m", "secret", request, 1400000000, 3600, 1024)


def other_tokens():
    for header in HEADERS:
        yield signed(header, '{"exp":1400003600}')
    for payload in PAYLOADS:
        yield signed(HEADER, payload)
    for time in TIMES:
        yield signed(HEADER, '{"exp":%s}' % time)
        yield signed(HEADER, '{"exp":1400003600,"nbf":%s}' % time)
    for depth in range(125, 130):
        yield signed(HEADER, '{"exp":1400003600,"x":%s}' % nested(depth))
    for kind in (b"c", b"m"):
        for now in (1299999999, 1400000000, 1400003599, 1400003600, 9007199254740991):
            for edit in EDITS:
                yield fields(kind, now) + edit


def calls_of(case):
    """The calls of a case of capability.json."""
    calls = [fields(b"n", case["account_sid"], case["auth_token"])]
    for name in case["order"]:
        value = case[name]
        if name == "incoming":
            calls.append(fields(b"i", value))
        elif name == "outgoing":
            calls.append(fields(b"o", value["application_sid"]))
            calls += [fields(b"p", key, value) for key, value in value["params"] or []]
            if value.get("client_name"):
                calls.append(fields(b"c", value["client_name"]))
        else:
            calls.append(b"e")
            calls += [fields(b"f", key, value) for key, value in value["filters"] or []]
    calls += [fields(b"l", name, json.dumps(value)) for name, value in case["claims"]]
    ttl = 3600 if case["ttl"] is None else case["ttl"]
    return b"".join(calls) + fields(b"t", case["now"], ttl, 2048)


def request_of(case):
    """The same as one call of cap_mint."""
    request = {"account_sid": case["account_sid"]}
    if case["incoming"]:
        request["incoming"] = case["incoming"]
    if case["outgoing"]:
        request["outgoing"] = {"application_sid": case["outgoing"]["application_sid"]}
        if case["outgoing"]["params"]:
            request["outgoing"]["params"] = case["outgoing"]["params"]
    if case["event_stream"]:
        request["event_stream"] = {"filters": case["event_stream"]["filters"] or []}
    request["claims"] = dict(case["claims"])
    ttl = 3600 if case["ttl"] is None else case["ttl"]
    return fields(b"m", case["auth_token"], json.dumps(request), case["now"], ttl, 2048)


def access_calls(name, sid, key, value, region, other):
    """An access token of any strings."""
    claim = json.dumps(value.decode(errors="replace"))
    return b"".join([
        fields(b"a", name, sid, key), fields(b"i", name), fields(b"c", value), fields(b"o", sid),
        fields(b"p", key, value), fields(b"p", other, value), fields(b"r", region),
        fields(b"u", other), fields(b"l", key, claim), GENERATE, fields(b"k", name),
    ])


def calls_with_json(text):
    """Claims, grants and requests of a JSON text, which a NUL would end."""
    text = text.split(b"\0")[0]
    yield NEW + fields(b"l", "name", text) + GENERATE
    yield NEW_ACCESS + fields(b"g", "name", b'{"a":' + text + b"}") + GENERATE
    request = b'{"claims":{"name":' + text + b'},"account_sid":"AC123123"}'
    yield fields(b"m", "secret", request, 1400000000, 3600, 1024)
    yield fields(b"m", "secret", text, 1400000000, 3600, 1024)


def verified_parts(token):
    """The header and the payload of a token with a new signature."""
    parts = token.split(".")
    try:
        header, payload = (base64.urlsafe_b64decode(part + "==") for part in parts[:2])
    except ValueError:
        return
    if b"\0" not in header:
        yield signed(header, payload)


def write(folder, content):
    if len(content) <= LONGEST:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


main()
