//! The contents of access tokens, and many examples.

use captoken::ffi::Status;
use serde_json::{Map, Value, json};

use crate::sdk_live::input::Pairs;
use crate::support::safe_handle::Handle;
use crate::support::scope::pairs;

/// The contents of an access token.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) name: String,
    account: String,
    key: String,
    pub(crate) secret: String,
    pub(crate) identity: Option<String>,
    incoming: bool,
    outgoing: Option<String>,
    /// None: the option is not passed. Empty: an empty list is passed.
    pub(crate) params: Option<Pairs>,
    push_credential: Option<String>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) region: Option<String>,
    /// Names, and values as JSON.
    pub(crate) claims: Pairs,
    pub(crate) not_before: Option<i64>,
    pub(crate) ttl: i64,
}

/// A grant other than voice: our JSON, and the class and options of Twilio's libraries.
#[derive(Clone)]
pub(crate) struct Grant {
    name: &'static str,
    json: Value,
    class: &'static str,
    pub(crate) options: Value,
}

/// The name, the class and all fields of each grant.
const GRANTS: [(&str, &str, &[&str]); 4] = [
    ("video", "VideoGrant", &["room"]),
    (
        "chat",
        "ChatGrant",
        &[
            "service_sid",
            "endpoint_id",
            "deployment_role_sid",
            "push_credential_sid",
        ],
    ),
    ("data_sync", "SyncGrant", &["service_sid", "endpoint_id"]),
    (
        "task_router",
        "TaskRouterGrant",
        &["workspace_sid", "worker_sid", "role"],
    ),
];

/// The class for the grant that contains JSON from Twilio's API.
pub(crate) const PLAYER: &str = "PlaybackGrant";

impl Grant {
    /// A grant with these fields, whose options have the same names.
    fn new(name: &'static str, class: &'static str, fields: &[&str], text: &str) -> Self {
        let value = |field: &&str| ((*field).to_owned(), format!("{text} {field}").into());
        let options: Value = fields.iter().map(value).collect::<Map<_, _>>().into();
        Self {
            name,
            json: options.clone(),
            class,
            options,
        }
    }

    fn player(json: Value, options: Value) -> Self {
        Self {
            name: "player",
            json,
            class: PLAYER,
            options,
        }
    }

    pub(crate) fn is_empty_player(&self) -> bool {
        self.class == PLAYER && self.options == json!({})
    }
}

impl Access {
    fn without_identity(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            account: "AC0123456789abcdef0123456789abcdef".to_owned(),
            key: "SK0123456789abcdef0123456789abcdef".to_owned(),
            secret: "f0e1d2c3b4a5968778695a4b3c2d1e0f".to_owned(),
            identity: None,
            incoming: false,
            outgoing: None,
            params: None,
            push_credential: None,
            grants: Vec::new(),
            region: None,
            claims: Vec::new(),
            not_before: None,
            ttl: 3600,
        }
    }

    fn new(name: &str) -> Self {
        Self::without_identity(name).identity("alice")
    }

    fn credentials(mut self, account: &str, key: &str, secret: &str) -> Self {
        self.account = account.to_owned();
        self.key = key.to_owned();
        self.secret = secret.to_owned();
        self
    }

    fn identity(mut self, identity: &str) -> Self {
        self.identity = Some(identity.to_owned());
        self
    }

    fn incoming(mut self) -> Self {
        self.incoming = true;
        self
    }

    fn outgoing(mut self, application: &str) -> Self {
        self.outgoing = Some(application.to_owned());
        self
    }

    fn params(mut self, params: &[(&str, &str)]) -> Self {
        self.params = Some(pairs(params));
        self.outgoing("APabe7650f654fc34655fc81ae71caa3ff")
    }

    fn push_credential(mut self, sid: &str) -> Self {
        self.push_credential = Some(sid.to_owned());
        self
    }

    fn grant(mut self, grant: Grant) -> Self {
        self.grants.push(grant);
        self
    }

    /// Every grant, with every field.
    fn all_grants(self, text: &str) -> Self {
        let grants = GRANTS.map(|(name, class, fields)| Grant::new(name, class, fields, text));
        let inside = json!({"text": text});
        let player = Grant::player(inside.clone(), json!({"grant": inside}));
        grants.into_iter().fold(self, Self::grant).grant(player)
    }

    fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    fn claims(mut self, claims: &[(&str, &str)]) -> Self {
        self.claims = pairs(claims);
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

    pub(crate) fn mint(&self, now: i64) -> String {
        self.try_mint(now)
            .unwrap_or_else(|status| panic!("{}: {status:?}", self.name))
    }

    pub(crate) fn try_mint(&self, now: i64) -> Result<String, Status> {
        let mut handle = Handle::access(&self.account, &self.key, &self.secret)?;
        match &self.identity {
            Some(identity) if self.incoming => handle.allow_incoming(identity)?,
            Some(identity) => handle.set_client_name(identity)?,
            None => assert!(!self.incoming, "incoming calls without an identity"),
        }
        if let Some(application) = &self.outgoing {
            handle.allow_outgoing(application)?;
            for (key, value) in self.params.iter().flatten() {
                handle.add_outgoing_param(key, value)?;
            }
        }
        if let Some(sid) = &self.push_credential {
            handle.set_push_credential(sid)?;
        }
        for grant in &self.grants {
            handle.add_grant(grant.name, &grant.json.to_string())?;
        }
        if let Some(region) = &self.region {
            handle.set_region(region)?;
        }
        for (name, json) in &self.claims {
            handle.add_claim(name, json)?;
        }
        if let Some(not_before) = self.not_before {
            handle.set_not_before(not_before)?;
        }
        handle.generate_at(now, self.ttl)
    }

    /// The job for tests/sdk/sdk.py and sdk.mjs, without absent options.
    pub(crate) fn job(&self) -> Value {
        let params: Option<Map<String, Value>> = self.params.as_ref().map(|params| {
            let params = params.iter();
            params
                .map(|(key, value)| (key.clone(), value.clone().into()))
                .collect()
        });
        let voice = without_nulls(json!({
            "incoming_allow": self.incoming.then_some(true),
            "outgoing_application_sid": self.outgoing,
            "outgoing_application_params": params,
            "push_credential_sid": self.push_credential,
        }));
        let mut grants = Vec::new();
        if voice != json!({}) {
            grants.push(json!(["VoiceGrant", voice]));
        }
        for grant in &self.grants {
            grants.push(json!([grant.class, grant.options]));
        }
        json!({
            "account": self.account,
            "key": self.key,
            "secret": self.secret,
            "options": without_nulls(json!({
                "identity": self.identity,
                "nbf": self.not_before,
                "region": self.region,
                "ttl": self.ttl,
            })),
            "grants": grants,
        })
    }
}

