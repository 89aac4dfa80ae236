//! The target `injection`: gives any strings to every argument of a token, and reads the token
//! back. No string may add, remove or change anything except its own value.
//!
//! The first byte of an input chooses the kind of token. The fields are the strings.

use captoken::ffi::{self, Status};
use data_encoding::BASE64URL_NOPAD;
use percent_encoding::percent_decode_str;

use crate::c::{Handle, Size};
use crate::input::Fields;
use crate::model::json;

const NOW: i64 = 1_400_000_000;

type Pair = (String, String);

/// Mints the token of an input and reads it back.
pub fn run(input: &[u8]) {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let mut fields = Fields(rest);
    let mut next = || String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
    let required = |string: String| {
        if string.is_empty() {
            "x".into()
        } else {
            string
        }
    };
    let strings = Strings {
        account_sid: required(next()),
        secret: required(next()),
        incoming: required(next()),
        client_name: required(next()),
        application_sid: required(next()),
        pairs: [(next(), next()), (next(), next())],
        claims: [(required(next()), next()), (required(next()), next())],
        api_key_sid: required(next()),
        region: required(next()),
        push_credential_sid: required(next()),
        grant: (required(next()), next()),
    };
    match kind {
        b'c' => strings.check_capability(),
        b'a' => strings.check_access(),
        _ => {}
    }
}

/// The arguments of a token.
struct Strings {
    account_sid: String,
    secret: String,
    incoming: String,
    client_name: String,
    application_sid: String,
    /// Parameters and filters.
    pairs: [Pair; 2],
    claims: [Pair; 2],
    api_key_sid: String,
    region: String,
    push_credential_sid: String,
    grant: Pair,
}

impl Strings {
    fn check_capability(&self) {
        let (status, mut handle) = Handle::new([bytes(&self.account_sid), bytes(&self.secret)]);
        assert_eq!(status, Status::Ok);
        let claims = self.allow_calls(&mut handle);
        assert_eq!(handle.allow_event_stream(), Status::Ok);
        for pair in &self.pairs {
            assert_eq!(
                handle.add(ffi::cap_add_event_filter, both(pair)),
                Status::Ok
            );
        }
        let [header, payload] = read(&handle);
        assert_eq!(header, r#"{"typ":"JWT","alg":"HS256"}"#);

        let members = Object::new(&payload);
        members.assert_claims(&claims, &["scope", "iss", "exp"]);
        assert_eq!(members.string("iss"), self.account_sid);
        assert_eq!(members.get("exp"), "1400003600");

        let scope = members.string("scope");
        for decode in [by_form, by_component] {
            let scopes: Vec<_> = scope
                .split(' ')
                .map(|scope| Scope::new(scope, decode))
                .collect();
            let [incoming, outgoing, events] = &*scopes else {
                panic!("{scope}");
            };
            incoming.assert("scope:client:incoming", &[("clientName", &self.incoming)]);
            outgoing.assert(
                "scope:client:outgoing",
                &[
                    ("appSid", &self.application_sid),
                    ("appParams", &outgoing.value(1)),
                    ("clientName", &self.client_name),
                ],
            );
            assert_eq!(decode(&outgoing.value(1)), self.pairs);
            events.assert(
                "scope:stream:subscribe",
                &[("path", "/2010-04-01/Events"), ("params", &events.value(1))],
            );
            assert_eq!(decode(&events.value(1)), self.pairs);
        }
    }

    fn check_access(&self) {
        let strings = [&self.account_sid, &self.api_key_sid, &self.secret];
        let (status, mut handle) = Handle::access(strings.map(bytes));
        assert_eq!(status, Status::Ok);
        let claims = self.allow_calls(&mut handle);
        let status = handle.set(ffi::cap_set_region, [bytes(&self.region)]);
        assert_eq!(status, Status::Ok);
        let status = handle.set(
            ffi::cap_set_push_credential,
            [bytes(&self.push_credential_sid)],
        );
        assert_eq!(status, Status::Ok);
        let has_grant = handle.add(ffi::cap_add_grant, both(&self.grant)) == Status::Ok;
        let [header, payload] = read(&handle);

        let header = Object::new(&header);
        assert_eq!(header.names(), ["typ", "alg", "cty", "twr"]);
        assert_eq!(header.string("typ"), "JWT");
        assert_eq!(header.string("alg"), "HS256");
        assert_eq!(header.string("cty"), "twilio-fpa;v=1");
        assert_eq!(header.string("twr"), self.region);

        let members = Object::new(&payload);
        members.assert_claims(&claims, &["jti", "iss", "sub", "exp", "grants"]);
        assert_eq!(members.string("jti"), format!("{}-{NOW}", self.api_key_sid));
        assert_eq!(members.string("iss"), self.api_key_sid);
        assert_eq!(members.string("sub"), self.account_sid);
        assert_eq!(members.get("exp"), "1400003600");

        let mut expected = vec!["identity", "voice"];
        let grants = Object::new(members.get("grants"));
        if has_grant {
            expected.push(&self.grant.0);
            assert_same_json(grants.get(&self.grant.0), &self.grant.1);
        }
        assert_eq!(grants.names(), expected);
        assert_eq!(grants.string("identity"), self.client_name);

        let voice = Object::new(grants.get("voice"));
        assert_eq!(
            voice.names(),
            ["incoming", "outgoing", "push_credential_sid"]
        );
        assert_eq!(voice.get("incoming"), r#"{"allow":true}"#);
        assert_eq!(
            voice.string("push_credential_sid"),
            self.push_credential_sid
        );

        let outgoing = Object::new(voice.get("outgoing"));
        assert_eq!(outgoing.names(), ["application_sid", "params"]);
        assert_eq!(outgoing.string("application_sid"), self.application_sid);

        let params = Object::new(outgoing.get("params"));
        let [(first, _), (second, value)] = &self.pairs;
        if first == second {
            assert_eq!(params.names(), [first]);
        } else {
            assert_eq!(params.names(), [first, second]);
            let [(_, value), _] = &self.pairs;
            assert_eq!(&params.string(first), value);
        }
        assert_eq!(&params.string(second), value);
    }

    /// Makes the calls that both kinds of token have, and returns the claims that the token must
    /// contain: the library refuses some names and values.
    fn allow_calls(&self, handle: &mut Handle) -> Vec<&Pair> {
        let status = [
            handle.set(ffi::cap_allow_incoming, [bytes(&self.incoming)]),
            handle.set(ffi::cap_set_client_name, [bytes(&self.client_name)]),
            handle.set(ffi::cap_allow_outgoing, [bytes(&self.application_sid)]),
        ];
        assert_eq!(status, [Status::Ok; 3]);
        for pair in &self.pairs {
            assert_eq!(
                handle.add(ffi::cap_add_outgoing_param, both(pair)),
                Status::Ok
            );
        }
        let add = |claim: &&Pair| handle.add(ffi::cap_add_claim, both(claim)) == Status::Ok;
        let mut claims: Vec<_> = self.claims.iter().filter(add).collect();
        // The second one replaces the value of the first one.
        if let [(first, _), (second, _)] = &*claims
            && first == second
        {
            claims.remove(0);
        }
        claims
    }
}

/// The header and the payload of the handle's token.
fn read(handle: &Handle) -> [String; 2] {
    let length = handle
        .generate_at(NOW, 3600, Size::NULL, true)
        .length
        .unwrap_or_default();
    let outcome = handle.generate_at(NOW, 3600, Size::of(length + 1), true);
    assert_eq!(outcome.status, Status::Ok);
    let token = String::from_utf8(outcome.contents.unwrap_or_default()).unwrap_or_default();
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, _] = *parts else {
        panic!("{token}");
    };
    [header, payload].map(|part| {
        let json = BASE64URL_NOPAD
            .decode(part.as_bytes())
            .expect("not base64url");
        String::from_utf8(json).expect("not UTF-8")
    })
}

/// A JSON object whose names are unique.
struct Object(Vec<(String, String)>);

impl Object {
    fn new(json: &str) -> Self {
        let tokens = json::tokens(json).expect("not JSON");
        let members = json::members(&tokens).expect("not an object").into_iter();
        let members: Vec<_> = members
            .map(|(name, value)| (name, value.concat()))
            .collect();
        for (index, (name, _)) in members.iter().enumerate() {
            let mut later = members.iter().skip(index + 1);
            assert!(
                later.all(|(other, _)| other != name),
                "{name} repeats in {json}"
            );
        }
        Self(members)
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| &**name).collect()
    }

