//! Twilio's own libraries read our tokens, we read theirs, and both refuse the same
//! ones; the client in the browser sees in our tokens what they were to say.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha512;

#[path = "support/cases.rs"]
mod cases;
#[path = "support/handle.rs"]
mod handle;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/token.rs"]
mod token;

use cases::{cases, official};
use handle::{Handle, verify};
use scope::{Scope, scopes};
use token::{HEADER, decode};

/// What verifies tokens, by the names of tests/interop/sdk.py and sdk.mjs.
const READERS: [&str; 4] = [
    "PyJWT",
    "twilio-python",
    "twilio-python 3.8.0",
    "jsonwebtoken",
];

/// What mints them.
const MINTERS: [&str; 3] = ["twilio-python", "twilio-python 3.8.0", "twilio-node"];

type Pairs = Vec<(String, String)>;

/// What a token is to say.
#[derive(Clone)]
struct Input {
    name: String,
    account: String,
    secret: String,
    incoming: Option<String>,
    /// Of outgoing calls alone.
    client_name: Option<String>,
    /// The application and the parameters.
    outgoing: Option<(String, Pairs)>,
    /// The filters.
    events: Option<Pairs>,
    /// Names, and values as JSON.
    claims: Pairs,
    not_before: Option<i64>,
    ttl: i64,
}

impl Input {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            account: "AC0123456789abcdef0123456789abcdef".to_owned(),
            secret: "f0e1d2c3b4a5968778695a4b3c2d1e0f".to_owned(),
            incoming: None,
            client_name: None,
            outgoing: None,
            events: None,
            claims: Vec::new(),
            not_before: None,
            ttl: 3600,
        }
    }

    fn credentials(mut self, account: &str, secret: &str) -> Self {
        self.account = account.to_owned();
        self.secret = secret.to_owned();
        self
    }

    fn incoming(mut self, client_name: &str) -> Self {
        self.incoming = Some(client_name.to_owned());
        self
    }

    fn client_name(mut self, client_name: &str) -> Self {
        self.client_name = Some(client_name.to_owned());
        self
    }

    fn outgoing(mut self, application: &str, params: &[(&str, &str)]) -> Self {
        self.outgoing = Some((application.to_owned(), owned(params)));
        self
    }

    fn params(self, params: &[(&str, &str)]) -> Self {
        self.outgoing("APabe7650f654fc34655fc81ae71caa3ff", params)
    }

    fn events(mut self, filters: &[(&str, &str)]) -> Self {
        self.events = Some(owned(filters));
        self
    }

    fn claims(mut self, claims: &[(&str, &str)]) -> Self {
        self.claims = owned(claims);
        self
    }

    fn not_before(mut self, not_before: i64) -> Self {
        self.not_before = Some(not_before);
        self
    }

    fn ttl(mut self, ttl: i64) -> Self {
        self.ttl = ttl;
        self
    }

    /// One of tests/data, and its time.
    fn from_case(case: &Value) -> (Self, i64) {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let pairs = |value: &Value| -> Pairs {
            let pairs = value.as_array().expect("a list").iter();
            pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
        };
        let input = Self {
            name: text(&case["name"]),
            account: text(&case["account_sid"]),
            secret: text(&case["auth_token"]),
            incoming: case["incoming"].as_str().map(str::to_owned),
            client_name: None,
            outgoing: case["outgoing"].as_object().map(|outgoing| {
                (
                    text(&outgoing["application_sid"]),
                    pairs(&outgoing["params"]),
                )
            }),
            events: case["event_stream"]
                .as_object()
                .map(|events| pairs(&events["filters"])),
            claims: pairs(&case["claims"])
                .into_iter()
                .map(|(name, value)| (name, Value::from(value).to_string()))
                .collect(),
            not_before: None,
            ttl: case["ttl"].as_i64().unwrap_or(3600),
        };
        (input, case["now"].as_i64().expect("an integer"))
    }

    fn mint(&self, now: i64) -> String {
        self.try_mint(now)
            .unwrap_or_else(|status| panic!("{}: {status:?}", self.name))
    }

    fn try_mint(&self, now: i64) -> Result<String, Status> {
        let mut handle = Handle::new(&self.account, &self.secret)?;
        if let Some(client_name) = &self.incoming {
            handle.allow_incoming(client_name)?;
        }
        if let Some(client_name) = &self.client_name {
            handle.set_client_name(client_name)?;
        }
        if let Some((application, params)) = &self.outgoing {
            handle.allow_outgoing(application)?;
            for (key, value) in params {
                handle.add_outgoing_param(key, value)?;
            }
        }
        if let Some(filters) = &self.events {
            handle.allow_event_stream()?;
            for (key, value) in filters {
                handle.add_event_filter(key, value)?;
            }
        }
        for (name, json) in &self.claims {
            handle.add_claim(name, json)?;
        }
        if let Some(not_before) = self.not_before {
            handle.set_not_before(not_before)?;
        }
        handle.generate_at(now, self.ttl)
    }

    /// For tests/interop/sdk.py and sdk.mjs.
    fn job(&self) -> Value {
        json!({
            "account": self.account,
            "secret": self.secret,
            "incoming": self.incoming,
            "client_name": self.client_name,
            "outgoing": self.outgoing,
            "events": self.events,
            "not_before": self.not_before,
            "ttl": self.ttl,
        })
    }

    /// The name that outgoing calls come from.
    fn caller(&self) -> Option<&String> {
        self.client_name.as_ref().or(self.incoming.as_ref())
    }

    /// In the form of [`scopes`].
    fn permissions(&self) -> Vec<Scope> {
        let scope = |name: &str, query: &[(&str, &String)], params: &Pairs| Scope {
            name: format!("scope:{name}"),
            query: query
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.clone()))
                .collect(),
            params: params.clone(),
        };
        let none = Vec::new();
        let mut permissions = Vec::new();
        if let Some(client_name) = &self.incoming {
            permissions.push(scope(
                "client:incoming",
                &[("clientName", client_name)],
                &none,
            ));
        }
        if let Some((application, params)) = &self.outgoing {
            let mut query = vec![("appSid", application)];
            query.extend(self.caller().map(|name| ("clientName", name)));
            permissions.push(scope("client:outgoing", &query, params));
        }
        if let Some(filters) = &self.events {
            let path = "/2010-04-01/Events".to_owned();
            permissions.push(scope("stream:subscribe", &[("path", &path)], filters));
        }
        permissions
    }

    fn has_pairs(&self, has: impl Fn(&Pairs) -> bool) -> bool {
        self.outgoing
            .as_ref()
            .is_some_and(|(_, params)| has(params))
            || self.events.as_ref().is_some_and(has)
    }
}