/// An object without its null members.
fn without_nulls(mut object: Value) -> Value {
    let members = object.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    object
}

/// All ASCII characters except NUL.
fn ascii() -> impl Iterator<Item = char> {
    '\u{1}'..='\u{7f}'
}

/// An input with this time to live.
pub(crate) fn lasting(ttl: i64) -> Access {
    Access::new("calls for a while").incoming().ttl(ttl)
}

/// Examples of every permission and option, and each character in each place.
pub(crate) fn grid(now: i64) -> Vec<Access> {
    let mut inputs = identities();
    inputs.extend(calls());
    inputs.extend(other_grants());
    inputs.extend(options(now));
    inputs.extend(characters());
    inputs
}

fn identities() -> Vec<Access> {
    let mut inputs = vec![
        Access::without_identity("nothing at all"),
        Access::without_identity("no identity, with calls").params(&[("a", "1")]),
        Access::without_identity("no identity, with all other grants").all_grants("x"),
        Access::new("an identity"),
    ];
    for identity in [
        "0",
        "false",
        "null",
        " ",
        " alice ",
        "Zoë",
        "日本",
        "😀👩‍👩‍👧",
        "e\u{301}",
        r#"a "quoted" \ one"#,
        "</script>",
        "a/b",
        "a\tb\r\nc\u{1}\u{7f}",
        "\u{2028}\u{feff}\u{ffff}\u{10ffff}",
    ] {
        let name = format!("the identity {identity:?}");
        inputs.push(Access::new(&name).identity(identity).incoming());
    }
    inputs
}

fn calls() -> Vec<Access> {
    let all: String = ascii().collect();
    let each: Vec<_> = ascii()
        .map(|c| (format!("k{c}"), format!("{c}v{c}")))
        .collect();
    let each: Vec<_> = each.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let alone: Vec<String> = ascii().map(String::from).collect();
    let alone: Vec<_> = alone.iter().map(|c| (c.as_str(), c.as_str())).collect();
    let many: Vec<String> = (0..1000).map(|number| format!("key {number}")).collect();
    let many: Vec<_> = many.iter().map(|key| (key.as_str(), "value")).collect();
    let long = "x \"é".repeat(5000);
    let new = Access::new;
    vec![
        new("incoming").incoming(),
        new("outgoing").outgoing("AP123"),
        new("both").incoming().outgoing("AP123"),
        new("a push credential").push_credential("CR123"),
        new("calls to a phone").incoming().push_credential("CR123"),
        new("calls of all kinds")
            .incoming()
            .params(&[("a b", "c&d=é"), ("To", "+14155551234")])
            .push_credential("CR123"),
        new("an empty list of parameters").params(&[]),
        new("a parameter of every character").params(&[(&all, &all)]),
        new("parameters of each character").params(&each),
        new("parameters of each character alone").params(&alone),
        new("empty parameters").params(&[("", ""), ("empty", "")]),
        new("one empty parameter").params(&[("", "")]),
        new("many parameters").params(&many),
        new("a long parameter").params(&[("long", &long)]),
        new("a key that repeats").params(&[("k", "1"), ("a", "x"), ("k", "2")]),
        new("keys that are numbers").params(&[("1", "b"), ("0", "a"), ("-1", "c")]),
        new("numbers from 0 on").params(&[("0", "a"), ("1", "b")]),
        new("keys of JavaScript and Python").params(&[
            ("__proto__", "1"),
            ("toString", "2"),
            ("self", "3"),
        ]),
        new("parameters beyond ASCII").params(&[("clé 日本", "Zoë 😀"), ("\u{10ffff}", "\u{80}")]),
    ]
}