    /// The JSON of a member.
    fn get(&self, name: &str) -> &str {
        let member = self.0.iter().find(|(known, _)| known == name);
        let (_, json) = member.expect("a member is missing");
        json
    }

    fn string(&self, name: &str) -> String {
        json::string(&[self.get(name)]).expect("not a string")
    }

    /// Asserts that it has these private claims and then these claims of the library.
    fn assert_claims(&self, claims: &[&Pair], library: &[&str]) {
        let names = claims.iter().map(|(name, _)| &**name);
        let names: Vec<_> = names.chain(library.iter().copied()).collect();
        assert_eq!(self.names(), names);
        for (name, json) in claims {
            assert_same_json(self.get(name), json);
        }
    }
}

fn assert_same_json(json: &str, expected: &str) {
    let expected = json::tokens(expected).expect("not JSON");
    assert_eq!(json, json::compact(&expected));
}

type Decode = fn(&str) -> Vec<Pair>;

/// As a form is decoded: a plus is a space.
fn by_form(query: &str) -> Vec<Pair> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// As JavaScript's `decodeURIComponent` decodes: a plus is a plus.
fn by_component(query: &str) -> Vec<Pair> {
    let decode = |string: &str| {
        percent_decode_str(string)
            .decode_utf8()
            .map(|text| text.into())
    };
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').expect("no equals sign");
        let pair = decode(key).and_then(|key| Ok((key, decode(value)?)));
        pair.expect("not UTF-8")
    };
    query.split('&').map(pair).collect()
}

/// A scope, with its decoded query.
struct Scope<'a> {
    name: &'a str,
    query: Vec<Pair>,
}

impl<'a> Scope<'a> {
    fn new(scope: &'a str, decode: Decode) -> Self {
        let (name, query) = scope.split_once('?').expect("no query");
        Self {
            name,
            query: decode(query),
        }
    }

    /// The value at this position of the query.
    fn value(&self, index: usize) -> String {
        let (_, value) = self.query.get(index).expect("a pair is missing");
        value.clone()
    }

    fn assert(&self, name: &str, query: &[(&str, &str)]) {
        assert_eq!(self.name, name);
        let found: Vec<_> = self
            .query
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(found, query);
    }
}

fn bytes(string: &String) -> Option<&[u8]> {
    Some(string.as_bytes())
}

fn both((first, second): &Pair) -> [Option<&[u8]>; 2] {
    [bytes(first), bytes(second)]
}
