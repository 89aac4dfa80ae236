//! Access tokens: minted with an API key's secret and no other, shown grant by grant,
//! and verified with the secret that belongs to them.

use captoken::token::Token;
use serde_json::{Value, json};

use crate::token::{parts, sign};
use crate::{Outcome, TestFile, captoken, inspect, inspect_json, outcome, words};

const MINT: [&str; 5] = ["mint", "--account", "AC1", "--api-key", "SK1"];

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}"#;

/// Mints with the secret of the API key and further arguments.
fn minting(arguments: &[&str]) -> Outcome {
    let mut command = captoken(&[&MINT, arguments].concat());
    command.env("CAPTOKEN_API_KEY_SECRET", "key secret");
    outcome(&mut command, "")
}

/// The token, minted without a word beside it.
fn mint(arguments: &[&str]) -> String {
    minting(arguments).printed().trim_end().to_owned()
}

/// The payload of a token that is what it should be otherwise.
fn payload_of(token: &str) -> String {
    let [header, payload] = parts(token);
    assert_eq!(header, HEADER);
    assert_eq!(
        token,
        sign(header.as_bytes(), payload.as_bytes(), "key secret")
    );
    payload
}

/// An access token with these grants.
fn granting(grants: &str) -> String {
    let payload = format!(r#"{{"iss":"SK1","sub":"AC1","exp":1,"grants":{grants}}}"#);
    sign(HEADER.as_bytes(), payload.as_bytes(), "key secret")
}

/// What inspect says of the identity and the grants.
fn said_of_grants(token: &str) -> Vec<String> {
    let said = inspect(token, "0");
    let lines = said.lines().map(str::to_owned);
    let lines = lines.skip_while(|line| !line.starts_with("account "));
    let lines = lines.skip(1).take_while(|line| !line.starts_with("expire"));
    lines.collect()
}

// Mint.

#[test]
fn mint_writes_the_library_s_access_token_byte_for_byte() {
    let minted = mint(&[
        "--now=1400000000",
        "--ttl=60",
        "--region=ie1",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--param=Foo=Bar",
        "--param=b=c=d",
        "--param=Foo=Baz",
        "--push-credential=CR1",
        "--grant=video={ \"room\": \"a=b\" }",
        "--grant=chat={\"service_sid\":\"IS1\"}",
        "--grant=video={\"room\":\"é\"}",
        "--claim=user={\"id\": 42}",
        "--not-before=1400000030",
    ]);
    let header = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1"}"#;
    let payload = r#"{"user":{"id":42},"jti":"SK1-1400000000","iss":"SK1","sub":"AC1","exp":1400000060,"nbf":1400000030,"grants":{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1","params":{"Foo":"Baz","b":"c=d"}},"push_credential_sid":"CR1"},"video":{"room":"\u00e9"},"chat":{"service_sid":"IS1"}}}"#;
    assert_eq!(parts(&minted), [header, payload]);
    assert_eq!(
        minted,
        sign(header.as_bytes(), payload.as_bytes(), "key secret")
    );

    let mut token = Token::default();
    token.set_account("AC1").expect("set");
    token.make_access("SK1").expect("set");
    token.key_mut().set("key secret");
    token.set_client_name("Bob Smith").expect("set");
    let expected = token.signed(1_400_000_000, 3600);
    let minted = mint(&["--now=1400000000", "--client-name=Bob Smith"]);
    assert_eq!(Ok(&minted), expected.as_ref());
    assert_eq!(
        payload_of(&minted),
        r#"{"jti":"SK1-1400000000","iss":"SK1","sub":"AC1","exp":1400003600,"grants":{"identity":"Bob Smith"}}"#
    );
}

#[test]
fn mint_s_json_of_an_access_token_has_the_token_and_its_expiry() {
    let json = minting(&["--json", "--now=1000", "--ttl=60"]).json();
    let token = json["token"].as_str().expect("a text");
    assert!(payload_of(token).contains(r#""exp":1060"#));
    assert_eq!(json, json!({"token": token, "expires_at": 1060}));
}

/// Twilio would refuse what the auth token signs.
#[test]
fn an_access_token_is_never_signed_with_the_auth_token_nor_the_other_way_round() {
    let of_both = |arguments: &[&str]| {
        let mut command = captoken(arguments);
        command
            .env("CAPTOKEN_AUTH_TOKEN", "auth token")
            .env("CAPTOKEN_API_KEY_SECRET", "key secret");
        let token = outcome(&mut command, "").printed();
        let [header, payload] = parts(token.trim_end());
        let signed_with = |secret| sign(header.as_bytes(), payload.as_bytes(), secret);
        ["auth token", "key secret"].map(|secret| signed_with(secret) == token.trim_end())
    };
    assert_eq!(of_both(&MINT), [false, true]);
    assert_eq!(of_both(&MINT[..3]), [true, false]);

    let missing = |arguments: &[&str], other: &str, message: &str| {
        let mut command = captoken(arguments);
        let outcome = outcome(command.arg("--json").env(other, "another"), "");
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {message}\n"));
        assert_eq!(outcome.json(), json!({"status": 1, "error": message}));
    };
    missing(
        &MINT,
        "CAPTOKEN_AUTH_TOKEN",
        "no API key secret: set CAPTOKEN_API_KEY_SECRET, or use --api-key-secret-file PATH",
    );
    missing(
        &MINT[..3],
        "CAPTOKEN_API_KEY_SECRET",
        "no auth token: set CAPTOKEN_AUTH_TOKEN, or use --auth-token-file PATH",
    );
}

#[test]
fn an_option_for_the_other_kind_of_token_is_wrong_usage_and_says_why() {
    let cases = "
        '--api-key <SID>' cannot be used with '--auth-token-file | --api-key=SK1 --auth-token-file=-
        '--api-key <SID>' cannot be used with '--event-stream'   | --api-key=SK1 --event-stream
        '--api-key <SID>' cannot be used with '--filter          | --api-key=SK1 --filter=a=b
        '--api-key <SID>' cannot be used with                    | --api-key=SK1 --event-stream --filter=a=b
        '--auth-token-file <PATH>' cannot be used with           | --auth-token-file=- --api-key-secret-file=-
        not provided: --api-key <SID>                            | --region=ie1
        not provided: --api-key <SID>                            | --push-credential=CR1
        not provided: --api-key <SID>                            | --grant=video={}
        not provided: <--api-key <SID>|--request <PATH>>         | --api-key-secret-file=-
        not provided: <--allow-outgoing <SID>|--api-key <SID>>   | --client-name=Alice
        not provided: --allow-outgoing <SID>                     | --api-key=SK1 --param=a=b";
    for line in cases.trim().lines() {
        let (said, arguments) = line.rsplit_once('|').expect("two columns");
        let mut command = captoken(&[&MINT[..3], &words(arguments)].concat());
        command
            .env("CAPTOKEN_AUTH_TOKEN", "auth token")
            .env("CAPTOKEN_API_KEY_SECRET", "key secret");
        let outcome = outcome(&mut command, "secret");
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
        let (complaint, _) = outcome.err.split_once("Usage:").expect("usage");
        let complaint = words(complaint).join(" ");
        assert!(complaint.contains(said.trim()), "{line}: {complaint}");
    }
}

#[test]
fn what_is_wrong_with_a_grant_is_told_with_its_name() {
    let reserved = "the library writes a claim or grant of this name itself";
    let no_object = "the value is not JSON, or the grant is not a JSON object";
    for (argument, code, said) in [
        (
            "--grant=identity={}",
            11,
            format!("--grant \"identity\": {reserved}"),
        ),
        (
            "--grant=voice={}",
            11,
            format!("--grant \"voice\": {reserved}"),
        ),
        (
            "--grant=video=",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=video=[]",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=video={} {}",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=a\u{1b}=x",
            12,
            format!("--grant \"a\\u{{1b}}\": {no_object}"),
        ),
        ("--claim=jti=1", 11, format!("--claim \"jti\": {reserved}")),
        ("--claim=sub=1", 11, format!("--claim \"sub\": {reserved}")),
        (
            "--claim=grants={}",
            11,
            format!("--claim \"grants\": {reserved}"),
        ),
    ] {
        let outcome = minting(&[argument, "--json"]);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        assert_eq!(outcome.json(), json!({"status": code, "error": said}));
    }
}

/// An identity for rooms or chats is no client name.
#[test]
fn names_of_access_tokens_are_warned_of_where_they_have_to_do_with_calls() {
    let refused = |option: &str| {
        format!(
            "captoken: warning: {option}: the client name is not 1 to 256 ASCII letters, digits \
             and underscores; calls may fail with Twilio's error 31105\n"
        )
    };
    let replaced = "captoken: warning: --client-name: an access token has one name, so that \
                    incoming calls reach this one and not that of --allow-incoming\n";
    let name = "--client-name=a@b.c";
    for (arguments, warnings, identity) in [
        (&["--allow-incoming=Alice"][..], String::new(), "Alice"),
        (
            &["--allow-incoming=a b"],
            refused("--allow-incoming"),
            "a b",
        ),
        (&[name], String::new(), "a@b.c"),
        (&[name, "--grant=chat={}"], String::new(), "a@b.c"),
        (
            &[name, "--allow-outgoing=AP1"],
            refused("--client-name"),
            "a@b.c",
        ),
        (
            &[name, "--push-credential=CR1"],
            refused("--client-name"),
            "a@b.c",
        ),
        (
            &[name, "--allow-incoming=a@b.c"],
            refused("--allow-incoming") + &refused("--client-name"),
            "a@b.c",
        ),
        (
            &["--allow-incoming=Al", "--client-name=Al"],
            String::new(),
            "Al",
        ),
        (
            &["--client-name=Bob", "--allow-incoming=Alice"],
            replaced.to_owned(),
            "Bob",
        ),
        // Nobody is called by the name that is not there.
        (
            &[name, "--allow-incoming=a b"],
            replaced.to_owned() + &refused("--client-name"),
            "a@b.c",
        ),
    ] {
        let outcome = minting(arguments);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(outcome.err, warnings, "{arguments:?}");
        let payload: Value =
            serde_json::from_str(&payload_of(outcome.out.trim_end())).expect("JSON");
        assert_eq!(payload["grants"]["identity"], identity);
    }
}

// Inspect.

#[test]
fn inspect_says_in_words_what_an_access_token_allows() {
    let token = mint(&[
        "--now=1400000000",
        "--region=ie1",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--param=Foo=Bar",
        "--param=a b=c, d=\u{1f600}",
        "--param=n=1",
        "--push-credential=CR1",
        "--grant=video={\"room\":\"stand up\"}",
        "--grant=chat={\"service_sid\": \"IS1\"}",
        "--not-before=1400000030",
    ]);
    let expected = "\
NOT VERIFIED: anybody can have written this.
header      {\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\",\"twr\":\"ie1\"}
payload     {\"jti\":\"SK1-1400000000\",\"iss\":\"SK1\",\"sub\":\"AC1\",\"exp\":1400003600,\
        \"nbf\":1400000030,\"grants\":{\"identity\":\"Alice\",\"voice\":{\
        \"incoming\":{\"allow\":true},\"outgoing\":{\"application_sid\":\"AP1\",\"params\":{\
        \"Foo\":\"Bar\",\"a b\":\"c, d=\\ud83d\\ude00\",\"n\":\"1\"}},\"push_credential_sid\":\"CR1\"},\
        \"video\":{\"room\":\"stand up\"},\"chat\":{\"service_sid\":\"IS1\"}}}
kind        access token
API key     SK1
account     AC1
region      ie1
identity    \"Alice\"
incoming    allowed
outgoing    to application AP1, parameters: Foo=Bar, \"a b\"=\"c, d=\u{1f600}\", n=\"1\"
push        by credential CR1
video       in room \"stand up\"
grant       chat {\"service_sid\":\"IS1\"}
expires     2014-05-13T17:53:20Z, in 59m 30s
valid since 2014-05-13T16:53:50Z, 0s ago
";
    assert_eq!(inspect(&token, "1400000030"), expected);
}

#[test]
fn the_json_of_inspect_has_the_grants_for_scripts() {
    let header = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1"}"#;
    let grants = r#"{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1","params":{"b":"x","a":1.50,"b":[{}]}},"push_credential_sid":"CR1","endpoint_id":"e"},"video":{"room":"r"},"chat":{ "service_sid":"IS1","n":1e2}}"#;
    let payload = format!(r#"{{"iss":"SK1","sub":"AC1","exp":60,"grants":{grants}}}"#);
    let token = sign(header.as_bytes(), payload.as_bytes(), "key secret");
    let command = &mut captoken(&["inspect", "--json", "--now=0", &token]);
    let expected = format!(
        "{{\"verified\":false,\"kind\":\"access\",\"header\":{header},\"payload\":{payload},\
         \"issuer\":\"SK1\",\"scopes\":[],\"account\":\"AC1\",\"api_key\":\"SK1\",\
         \"region\":\"ie1\",\"identity\":\"Alice\",\"grants\":[{{\"kind\":\"incoming\"}},\
         {{\"kind\":\"outgoing\",\"application_sid\":\"AP1\",\
         \"params\":{{\"b\":\"x\",\"a\":1.50,\"b\":[{{}}]}}}},\
         {{\"kind\":\"push\",\"push_credential_sid\":\"CR1\"}},\
         {{\"kind\":\"voice\",\"name\":\"endpoint_id\",\"value\":\"e\"}},\
         {{\"kind\":\"video\",\"room\":\"r\"}},\
         {{\"kind\":\"other\",\"name\":\"chat\",\"grant\":{{ \"service_sid\":\"IS1\",\"n\":1e2}}}}],\
         \"expires_at\":60,\"expired\":false,\"not_before\":null,\"issued_at\":null,\
         \"problem\":null}}\n"
    );
    assert_eq!(outcome(command, "").printed(), expected);
}

#[test]
fn the_help_names_all_that_scripts_get() {
    let help = |command| outcome(&mut captoken(&["help", command]), "").printed();
    let inspect = help("inspect");
    let named = |name: &str| {
        let is_part = |character: char| !character.is_ascii_alphanumeric() && character != '_';
        inspect.split(is_part).any(|word| word == name)
    };
    let grants = r#"{"voice":{"incoming":{"allow":true},"outgoing":{"application_sid":""},"push_credential_sid":"","x":1},"video":{"room":""},"chat":{}}"#;
    let json = inspect_json(&granting(grants), "0");
    assert_eq!(json["grants"].as_array().map(Vec::len), Some(6));
    for (member, _) in json.as_object().expect("an object") {
        assert!(named(member), "{member}: {inspect}");
    }
    for grant in json["grants"].as_array().expect("a list") {
        assert!(named(grant["kind"].as_str().expect("a text")), "{grant}");
        for (member, _) in grant.as_object().expect("an object") {
            assert!(named(member), "{member}: {inspect}");
        }
    }
    for command in ["mint", "verify"] {
        for name in ["CAPTOKEN_API_KEY_SECRET", "--api-key-secret-file <PATH>"] {
            assert!(help(command).contains(name), "{command} {name}");
        }
    }
    let one_name =
        "with --allow-incoming and another --client-name, incoming\ncalls reach that one";
    assert!(help("mint").contains(one_name));
}

#[test]
fn a_token_s_kind_is_told_by_its_header_or_else_by_its_claims() {
    let fpa = r#"{"alg":"HS256","cty":"twilio-fpa;v=1"}"#;
    let access = "access token";
    let refused = "access token that Twilio refuses: its header has no cty of twilio-fpa";
    let capability = "capability token";
    let neither = "neither a capability token nor an access token";
    for (header, claims, words, kind) in [
        // As twilio-python and twilio-ruby order them.
        (
            r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}"#,
            r#""grants":{}"#,
            access,
            json!("access"),
        ),
        (
            r#"{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}"#,
            r#""grants":{}"#,
            access,
            json!("access"),
        ),
        (
            r#"{"cty":"twilio-fpa;v=2"}"#,
            r#""a":1"#,
            access,
            json!("access"),
        ),
        (fpa, r#""scope":"""#, access, json!("access")),
        ("{}", r#""grants":{}"#, refused, json!("access")),
        (
            r#"{"cty":"JWT"}"#,
            r#""grants":{}"#,
            refused,
            json!("access"),
        ),
        (
            r#"{"cty":["twilio-fpa"]}"#,
            r#""grants":{}"#,
            refused,
            json!("access"),
        ),
        ("{}", r#""scope":"""#, capability, json!("capability")),
        // A claim of the program's own.
        (
            "{}",
            r#""grants":{},"scope":"""#,
            capability,
            json!("capability"),
        ),
        ("{}", r#""grants":{},"scope":[]"#, neither, Value::Null),
        ("{}", r#""grants":[]"#, neither, Value::Null),
        ("{}", r#""a":1"#, neither, Value::Null),
    ] {
        let payload = format!(r#"{{"iss":"I","sub":"S",{claims}}}"#);
        let token = sign(header.as_bytes(), payload.as_bytes(), "key secret");
        let said = inspect(&token, "0");
        let line = format!("\nkind        {words}\n");
        assert!(said.contains(&line), "{header} {payload} {said}");
        let json = inspect_json(&token, "0");
        assert_eq!(json["kind"], kind, "{header} {payload}");
        let (account, api_key) = match kind.as_str() {
            Some("access") => ("S".into(), "I".into()),
            Some(_) => ("I".into(), Value::Null),
            None => (Value::Null, Value::Null),
        };
        assert_eq!(json["account"], account);
        assert_eq!(json["api_key"], api_key);
        assert_eq!(json["issuer"], "I");
        let is_access = kind == "access";
        assert_eq!(said.contains("\nAPI key     I\naccount     S\n"), is_access);
        assert_eq!(said.contains("\nissuer      I\n"), !is_access);
    }
}

/// Neither kind of token is shown with permissions that it has in the other's claim.
#[test]
fn what_belongs_to_the_other_kind_is_no_permission() {
    let payload = r#"{"iss":"I","exp":9,"scope":"scope:client:incoming?clientName=Alice","grants":{"identity":"Bob","voice":{"incoming":{"allow":true}}}}"#;
    let header = HEADER.replace("}", r#","twr":"ie1"}"#);
    let access = sign(header.as_bytes(), payload.as_bytes(), "key secret");
    let json = inspect_json(&access, "0");
    assert_eq!(json["scopes"], json!([]));
    assert_eq!(json["grants"], json!([{"kind": "incoming"}]));
    assert!(!inspect(&access, "0").contains("as client"));

    let header = r#"{"alg":"HS256","typ":"JWT","twr":"ie1"}"#;
    let capability = sign(header.as_bytes(), payload.as_bytes(), "key secret");
    let json = inspect_json(&capability, "0");
    let scope = json!({"kind": "incoming", "client_name": "Alice"});
    assert_eq!(json["scopes"], json!([scope]));
    assert_eq!(json["grants"], json!([]));
    assert_eq!(json["region"], Value::Null);
    assert_eq!(json["identity"], Value::Null);
    let said = inspect(&capability, "0");
    assert!(
        !said.contains("\nidentity") && !said.contains("\nregion"),
        "{said}"
    );
}

#[test]
fn a_grant_of_another_form_is_shown_as_it_stands() {
    let cases = [
        (r"{}", &["identity    none", "grants      none"][..]),
        (
            r#"{"identity":"a b","chat":5,"video":{}}"#,
            &[
                "identity    \"a b\"",
                "grant       chat 5",
                "grant       video {}",
            ],
        ),
        (
            r#"{"identity":5}"#,
            &["identity    none", "grant       identity 5"],
        ),
        (
            r#"{"identity":"a","identity":"b","identity":"b"}"#,
            &[
                "identity    \"b\"",
                "grant       identity \"a\"",
                "grant       identity \"b\"",
            ],
        ),
        (
            r#"{"voice":"yes","voice":{},"voice":[{}],"voice":null}"#,
            &[
                "identity    none",
                "grant       voice \"yes\"",
                "grant       voice {}",
                "grant       voice [{}]",
                "grant       voice null",
            ],
        ),
        (
            r#"{"voice":{"incoming":{"allow":false},"incoming":{"allow":"true"},"incoming":true}}"#,
            &[
                "identity    none",
                "voice       incoming {\"allow\":false}",
                "voice       incoming {\"allow\":\"true\"}",
                "voice       incoming true",
            ],
        ),
        (
            r#"{"voice":{"incoming":{"allow":true,"allow":false},"incoming":{"allow":true,"x":1}}}"#,
            &[
                "identity    none",
                "voice       incoming {\"allow\":true,\"allow\":false}",
                "voice       incoming {\"allow\":true,\"x\":1}",
            ],
        ),
        (
            r#"{"voice":{"outgoing":{"params":{"a":"b"}},"outgoing":{"application_sid":1},"outgoing":{"application_sid":"AP1","params":["a"]}}}"#,
            &[
                "identity    none",
                "voice       outgoing {\"params\":{\"a\":\"b\"}}",
                "voice       outgoing {\"application_sid\":1}",
                "voice       outgoing {\"application_sid\":\"AP1\",\"params\":[\"a\"]}",
            ],
        ),
        (
            r#"{"voice":{"push_credential_sid":null,"endpoint_id":"e","a b":[1, 2]}}"#,
            &[
                "identity    none",
                "voice       push_credential_sid null",
                "voice       endpoint_id \"e\"",
                "voice       \"a b\" [1, 2]",
            ],
        ),
        (
            r#"{"video":{"room":null},"video":{"room":"r","x":1},"video":{"room":"r"}}"#,
            &[
                "identity    none",
                "grant       video {\"room\":null}",
                "grant       video {\"room\":\"r\",\"x\":1}",
                "video       in room \"r\"",
            ],
        ),
        // No value of a parameter can pass for one of another type, or for two.
        (
            r#"{"voice":{"outgoing":{"application_sid":"AP1","params":{"a":1,"b":"1","c":null,"d":"null","e":"{}","f":{"g":["h, i=j"]},"":"","k":"l, m=n","k":" 2"}}}}"#,
            &[
                "identity    none",
                "outgoing    to application AP1, parameters: a=1, b=\"1\", c=null, d=\"null\", \
                 e=\"{}\", f={\"g\":[\"h, i=j\"]}, \"\"=\"\", k=\"l, m=n\", k=\" 2\"",
            ],
        ),
        (
            r#"{"voice":{"outgoing":{"params":{},"application_sid":"AP 1"}}}"#,
            &["identity    none", "outgoing    to application \"AP 1\""],
        ),
        // What looks like the inside of a reader.
        (
            r#"{"voice":{"$serde_json::private::RawValue":"5"},"$serde_json::private::RawValue":"5"}"#,
            &[
                "identity    none",
                "voice       \"$serde_json::private::RawValue\" \"5\"",
                "grant       \"$serde_json::private::RawValue\" \"5\"",
            ],
        ),
    ];
    for (grants, expected) in cases {
        assert_eq!(said_of_grants(&granting(grants)), expected, "{grants}");
    }
    for grants in ["null", "[]", "\"x\"", "5"] {
        let token = granting(grants);
        let unknown = "grants      unknown: it has no grants that are an object";
        assert_eq!(said_of_grants(&token), ["identity    none", unknown]);
        let json = inspect_json(&token, "0");
        assert_eq!(
            (&json["grants"], &json["identity"]),
            (&json!([]), &Value::Null)
        );
    }
    let token = sign(HEADER.as_bytes(), br#"{"iss":5,"sub":[]}"#, "key secret");
    let said = inspect(&token, "0");
    assert!(
        said.contains(
            "\nAPI key     unknown: it has no iss that is a text\
             \naccount     unknown: it has no sub that is a text\n"
        ),
        "{said}"
    );
}

#[test]
fn the_grants_for_scripts_lose_nothing_of_the_token() {
    for (grants, identity, expected) in [
        (
            r#"{"identity":"a","identity":"b","chat":[]}"#,
            json!("b"),
            json!([
                {"kind": "other", "name": "identity", "grant": "a"},
                {"kind": "other", "name": "chat", "grant": []},
            ]),
        ),
        (
            r#"{"identity":{},"voice":{"incoming":{},"x":null,"outgoing":{"application_sid":"AP1"}}}"#,
            Value::Null,
            json!([
                {"kind": "other", "name": "identity", "grant": {}},
                {"kind": "voice", "name": "incoming", "value": {}},
                {"kind": "voice", "name": "x", "value": null},
                {"kind": "outgoing", "application_sid": "AP1", "params": {}},
            ]),
        ),
        (
            r#"{"voice":7,"video":"x","":{}}"#,
            Value::Null,
            json!([
                {"kind": "other", "name": "voice", "grant": 7},
                {"kind": "other", "name": "video", "grant": "x"},
                {"kind": "other", "name": "", "grant": {}},
            ]),
        ),
    ] {
        let json = inspect_json(&granting(grants), "0");
        assert_eq!(json["identity"], identity, "{grants}");
        assert_eq!(json["grants"], expected, "{grants}");
    }
}

/// As deep as the library reads, and long.
#[test]
fn hostile_grants_are_shown_whole() {
    let deep = format!("{}{}", "[".repeat(124), "]".repeat(124));
    let long = "x".repeat(1_000_000);
    let many: Vec<String> = (0..10_000).map(|n| format!(r#""g{n}":{{}}"#)).collect();
    let many = many.join(",");
    let grants = format!(
        r#"{{"chat":{deep},"voice":{{"x":{deep},"outgoing":{{"application_sid":"{long}","params":{{"a":{deep}}}}}}},{many}}}"#
    );
    let token = granting(&grants);
    let mut command = captoken(&["inspect", "--now=0", "-"]);
    let said = outcome(&mut command, &token).printed();
    let lines: Vec<&str> = said.lines().collect();
    for line in [
        format!("grant       chat {deep}"),
        format!("voice       x {deep}"),
        format!("outgoing    to application {long}, parameters: a={deep}"),
        "grant       g0 {}".to_owned(),
        "grant       g9999 {}".to_owned(),
    ] {
        assert!(lines.contains(&line.as_str()), "{line:.100}");
    }
    let mut command = captoken(&["inspect", "--json", "--now=0", "-"]);
    let said = outcome(&mut command, &token).printed();
    assert!(said.contains(&format!(r#""params":{{"a":{deep}}}"#)));
    assert!(said.contains(r#"{"kind":"other","name":"g9999","grant":{}}"#));
}

#[test]
fn nothing_in_an_access_token_reaches_the_terminal_as_a_control_character() {
    let bad = "\u{1b}[2J\u{7}\r\n\u{7f}\u{85}\u{9b}31m\u{202e}\u{2066}\u{2028}\u{feff}\u{e0041}x";
    let header = json!({"alg": "HS256", "cty": "twilio-fpa;v=1", "twr": bad}).to_string();
    let voice = json!({
        "outgoing": {"application_sid": bad, "params": {bad: bad, "json": [bad]}},
        "push_credential_sid": bad,
        bad: {bad: bad},
    });
    let grants = json!({
        "identity": bad,
        "voice": voice,
        "video": {"room": bad},
        bad: {bad: bad},
    });
    let payload = json!({"iss": bad, "sub": bad, "exp": 1, "grants": grants}).to_string();
    // White space stands between values, too.
    let payload = payload.replace(":{", ":\r\n\t{");
    let token = sign(header.as_bytes(), payload.as_bytes(), "key secret");
    for (arguments, lines) in [
        (&["inspect", "--now=0", &token][..], 14),
        (&["inspect", "--now=0", "--json", &token], 1),
    ] {
        let said = outcome(&mut captoken(arguments), "").printed();
        assert_eq!(said.lines().count(), lines, "{said}");
        for character in said.chars() {
            let is_harmless = character == '\n'
                || character.escape_debug().len() == 1
                || matches!(character, '"' | '\\');
            assert!(is_harmless, "{character:?}: {said}");
        }
        if lines == 1 {
            let json: Value = serde_json::from_str(&said).expect("JSON");
            for member in ["account", "api_key", "region", "identity"] {
                assert_eq!(json[member], bad, "{member}");
            }
            let all = json["grants"].as_array().expect("a list");
            assert!(all.contains(&json!({"kind": "video", "room": bad})));
            assert!(all.contains(&json!({"kind": "other", "name": bad, "grant": {bad: bad}})));
        } else {
            assert!(said.contains("\nidentity    \"\\u{1b}[2J"), "{said}");
        }
    }
}

// Verify.

/// The outcome of verify with secrets in the environment, "" for none.
fn verifying(token: &str, auth_token: &str, key_secret: &str, arguments: &[&str]) -> Outcome {
    let mut command = captoken(&["verify", "--now=1020", token]);
    for (variable, secret) in [
        ("CAPTOKEN_AUTH_TOKEN", auth_token),
        ("CAPTOKEN_API_KEY_SECRET", key_secret),
    ] {
        if !secret.is_empty() {
            command.env(variable, secret);
        }
    }
    outcome(command.args(arguments), "")
}

#[test]
fn verify_takes_the_secret_of_the_token_s_kind_and_says_which() {
    let access = mint(&["--now=1000", "--ttl=60"]);
    let capability = sign(
        crate::token::HEADER.as_bytes(),
        br#"{"scope":"","iss":"AC1","exp":1060}"#,
        "auth token",
    );
    // It is the header that counts.
    let without_cty = sign(
        crate::token::HEADER.as_bytes(),
        br#"{"iss":"SK1","exp":1060,"grants":{}}"#,
        "auth token",
    );
    let of_both = sign(
        HEADER.as_bytes(),
        br#"{"iss":"AC1","exp":1060,"scope":""}"#,
        "key secret",
    );
    let auth_file = TestFile::new("of verify: auth token", b"auth token\n");
    let key_file = TestFile::new("of verify: key secret", b"key secret\n");
    let option = |option: &str, file: &TestFile| format!("{option}={}", file.0.display());
    let auth_file = option("--auth-token-file", &auth_file);
    let key_file = option("--api-key-secret-file", &key_file);
    let key_as_auth_token = key_file.replace("--api-key-secret-file", "--auth-token-file");

    let variables = ["CAPTOKEN_AUTH_TOKEN", "CAPTOKEN_API_KEY_SECRET"];
    let files = ["the --auth-token-file", "the --api-key-secret-file"];
    for (token, auth_token, key_secret, file, place) in [
        (&access, "auth token", "key secret", "", variables[1]),
        (&access, "", "key secret", "", variables[1]),
        (&access, "key secret", "", "", variables[0]),
        (&access, "x", "x", &key_file, files[1]),
        (&access, "x", "x", &key_as_auth_token, files[0]),
        (&of_both, "auth token", "key secret", "", variables[1]),
        (&capability, "auth token", "key secret", "", variables[0]),
        (&capability, "auth token", "", "", variables[0]),
        (&capability, "x", "x", &auth_file, files[0]),
        (&without_cty, "auth token", "key secret", "", variables[0]),
    ] {
        let file: Vec<&str> = [file].into_iter().filter(|file| !file.is_empty()).collect();
        let said = verifying(token, auth_token, key_secret, &file).printed();
        let expected = format!(
            "VERIFIED: signed with the secret in {place}, and valid at 1970-01-01T00:17:00Z.\n"
        );
        assert!(said.starts_with(&expected), "{said}");
        let json = verifying(
            token,
            auth_token,
            key_secret,
            &[&file[..], &["--json"]].concat(),
        );
        let mut inspected = inspect_json(token, "1020");
        inspected["verified"] = true.into();
        assert_eq!(json.json(), inspected);
    }

    let hint = "; an access token is signed with the secret of its API key";
    for (token, auth_token, key_secret, file, place, hint) in [
        (&access, "key secret", "x", "", variables[1], hint),
        (&access, "auth token", "", "", variables[0], hint),
        (
            &access,
            "key secret",
            "key secret",
            &auth_file,
            files[0],
            hint,
        ),
        (&capability, "x", "auth token", "", variables[0], ""),
        (
            &capability,
            "auth token",
            "auth token",
            &key_file,
            files[1],
            "",
        ),
        (
            &without_cty,
            "key secret",
            "auth token",
            "",
            variables[0],
            "",
        ),
        // Asked for in the header, the other secret must have signed it.
        (&of_both, "key secret", "auth token", "", variables[1], hint),
    ] {
        let file: Vec<&str> = [file].into_iter().filter(|file| !file.is_empty()).collect();
        let outcome = verifying(
            token,
            auth_token,
            key_secret,
            &[&file[..], &["--json"]].concat(),
        );
        assert_eq!(outcome.code, Some(18), "{outcome:?}");
        let said = format!("the token's signature does not match the secret in {place}{hint}");
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        let expected = json!({"verified": false, "status": 18, "error": said});
        assert_eq!(outcome.json(), expected);
    }

    for (token, auth_token, key_secret, said) in [
        (
            &access,
            "",
            "",
            "no API key secret: set CAPTOKEN_API_KEY_SECRET, or use --api-key-secret-file PATH",
        ),
        (
            &capability,
            "",
            "key secret",
            "no auth token: set CAPTOKEN_AUTH_TOKEN, or use --auth-token-file PATH",
        ),
    ] {
        let outcome = verifying(token, auth_token, key_secret, &["--json"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        let expected = json!({"verified": false, "status": 1, "error": said});
        assert_eq!(outcome.json(), expected);
    }
    // One that is set and empty was meant.
    let mut command = captoken(&["verify", "--now=1020", &access]);
    command
        .env("CAPTOKEN_AUTH_TOKEN", "key secret")
        .env("CAPTOKEN_API_KEY_SECRET", "");
    let outcome = outcome(&mut command, "");
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.err, "captoken: CAPTOKEN_API_KEY_SECRET is empty\n");
}

#[test]
fn an_access_token_is_valid_from_nbf_until_the_second_before_exp() {
    let token = mint(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let codes = ["1009", "1010", "1059", "1060"].map(|now| {
        let mut command = captoken(&["verify", "--now", now, &token]);
        command.env("CAPTOKEN_API_KEY_SECRET", "key secret");
        outcome(&mut command, "").code
    });
    assert_eq!(codes, [Some(20), Some(0), Some(0), Some(19)]);
}