fn other_grants() -> Vec<Access> {
    let mut inputs = Vec::new();
    for (name, class, fields) in GRANTS {
        let what = |with: &str| Access::new(&format!("{name} with {with}"));
        inputs.push(what("nothing").grant(Grant::new(name, class, &[], "")));
        for field in fields {
            inputs.push(what(field).grant(Grant::new(name, class, &[field], "x")));
        }
        inputs.push(what("all").grant(Grant::new(name, class, fields, "x")));
    }
    let inside = json!({
        "requestCredentials": null,
        "playbackUrl": "https://example.com/api/video/v1?token=a&b=\"é😀\\",
        "nested": {"list": [1, -2.5, 1e300, true, [], {"a": {"b": [null]}}], "": {}},
        "largest": 9_007_199_254_740_991_i64,
    });
    let player = |json: Value, options| Grant::player(json, options);
    inputs.extend([
        Access::new("player").grant(player(inside.clone(), json!({"grant": inside}))),
        Access::new("player with an empty object")
            .grant(player(json!({}), json!({"grant": json!({})}))),
        Access::new("player with nothing").grant(player(json!({}), json!({}))),
        Access::new("a grant that repeats")
            .grant(Grant::new("video", "VideoGrant", &["room"], "first"))
            .all_grants("then"),
        Access::new("all").all_grants("x"),
        Access::new("everything")
            .incoming()
            .params(&[("a", "1")])
            .push_credential("CR123")
            .all_grants("é \"\\ 😀")
            .region("ie1"),
    ]);
    inputs
}

/// Credentials, regions, times and claims.
fn options(now: i64) -> Vec<Access> {
    let new = Access::new;
    vec![
        new("the documentation's credentials")
            .credentials("AC123", "SK123", "secret")
            .incoming(),
        new("credentials beyond ASCII")
            .credentials(
                "AC<é😀 >&\"\\/\u{1}",
                "SK<é😀 >&\"\\/\u{1}",
                "ключ é 日本 😀, longer than 32",
            )
            .outgoing("AP<é😀 >&\"\\/\u{1}")
            .push_credential("CR<é😀 >&\"\\/\u{1}"),
        new("a secret of one character").credentials("AC123", "SK123", "s"),
        new("a long secret").credentials("AC123", "SK123", &"0123456789".repeat(20)),
        new("spaces around the credentials").credentials(
            " AC123 ",
            " SK123\n",
            "  padded secret, of 32 bytes..\t",
        ),
        new("Ireland").region("ie1").incoming(),
        new("Australia").region("au1").params(&[("a", "1")]),
        Access::without_identity("no identity, in Ireland").region("ie1"),
        new("a region that is odd").region(" \"r\\e/g\u{1}\n{}\u{7f}"),
        new("a region in Latin-1").region("île"),
        new("a region beyond Latin-1").region("日本1"),
        new("a second").ttl(1).incoming(),
        new("a minute").ttl(60).incoming(),
        new("a day").ttl(86400).incoming(),
        new("from now").not_before(now).incoming(),
        new("from yesterday").not_before(now - 86400).incoming(),
        new("in ten minutes").not_before(now + 600).incoming(),
        new("claims").incoming().claims(&[
            ("find", r#""me""#),
            (
                "nested",
                r#"{"b": [1, {"a": null}], "é": "日本 😀", "a": {"t": true, "f": -0.5}}"#,
            ),
            ("ключ \"\\ ", r#""\u00e9\ud83d\ude00\n""#),
            ("scopes", r#"["", [], {}]"#),
            ("__proto__", r#"{"x": 1}"#),
        ]),
    ]
}

fn characters() -> Vec<Access> {
    let beyond = "\u{80}éÿĀ日\u{ffff}😀".chars();
    let input = |character: char| {
        let name = format!("the character {character:?}");
        let input = Access::without_identity(&name)
            .credentials(
                &format!("AC{character}1"),
                &format!("SK{character}1"),
                &format!("{character} in a secret of 32 characters"),
            )
            .identity(&format!("a{character}b"))
            .incoming()
            .outgoing(&format!("{character}AP{character}"))
            .push_credential(&format!("CR{character}1"))
            .all_grants(&format!("{character}x{character}"));
        // `options` has the regions that are not ASCII.
        match character.is_ascii() {
            true => input.region(&format!("r{character}1")),
            false => input,
        }
    };
    ascii().chain(beyond).map(input).collect()
}