fn owned(pairs: &[(&str, &str)]) -> Pairs {
    pairs
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn printable() -> impl Iterator<Item = char> {
    (' '..='~').filter(char::is_ascii)
}

fn grid(now: i64) -> Vec<Input> {
    let all: String = printable().collect();
    let each: Vec<(String, String)> = printable()
        .map(|character| (format!("k{character}"), format!("{character}v{character}")))
        .collect();
    let each: Vec<(&str, &str)> = each.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let long = "x y&".repeat(5000);
    let new = Input::new;
    let mut inputs = vec![
        new("no permission"),
        new("incoming").incoming("jenny"),
        new("outgoing").params(&[]),
        new("both").incoming("jenny").params(&[]),
        new("the documentation's")
            .credentials("AC123123", "secret")
            .incoming("Alice")
            .outgoing("AP123123", &[("Foo", "Bar")])
            .ttl(600),
        new("a parameter of every character").params(&[(&all, &all)]),
        new("parameters of each character").params(&each),
        new("parameters like a form's").incoming("jenny").params(&[
            ("a b", " c  d "),
            ("plus", "1 + 1"),
            ("phone", "+14155551234"),
            ("percent", "%41"),
            ("100%", "100%"),
            ("and", "a&admin=1"),
            ("x=y&z", "a=b=c=="),
            ("scope", "x scope:client:outgoing?appSid=AP666"),
        ]),
        new("parameters beyond ASCII").params(&[
            ("é", "日本語"),
            ("emoji", "😀"),
            ("edge", "\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}"),
            ("control", "\u{1}\t\r\n\u{1f}\u{7f}"),
        ]),
        new("empty parameters").params(&[("", ""), ("empty", "")]),
        new("one empty parameter").params(&[("", "")]),
        new("a long parameter").params(&[("long", &long)]),
        new("a key that repeats").params(&[("k", "1"), ("k", "2"), ("k", "1")]),
        new("a key that repeats later").params(&[("k", "1"), ("a", "x"), ("k", "2")]),
        new("keys that are numbers").params(&[("b", "1"), ("2", "x"), ("1", "y")]),
        new("keys that Python needs").params(&[("application_sid", "1"), ("self", "2")]),
        new("keys that JavaScript needs").params(&[("__proto__", "1"), ("toString", "2")]),
        new("events").events(&[]),
        new("events with a filter").events(&[("a", "1")]),
        new("events with filters")
            .incoming("jenny")
            .params(&[("b", "x y"), ("a", "2")])
            .events(&[("b", "2 & 3"), ("a", "=+%é"), ("", "")]),
        new("a caller's name").client_name("jenny").params(&[]),
        new("a caller's own name")
            .incoming("jenny")
            .client_name("support desk")
            .params(&[("a", "1")]),
        new("a caller who calls nobody").client_name("jenny"),
        new("the name 0").incoming("0").params(&[]),
        new("a name that is a scope")
            .incoming("alice scope:client:outgoing?appSid=AP666")
            .params(&[]),
        new("a name and an application that are queries")
            .incoming("Tom&admin=1")
            .outgoing("AP 1&clientName=eve+2=3%", &[("a", "1")]),
        new("a name beyond ASCII")
            .incoming("Zoë 日本 😀\n")
            .params(&[]),
        new("an account beyond ASCII")
            .credentials("AC<é😀 >&\"\\/\u{1}", "ключ é 日本 😀, longer than 32")
            .incoming("jenny"),
        new("an auth token of one character").credentials("AC123", "s"),
        new("a long auth token").credentials("AC123", &"0123456789".repeat(20)),
        new("spaces around the credentials")
            .credentials(" AC123 ", "  padded auth token, 32 bytes\t"),
        new("a day").incoming("jenny").ttl(86400),
        new("a second").incoming("jenny").ttl(1),
        new("from now")
            .incoming("jenny")
            .params(&[])
            .not_before(now),
        new("from yesterday")
            .incoming("jenny")
            .not_before(now - 86400),
        new("claims").incoming("jenny").claims(&[
            ("find", r#""me""#),
            (
                "nested",
                r#"{"b": [1, {"a": null}], "é": "日本 😀", "a": {"t": true, "f": -0.5e1}}"#,
            ),
            ("ключ \"\\ ", r#""\u00e9\ud83d\ude00\n""#),
            ("numbers", "[0, 1.0, -0.25, 9007199254740991, 1e300]"),
            ("empty", r#"["", [], {}]"#),
            ("jti", r#""a text""#),
            ("sub", r#""another""#),
            ("__proto__", r#"{"x": 1}"#),
        ]),
    ];
    for character in printable().chain("\t\u{7f}\u{80}éÿĀ日\u{ffff}😀".chars()) {
        let name = format!("the character {character:?}");
        inputs.push(
            Input::new(&name)
                .credentials(
                    &format!("AC{character}1"),
                    &format!("{character} in a token of 32 characters"),
                )
                .incoming(&format!("a{character}b"))
                .outgoing(&format!("{character}AP{character}"), &[]),
        );
    }
    inputs
}

fn clock() -> i64 {
    let seconds = UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    seconds.try_into().expect("a time in this age")
}

/// The tokens of the grid that are valid now, and for as long as the programs take
/// that read them: the one of a second is made by a clock ten minutes ahead.
fn ours() -> Vec<(Input, String)> {
    let now = clock();
    let mint = |input: Input| {
        let ahead = if input.ttl == 1 { 600 } else { 0 };
        let token = input.mint(now + ahead);
        (input, token)
    };
    grid(now).into_iter().map(mint).collect()
}

#[test]
fn twilio_s_libraries_read_in_our_tokens_what_we_read() {
    let ours = ours();
    let now = clock();
    let mut jobs = Vec::new();
    for (input, token) in &ours {
        for reader in READERS {
            jobs.push(json!({"with": reader, "read": token, "secret": input.secret}));
            let wrong = format!("{}x", input.secret);
            jobs.push(json!({"with": reader, "read": token, "secret": wrong}));
        }
    }
    let mut answers = ask(&jobs).into_iter();
    for (input, token) in &ours {
        let payload = verify(token, &input.secret, now).expect("a token of ours");
        let claims = from_json(&payload);
        let header = from_json(HEADER);
        for reader in READERS {
            let what = format!("{reader}: {}", input.name);
            let read = answers.next().expect("an answer");
            assert_eq!(read["header"], header, "{what}: {read}");
            assert!(same(&read["payload"], &claims), "{what}: {read}\n{claims}");
            assert_eq!(scopes(&read["payload"]), input.permissions(), "{what}");
            assert!(!has_filters_as_params(&claims), "{what}: {claims}");
            assert_eq!(read["payload"]["iss"], input.account, "{what}");
            for (name, value) in &input.claims {
                let value = from_json(value);
                assert!(same(&read["payload"][name], &value), "{what}: {read}");
            }

            let refused = answers.next().expect("an answer");
            assert_eq!(
                reason(&refused),
                Some(Reason::Signature),
                "{what}: {refused}"
            );
        }
    }
    assert_eq!(answers.next(), None);
}

/// Where a library says something else than it was told, or nothing at all. Who mends
/// it makes the test fail.
struct Bug {
    of: &'static str,
    with: fn(&Input) -> bool,
    instead: Instead,
    why: &'static str,
}

enum Instead {
    /// Its token is the one of another input.
    Says(fn(&mut Input)),
    /// Its token has the filters of events in `appParams`.
    FiltersAsParams,
    /// It has no token, and says this.
    Refuses(&'static str),
}

fn bugs() -> Vec<Bug> {
    let mut bugs = vec![
        Bug {
            of: "twilio-node",
            with: |input| input.has_pairs(repeats),
            instead: Instead::Says(|input| each_pairs(input, join)),
            why: "values of one key are joined by a comma",
        },
        Bug {
            of: "twilio-node",
            with: has_filters,
            instead: Instead::FiltersAsParams,
            why: "filters are written as a call's parameters",
        },
        Bug {
            of: "twilio-node",
            with: |input| input.has_pairs(|pairs| pairs.iter().any(|(key, _)| is_number(key))),
            instead: Instead::Says(|input| {
                each_pairs(input, |pairs| {
                    pairs.sort_by_key(|(key, _)| key.parse::<u32>().unwrap_or(u32::MAX));
                });
            }),
            why: "an object has keys that are numbers first, in their order",
        },
    ];
    for of in ["twilio-python", "twilio-python 3.8.0"] {
        bugs.push(Bug {
            of,
            with: |input| {
                input.has_pairs(|pairs| pairs.iter().any(|(key, _)| key == "application_sid"))
            },
            instead: Instead::Refuses("TypeError"),
            why: "parameters are keyword arguments, next to its own",
        });
    }
    for of in ["twilio-python", "twilio-python 3.8.0"] {
        bugs.push(Bug {
            of,
            with: |input| input.has_pairs(|pairs| grouped(pairs) != *pairs),
            instead: Instead::Says(|input| each_pairs(input, |pairs| *pairs = grouped(pairs))),
            why: "a key has one place, and there all of its values",
        });
    }
    bugs
}

fn each_pairs(input: &mut Input, change: fn(&mut Pairs)) {
    if let Some((_, params)) = &mut input.outgoing {
        change(params);
    }
    if let Some(filters) = &mut input.events {
        change(filters);
    }
}

fn has_filters(input: &Input) -> bool {
    let filters = input.events.as_ref();
    filters.is_some_and(|filters| !filters.is_empty())
}

fn repeats(pairs: &Pairs) -> bool {
    let keys: BTreeMap<_, _> = pairs.iter().cloned().collect();
    keys.len() < pairs.len()
}

fn is_number(key: &str) -> bool {
    key.parse::<u32>().is_ok()
}

/// All values of a key, at the place of the first.
fn grouped(pairs: &Pairs) -> Pairs {
    let mut grouped = pairs.clone();
    grouped.sort_by_key(|(key, _)| pairs.iter().position(|(other, _)| other == key));
    grouped
}

/// All values of a key in one.
fn join(pairs: &mut Pairs) {
    *pairs = grouped(pairs);
    pairs.dedup_by(|(key, value), (first, values)| {
        let same = key == first;
        if same {
            *values = format!("{values},{value}");
        }
        same
    });
}

/// Whether a library has a way to say it. None here has one for custom claims.
fn can_say(minter: &str, input: &Input) -> bool {
    input.claims.is_empty() && (input.not_before.is_none() || minter == "twilio-python")
}

#[test]
fn we_read_in_their_tokens_what_twilio_s_libraries_were_told() {
    let before = clock();
    let grid = grid(before);
    let bugs = bugs();
    let mut minted = Vec::new();
    for minter in MINTERS {
        for input in &grid {
            if can_say(minter, input) {
                minted.push((minter, input));
            }
        }
    }
    let jobs: Vec<Value> = minted
        .iter()
        .map(|(minter, input)| json!({"with": minter, "mint": input.job()}))
        .collect();
    let answers = ask(&jobs);
    let after = clock();
    let mut met = vec![false; bugs.len()];
    for (&(minter, input), answer) in minted.iter().zip(&answers) {
        let mut said = input.clone();
        let mut filters_as_params = false;
        let mut refuses = None;
        let mut what = format!("{minter}: {}", input.name);
        for (bug, met) in bugs.iter().zip(&mut met) {
            if bug.of != minter || !(bug.with)(input) {
                continue;
            }
            what = format!("{what}, where, as long as nobody mends it, {}", bug.why);
            *met = true;
            match bug.instead {
                Instead::Says(change) => {
                    change(&mut said);
                    // Otherwise nobody would see it mended.
                    assert_ne!(said.job(), input.job(), "{what}");
                }
                Instead::FiltersAsParams => filters_as_params = true,
                Instead::Refuses(why) => refuses = Some(why),
            }
        }
        if let Some(why) = refuses {
            let refused = answer["refused"].as_str();
            assert!(
                refused.is_some_and(|refused| refused.starts_with(why)),
                "{what}: {answer}"
            );
            continue;
        }
        let token = answer["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{what}: {answer}"));
        let claims = unverified(token);
        assert_eq!(scopes(&claims), said.permissions(), "{what}");
        assert_eq!(has_filters_as_params(&claims), filters_as_params, "{what}");
        assert_eq!(claims["iss"], said.account, "{what}");

        // What each adds to it, and the times.
        let exp = claims["exp"].as_i64().expect("an integer");
        let minted_at = exp - input.ttl;
        assert!((before..=after).contains(&minted_at), "{what}: {claims}");
        let mut expected = vec!["exp", "iss", "scope"];
        let nbf = claims["nbf"].as_i64();
        match minter {
            "twilio-python" => {
                expected.insert(2, "nbf");
                let nbf = nbf.expect("an integer");
                match input.not_before {
                    Some(not_before) => assert_eq!(nbf, not_before, "{what}"),
                    None => assert!((before..=after).contains(&nbf), "{what}: {claims}"),
                }
            }
            "twilio-node" => {
                expected.insert(1, "iat");
                let iat = claims["iat"].as_i64().expect("an integer");
                assert!((before..=after).contains(&iat), "{what}: {claims}");
            }
            _ => {}
        }
        let keys: Vec<_> = claims.as_object().expect("an object").keys().collect();
        assert_eq!(keys, expected, "{what}");

        let payload = verify(token, &said.secret, exp - 1);
        assert_eq!(
            payload.map(|payload| from_json(&payload)),
            Ok(claims),
            "{what}"
        );
        let outcome = |secret: &str, now| verify(token, secret, now).err();
        let wrong = format!("{}x", said.secret);
        assert_eq!(
            outcome(&wrong, exp - 1),
            Some(Status::TokenSignature),
            "{what}"
        );
        assert_eq!(
            outcome(&said.secret, exp),
            Some(Status::TokenExpired),
            "{what}"
        );
        if let Some(nbf) = nbf {
            assert_eq!(
                outcome(&said.secret, nbf - 1),
                Some(Status::TokenNotYetValid),
                "{what}"
            );
            if nbf < exp {
                assert_eq!(outcome(&said.secret, nbf), None, "{what}");
            }
        }
    }
    assert_eq!(answers.len(), jobs.len());
    for (bug, met) in bugs.iter().zip(met) {
        assert!(met, "no input for this one: {}: {}", bug.of, bug.why);
    }
    // Claims nobody, and not-before only twilio-python.
    assert_eq!(jobs.len(), 3 * grid.len() - 3 - 2 * 2);
}

/// Parameters belong to calls, filters to events.
fn has_filters_as_params(claims: &Value) -> bool {
    let scope = claims["scope"].as_str().expect("a string");
    scope.split(' ').any(|scope| {
        assert!(
            !scope.starts_with("scope:client:") || !scope.contains("&params="),
            "{scope}"
        );
        scope.starts_with("scope:stream:") && scope.contains("appParams=")
    })
}

/// The successor of capability tokens, with the other header that it has.
#[test]
fn we_accept_the_access_tokens_of_twilio_s_libraries() {
    let access = json!({
        "account": "AC123 é",
        "key": "SK123",
        "secret": "ключ, longer than 32 bytes as well",
        "identity": "Zoë 日本",
        "application": "AP123",
        "params": {"a b": "c&d=é"},
        "region": "ie1",
    });
    let secret = "ключ, longer than 32 bytes as well";
    let minters = ["twilio-python", "twilio-node"];
    let jobs = minters.map(|minter| json!({"with": minter, "access": access}));
    let answers = ask(&jobs);
    for (minter, answer) in minters.iter().zip(answers) {
        let token = answer["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{minter}: {answer}"));
        let header = token.split('.').next().expect("a header");
        let header = BASE64URL_NOPAD.decode(header.as_bytes());
        let header = String::from_utf8(header.expect("base64url")).expect("UTF-8");
        assert_eq!(from_json(&header)["cty"], "twilio-fpa;v=1", "{minter}");
        assert_eq!(from_json(&header)["twr"], "ie1", "{minter}");

        let payload = verify(token, secret, clock()).expect("a token");
        let claims = from_json(&payload);
        assert_eq!(claims["iss"], "SK123", "{minter}");
        assert_eq!(claims["sub"], "AC123 é", "{minter}");
        let voice = json!({
            "incoming": {"allow": true},
            "outgoing": {"application_sid": "AP123", "params": {"a b": "c&d=é"}},
        });
        let grants = json!({"identity": "Zoë 日本", "voice": voice});
        assert_eq!(claims["grants"], grants, "{minter}");

        let exp = claims["exp"].as_i64().expect("an integer");
        let outcome = |secret, now| verify(token, secret, now).err();
        assert_eq!(outcome(secret, exp - 1), None, "{minter}");
        assert_eq!(outcome(secret, exp), Some(Status::TokenExpired), "{minter}");
        let wrong = "another";
        assert_eq!(
            outcome(wrong, exp - 1),
            Some(Status::TokenSignature),
            "{minter}"
        );
    }
}

/// Why a library refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Algorithm,
    Claim,
    Expired,
    Form,
    NotYetValid,
    Signature,
}

/// None if it does not. Each says it in its own words.
fn reason(answer: &Value) -> Option<Reason> {
    let refused = answer["refused"].as_str()?;
    let words = [
        ("Signature has expired", Reason::Expired),
        ("jwt expired", Reason::Expired),
        ("not yet valid", Reason::NotYetValid),
        ("jwt not active", Reason::NotYetValid),
        ("Invalid audience", Reason::Claim),
        ("Subject must be a string", Reason::Claim),
        ("JWT ID must be a string", Reason::Claim),
        ("alg value is not allowed", Reason::Algorithm),
        ("Incorrect decoding algorithm", Reason::Algorithm),
        ("Algorithm not supported", Reason::Algorithm),
        ("invalid algorithm", Reason::Algorithm),
        ("Signature verification failed", Reason::Signature),
        ("invalid signature", Reason::Signature),
        ("signature is required", Reason::Signature),
        ("Not enough segments", Reason::Form),
        ("jwt malformed", Reason::Form),
        ("Invalid crypto padding", Reason::Form),
        ("invalid token", Reason::Form),
        ("invalid exp value", Reason::Form),
        ("Unsupported critical extension", Reason::Form),
    ];
    let known = words.iter().find(|(words, _)| refused.contains(words));
    Some(known.unwrap_or_else(|| panic!("a new reason: {refused}")).1)
}

/// What is signed of a token.
fn unsigned(header: &str, payload: &str) -> String {
    format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(payload.as_bytes())
    )
}

fn hs256(header: &str, payload: &str, secret: &str) -> String {
    let input = unsigned(header, payload);
    let signature = hmac_sha256::HMAC::mac(input.as_bytes(), secret.as_bytes());
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn hs512(header: &str, payload: &str, secret: &str) -> String {
    let input = unsigned(header, payload);
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(input.as_bytes());
    let signature = mac.finalize().into_bytes();
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The old twilio-python looks at the signature alone. Nobody but us asks for an expiry
/// or for a type.
/// Of claims with a meaning of their own, PyJWT has opinions: an audience is for it to be
/// told of, which twilio-python has no way to do.
#[test]
fn forged_and_stale_tokens_are_refused_by_them_and_by_us() {
    use Reason::*;

    let now = clock();
    let input = Input::new("a token").incoming("jenny").params(&[]);
    let token = input.mint(now);
    let payload = verify(&token, &input.secret, now).expect("a token of ours");
    let with = |header: &str| hs256(header, &payload, &input.secret);
    let saying = |payload: &str| hs256(HEADER, payload, &input.secret);
    let parts: Vec<&str> = token.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    let none = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"none"}"#);
    let other = input.clone().incoming("eve").mint(now);
    let other = other.split('.').nth(1).expect("a payload");
    let (first, rest) = signature.split_at(1);
    let first = if first == "A" { "B" } else { "A" };
    // The last character has two bits that mean nothing, which are 0.
    let (most, last) = signature.split_at(signature.len() - 1);
    let last = char::from(last.as_bytes()[0] + 1);
    let hs512 = hs512(r#"{"typ":"JWT","alg":"HS512"}"#, &payload, &input.secret);
    let text = format!(r#"{{"scope":"","iss":"AC123","exp":"{}"}}"#, now + 600);

    // What PyJWT, twilio-python, twilio-python 3.8.0 and jsonwebtoken say, and we.
    let tokens = [
        ("as it is", token.clone(), [None; 4], None),
        (
            "no algorithm, no signature",
            format!("{none}.{body}."),
            [
                Some(Algorithm),
                Some(Algorithm),
                Some(Algorithm),
                Some(Signature),
            ],
            Some(Status::TokenAlgorithm),
        ),
        (
            "no algorithm, the signature",
            format!("{none}.{body}.{signature}"),
            [Some(Algorithm); 4],
            Some(Status::TokenAlgorithm),
        ),
        (
            "the algorithm in small letters",
            with(r#"{"typ":"JWT","alg":"hs256"}"#),
            [Some(Algorithm); 4],
            Some(Status::TokenAlgorithm),
        ),
        (
            "another algorithm",
            hs512,
            [Some(Algorithm), Some(Algorithm), None, Some(Algorithm)],
            Some(Status::TokenAlgorithm),
        ),
        (
            "no type, as Ruby's newer jwt writes it",
            with(r#"{"alg":"HS256"}"#),
            [None; 4],
            None,
        ),
        (
            "another type",
            with(r#"{"typ":"at+jwt","alg":"HS256"}"#),
            [None; 4],
            Some(Status::TokenMalformed),
        ),
        (
            "another signature",
            format!("{header}.{body}.{first}{rest}"),
            [Some(Signature); 4],
            Some(Status::TokenSignature),
        ),
        (
            "another payload",
            format!("{header}.{other}.{signature}"),
            [Some(Signature); 4],
            Some(Status::TokenSignature),
        ),
        (
            "no signature",
            format!("{header}.{body}."),
            [Some(Signature); 4],
            Some(Status::TokenSignature),
        ),
        (
            "two parts",
            format!("{header}.{body}"),
            [Some(Form); 4],
            Some(Status::TokenMalformed),
        ),
        (
            "expired",
            input.clone().ttl(5).mint(now - 5),
            [Some(Expired), Some(Expired), None, Some(Expired)],
            Some(Status::TokenExpired),
        ),
        (
            "not yet valid",
            input.clone().not_before(now + 600).mint(now),
            [
                Some(NotYetValid),
                Some(NotYetValid),
                None,
                Some(NotYetValid),
            ],
            Some(Status::TokenNotYetValid),
        ),
        (
            "a critical header",
            with(r#"{"typ":"JWT","alg":"HS256","crit":["x"],"x":1}"#),
            [Some(Form), Some(Form), None, None],
            Some(Status::TokenMalformed),
        ),
        (
            "bits that nobody reads",
            format!("{header}.{body}.{most}{last}"),
            [Some(Form), Some(Form), None, Some(Signature)],
            Some(Status::TokenMalformed),
        ),
        (
            "padding",
            format!("{token}="),
            [None, None, None, Some(Form)],
            Some(Status::TokenMalformed),
        ),
        (
            "no expiry",
            saying(r#"{"scope":"","iss":"AC123"}"#),
            [None; 4],
            Some(Status::TokenMalformed),
        ),
        (
            "an expiry in a text, as twilio-java 4 writes it",
            saying(&text),
            [None, None, None, Some(Form)],
            None,
        ),
        (
            "an audience",
            input.clone().claims(&[("aud", r#""us""#)]).mint(now),
            [Some(Claim), Some(Claim), None, None],
            None,
        ),
        (
            "a subject that is no text",
            input.clone().claims(&[("sub", "7")]).mint(now),
            [Some(Claim), Some(Claim), None, None],
            None,
        ),
        (
            "a token's identifier that is no text",
            input.clone().claims(&[("jti", "7")]).mint(now),
            [Some(Claim), Some(Claim), None, None],
            None,
        ),
    ];
    let mut jobs = Vec::new();
    for (_, token, _, _) in &tokens {
        for reader in READERS {
            jobs.push(json!({"with": reader, "read": token, "secret": input.secret}));
        }
    }
    let answers = ask(&jobs);
    for ((what, token, theirs, ours), answers) in tokens.iter().zip(answers.chunks(4)) {
        let reasons: Vec<_> = answers.iter().map(reason).collect();
        assert_eq!(reasons, theirs, "{what}: {READERS:?}");
        assert_eq!(verify(token, &input.secret, now).err(), *ours, "{what}");
    }
}

/// What the client in the browser makes of a text that it has decoded once. None: it
/// throws, and the whole token cannot be read. A text without `&` and `=` stays what it
/// is. Any other is a query once more, whoever wrote the token and however: it is the
/// decoded text that the client looks at.
fn reread(text: &str) -> Option<Value> {
    if text.is_empty() {
        return Some(json!({}));
    }
    if !text.contains(['&', '=']) {
        return Some(text.into());
    }
    let mut values = Map::new();
    for pair in text.split('&') {
        let mut parts = pair.split('=');
        let key = decoded(parts.next().unwrap_or_default())?;
        let value = decoded(parts.next().unwrap_or("undefined"))?;
        values.insert(key, reread(&value)?);
    }
    Some(values.into())
}

/// As decodeURIComponent does it.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut pieces = text.split('%');
    bytes.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The scopes as that client sees them in a token for this input.
fn seen(input: &Input) -> Option<Value> {
    let pairs = |pairs: &Pairs| -> Option<Value> {
        let pairs = pairs
            .iter()
            .map(|(key, value)| Some((key.clone(), reread(value)?)));
        Some(Value::Object(pairs.collect::<Option<_>>()?))
    };
    let mut scopes = json!({});
    if let Some(client_name) = &input.incoming {
        scopes["client:incoming"] = json!({"clientName": reread(client_name)?});
    }
    if let Some((application, params)) = &input.outgoing {
        let mut outgoing = json!({"appSid": reread(application)?});
        if let Some(client_name) = input.caller() {
            outgoing["clientName"] = reread(client_name)?;
        }
        if !params.is_empty() {
            outgoing["appParams"] = pairs(params)?;
        }
        scopes["client:outgoing"] = outgoing;
    }
    if let Some(filters) = &input.events {
        let mut events = json!({"path": "/2010-04-01/Events"});
        if !filters.is_empty() {
            events["params"] = pairs(filters)?;
        }
        scopes["stream:subscribe"] = events;
    }
    Some(scopes)
}

/// The incoming name, the application and the name that calls come from are read as
/// they were given, unless they contain `&` or `=`. A token is read at all, unless a
/// text in it contains one of these and also a `%` that no digits follow. In both, it
/// is the same with the token that twilio-node writes: no token can help it.
#[test]
fn the_browser_client_reads_every_one_of_our_tokens_right() {
    let mut ours = ours();
    let cases = cases();
    assert_eq!(cases.len(), 57);
    for case in &cases {
        let (input, now) = Input::from_case(case);
        let token = input.mint(now);
        ours.push((input, token));
    }
    let tokens: Vec<&str> = ours.iter().map(|(_, token)| token.as_str()).collect();
    let mut unreadable = Vec::new();
    let mut queries = Vec::new();
    for ((input, token), read) in ours.iter().zip(browser(&tokens)) {
        let what = &input.name;
        let Some(scopes) = seen(input) else {
            assert_eq!(read["throws"], "URIError: URI malformed", "{what}");
            unreadable.push((input, read));
            continue;
        };
        assert_eq!(read["iss"], input.account, "{what}: {read}");
        let exp = &decode(token, &input.secret)["exp"];
        assert_eq!(&read["exp"], exp, "{what}: {read}");

        let read = &read["scopes"];
        let (incoming, outgoing) = (&read["client:incoming"], &read["client:outgoing"]);
        let texts = [
            (&incoming["clientName"], input.incoming.as_ref()),
            (
                &outgoing["appSid"],
                input.outgoing.as_ref().map(|(sid, _)| sid),
            ),
            (
                &outgoing["clientName"],
                input.outgoing.as_ref().and(input.caller()),
            ),
        ];
        for (read, text) in texts {
            match text {
                Some(text) if text.contains(['&', '=']) => assert!(read.is_object(), "{what}"),
                text => assert_eq!(read, &json!(text), "{what}"),
            }
        }
        if texts.iter().any(|(read, _)| read.is_object()) {
            queries.push((input, json!({"scopes": read})));
        }
        // And nothing else is there, nor anything else lost.
        assert_eq!(read, &scopes, "{what}");
    }

    let names = |inputs: &[(&Input, Value)]| -> Vec<String> {
        inputs.iter().map(|(input, _)| input.name.clone()).collect()
    };
    assert_eq!(
        names(&unreadable),
        [
            "a parameter of every character",
            "events with filters",
            "params_printable_ascii_value",
        ]
    );
    assert_eq!(
        names(&queries),
        [
            "a name that is a scope",
            "a name and an application that are queries",
            "the character '&'",
            "the character '='",
            "name_scope_injection",
            "app_sid_needs_escaping",
        ]
    );
    unreadable.extend(queries);
    let jobs: Vec<Value> = unreadable
        .iter()
        .map(|(input, _)| json!({"with": "twilio-node", "mint": input.job()}))
        .collect();
    let theirs = ask(&jobs);
    let theirs: Vec<&str> = theirs
        .iter()
        .map(|answer| answer["token"].as_str().expect("a token"))
        .collect();
    for ((input, ours), theirs) in unreadable.iter().zip(browser(&theirs)) {
        for key in ["throws", "scopes"] {
            assert_eq!(ours[key], theirs[key], "{}", input.name);
        }
    }
}

/// So that the test above means something.
#[test]
fn the_browser_client_is_as_particular_here_as_it_was() {
    let cases = cases();
    let case = |name: &str| {
        let case = cases.iter().find(|case| case["name"] == name);
        case.expect("a case")
    };
    let ours = |case: &Value| {
        let (input, now) = Input::from_case(case);
        input.mint(now)
    };
    let space = case("name_space");
    let beyond_ascii = case("sid_unicode");
    let scope = |scope: &str| hs256(HEADER, &json!({"scope": scope}).to_string(), "secret");
    let tokens = [
        official(space, "python-9.13.0").to_owned(),
        official(space, "node-6.2.0").to_owned(),
        ours(space),
        official(beyond_ascii, "ruby-3.16.1").to_owned(),
        official(beyond_ascii, "python-9.13.0").to_owned(),
        ours(beyond_ascii),
        scope("scope:client:incoming?clientName=a scope:client:incoming?clientName=b"),
        scope("scope:client:incoming?clientName=a  scope:client:outgoing?appSid=b"),
        scope("scope:client:incoming?clientName=a b"),
        scope("scope:client:outgoing?appSid=%E9"),
        hs256(HEADER, r#"{"iss":"AC123"}"#, "secret"),
    ];
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let read = browser(&tokens);

    let name = |read: &Value| read["scopes"]["client:incoming"]["clientName"].clone();
    assert_eq!(name(&read[0]), "Alice+Smith");
    assert_eq!(name(&read[1]), "Alice Smith");
    assert_eq!(name(&read[2]), "Alice Smith");

    let account = beyond_ascii["account_sid"].as_str().expect("a string");
    let latin1: String = account.bytes().map(char::from).collect();
    assert_ne!(account, latin1);
    assert_eq!(read[3]["iss"], latin1);
    assert_eq!(read[4]["iss"], account);
    assert_eq!(read[5]["iss"], account);

    assert_eq!(name(&read[6]), "b");
    assert_eq!(read[7]["throws"], "Error: Bad scope URI");
    assert_eq!(read[8]["throws"], "Error: Bad scope URI");
    assert_eq!(read[9]["throws"], "URIError: URI malformed");
    let missing = read[10]["throws"].as_str().expect("it throws");
    assert!(missing.starts_with("TypeError"), "{missing}");
}

/// The answers of tests/interop/sdk.py and sdk.mjs to jobs.
fn ask(jobs: &[Value]) -> Vec<Value> {
    let mut folders: BTreeMap<&str, Vec<(usize, &Value)>> = BTreeMap::new();
    for (place, job) in jobs.iter().enumerate() {
        let folder = match job["with"].as_str().expect("a name") {
            "PyJWT" | "twilio-python" => "python",
            "twilio-python 3.8.0" => "python-3.8.0",
            _ => "node",
        };
        folders.entry(folder).or_default().push((place, job));
    }
    let mut answers = vec![Value::Null; jobs.len()];
    for (folder, jobs) in folders {
        let (program, list) = match folder {
            "node" => (["node", "sdk.mjs"].as_slice(), "package-lock.json"),
            "python" => (
                ["python3", "-ISB", "-Wignore", "sdk.py"].as_slice(),
                "requirements.txt",
            ),
            _ => (
                ["python3", "-ISB", "-Wignore", "sdk.py"].as_slice(),
                "requirements-3.8.0.txt",
            ),
        };
        // What setup.sh leaves there last.
        let folder = sdk().join(folder);
        let wanted = fs::read(interop().join(list)).expect("a list");
        assert!(
            fs::read(folder.join(list)).is_ok_and(|installed| installed == wanted),
            "Twilio's libraries, as tests/interop/{list} has them, are not in {}. \
             Run: sh tests/setup.sh sdk",
            folder.display()
        );
        let inputs: Vec<&Value> = jobs.iter().map(|(_, job)| *job).collect();
        let outputs = talk(program, Some(&folder), &json!(inputs));
        assert_eq!(outputs.len(), jobs.len());
        for ((place, _), output) in jobs.into_iter().zip(outputs) {
            answers[place] = output;
        }
    }
    answers
}

/// What tests/interop/twilio_js.mjs sees in tokens.
fn browser(tokens: &[&str]) -> Vec<Value> {
    let answers = talk(&["node", "twilio_js.mjs"], None, &json!(tokens));
    assert_eq!(answers.len(), tokens.len());
    answers
}

/// Runs a program of tests/interop, with a list in and a list out.
fn talk(program: &[&str], argument: Option<&Path>, input: &Value) -> Vec<Value> {
    let (script, program) = program.split_last().expect("a program");
    let (name, options) = program.split_first().expect("a program");
    let mut child = Command::new(name)
        .args(options)
        .arg(interop().join(script))
        .args(argument)
        .env_remove("TWILIO_ACCOUNT_SID")
        .env_remove("TWILIO_AUTH_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}. Run: sh tests/setup.sh sdk"));
    // It reads all before it writes anything.
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(input.to_string().as_bytes())
        .expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{script}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("a list")
}

fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

fn sdk() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    own.parent().expect("a target folder").join("sdk")
}

/// The claims of a token, whoever signed it.
fn unverified(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes());
    serde_json::from_slice(&payload.expect("base64url")).expect("JSON")
}

fn from_json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Whether two values are the same in a language that has one kind of number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((a, one), (b, other))| a == b && same(one, other))
        }
        _ => a == b,
    }
}
