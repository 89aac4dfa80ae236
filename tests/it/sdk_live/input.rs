//! The contents of capability tokens, and many examples.

use std::ops::RangeInclusive;

use captoken::ffi::Status;
use serde_json::{Value, json};

use crate::support::safe_handle::Handle;
use crate::support::scope::{Scope, pairs};
use crate::support::vectors;

/// The path of the scope for events in all of Twilio's libraries.
pub(crate) const EVENTS: &str = "/2010-04-01/Events";

pub(crate) type Pairs = Vec<(String, String)>;

/// The contents of a capability token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) secret: String,
    pub(crate) incoming: Option<String>,
    /// The name for outgoing calls only.
    pub(crate) client_name: Option<String>,
    /// The application and the parameters.
    pub(crate) outgoing: Option<(String, Pairs)>,
    /// The filters.
    pub(crate) events: Option<Pairs>,
    /// Names, and values as JSON.
    pub(crate) claims: Pairs,
    pub(crate) not_before: Option<i64>,
    pub(crate) ttl: i64,
}

impl Input {
    pub(crate) fn new(name: &str) -> Self {
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

    pub(crate) fn incoming(mut self, client_name: &str) -> Self {
        self.incoming = Some(client_name.to_owned());
        self
    }

    fn client_name(mut self, client_name: &str) -> Self {
        self.client_name = Some(client_name.to_owned());
        self
    }

    fn outgoing(mut self, application: &str, params: &[(&str, &str)]) -> Self {
        self.outgoing = Some((application.to_owned(), pairs(params)));
        self
    }

    pub(crate) fn params(self, params: &[(&str, &str)]) -> Self {
        self.outgoing("APabe7650f654fc34655fc81ae71caa3ff", params)
    }

    fn events(mut self, filters: &[(&str, &str)]) -> Self {
        self.events = Some(pairs(filters));
        self
    }

    pub(crate) fn claims(mut self, claims: &[(&str, &str)]) -> Self {
        self.claims = pairs(claims);
        self
    }

    pub(crate) fn not_before(mut self, not_before: i64) -> Self {
        self.not_before = Some(not_before);
        self
    }

    pub(crate) fn ttl(mut self, ttl: i64) -> Self {
        self.ttl = ttl;
        self
    }

    /// A case of tests/data, and its time.
    pub(crate) fn from_case(case: &Value) -> (Self, i64) {
        let mut input = Self::new(vectors::text(&case["name"]));
        input.account = vectors::text(&case["account_sid"]).to_owned();
        input.secret = vectors::text(&case["auth_token"]).to_owned();
        input.incoming = case["incoming"].as_str().map(str::to_owned);
        if case["outgoing"].is_object() {
            let application = vectors::text(&case["outgoing"]["application_sid"]).to_owned();
            input.outgoing = Some((application, vectors::pairs(&case["outgoing"]["params"])));
        }
        if case["event_stream"].is_object() {
            input.events = Some(vectors::pairs(&case["event_stream"]["filters"]));
        }
        for (name, value) in vectors::pairs(&case["claims"]) {
            input.claims.push((name, Value::from(value).to_string()));
        }
        if let Some(ttl) = case["ttl"].as_i64() {
            input.ttl = ttl;
        }
        (input, case["now"].as_i64().expect("an integer"))
    }

    pub(crate) fn mint(&self, now: i64) -> String {
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

    /// The job for tests/sdk/sdk.py and sdk.mjs.
    pub(crate) fn job(&self) -> Value {
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

    /// The client name of outgoing calls.
    pub(crate) fn caller(&self) -> Option<&str> {
        self.client_name.as_deref().or(self.incoming.as_deref())
    }

    /// The parameters and the filters.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Pairs> {
        let params = self.outgoing.as_ref().map(|(_, params)| params);
        params.into_iter().chain(&self.events)
    }

    pub(crate) fn lists_mut(&mut self) -> impl Iterator<Item = &mut Pairs> {
        let params = self.outgoing.as_mut().map(|(_, params)| params);
        params.into_iter().chain(&mut self.events)
    }

    /// The scopes that a token of this input contains.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        let mut allow = |name, query: &[(&str, &str)], params: &Pairs| {
            scopes.push(Scope {
                name: format!("scope:{name}"),
                query: pairs(query),
                params: params.clone(),
            });
        };
        if let Some(name) = &self.incoming {
            allow("client:incoming", &[("clientName", name)], &Vec::new());
        }
        if let Some((application, params)) = &self.outgoing {
            let mut query = vec![("appSid", application.as_str())];
            query.extend(self.caller().map(|name| ("clientName", name)));
            allow("client:outgoing", &query, params);
        }
        if let Some(filters) = &self.events {
            allow("stream:subscribe", &[("path", EVENTS)], filters);
        }
        scopes
    }
}

/// The printable ASCII characters.
fn printable() -> RangeInclusive<char> {
    ' '..='~'
}

/// Examples of every permission and option, and each character in each place.
pub(crate) fn grid(now: i64) -> Vec<Input> {
    let all: String = printable().collect();
    let each = printable().map(|c| (format!("k{c}"), format!("{c}v{c}")));
    let each: Vec<(String, String)> = each.collect();
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
        new("different names for incoming and outgoing calls")
            .incoming("jenny")
            .client_name("support desk")
            .params(&[("a", "1")]),
        new("a client name without permissions").client_name("jenny"),
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
            ("jti", r#""a string""#),
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
