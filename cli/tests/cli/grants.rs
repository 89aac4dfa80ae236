//! inspect: the permissions of access tokens.

use serde_json::{Value, json};

use crate::access::mint_access;
use crate::support::token::{ACCESS_HEADER, sign as sign_bytes};
use crate::{captoken, inspect, inspect_json, outcome};

/// An access token with these grants.
fn granting(grants: &str) -> String {
    let payload = format!(r#"{{"iss":"SK1","sub":"AC1","exp":1,"grants":{grants}}}"#);
    sign_bytes(ACCESS_HEADER.as_bytes(), payload.as_bytes(), "key secret")
}

/// The lines of inspect from the identity to the last grant.
fn said_of_grants(token: &str) -> Vec<String> {
    let said = inspect(token, "0");
    let lines = said.lines().map(str::to_owned);
    let lines = lines.skip_while(|line| !line.starts_with("API key "));
    let lines = lines.skip(1).take_while(|line| !line.starts_with("expire"));
    lines.collect()
}

#[test]
fn inspect_describes_access_tokens() {
    let token = mint_access(&[
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
NOT VERIFIED: the signature was not checked

kind        access token
account     AC1
API key     SK1
region      ie1
identity    Alice
incoming    allowed
outgoing    to application AP1, parameters: Foo=Bar, \"a b\"=\"c, d=\u{1f600}\", n=\"1\"
push        by credential CR1
video       in room \"stand up\"
other       chat {\"service_sid\":\"IS1\"}
expires     2014-05-13T17:53:20Z, in 59 minutes 30 seconds
valid since 2014-05-13T16:53:50Z, 0 seconds ago

header {
  \"typ\": \"JWT\",
  \"alg\": \"HS256\",
  \"cty\": \"twilio-fpa;v=1\",
  \"twr\": \"ie1\"
}

payload {
  \"jti\": \"SK1-1400000000\",
  \"iss\": \"SK1\",
  \"sub\": \"AC1\",
  \"exp\": 1400003600,
  \"nbf\": 1400000030,
  \"grants\": {
    \"identity\": \"Alice\",
    \"voice\": {
      \"incoming\": {
        \"allow\": true
      },
      \"outgoing\": {
        \"application_sid\": \"AP1\",
        \"params\": {
          \"Foo\": \"Bar\",
          \"a b\": \"c, d=\\ud83d\\ude00\",
          \"n\": \"1\"
        }
      },
      \"push_credential_sid\": \"CR1\"
    },
    \"video\": {
      \"room\": \"stand up\"
    },
    \"chat\": {
      \"service_sid\": \"IS1\"
    }
  }
}
";
    assert_eq!(inspect(&token, "1400000030"), expected);
}

#[test]
fn inspect_json_has_grants() {
    let header = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1"}"#;
    let grants = r#"{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1","params":{"b":"x","a":1.50,"b":[{}]}},"push_credential_sid":"CR1","endpoint_id":"e"},"video":{"room":"r"},"chat":{ "service_sid":"IS1","n":1e2}}"#;
    let payload = format!(r#"{{"iss":"SK1","sub":"AC1","exp":60,"grants":{grants}}}"#);
    let token = sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret");
    let command = &mut captoken(&["inspect", "--json", "--now=0", &token]);
    let expected = format!(
        "{{\"verified\":false,\"kind\":\"access\",\"account\":\"AC1\",\"api_key\":\"SK1\",\
         \"issuer\":\"SK1\",\"region\":\"ie1\",\"identity\":\"Alice\",\"scopes\":[],\"grants\":[{{\"kind\":\"incoming\"}},\
         {{\"kind\":\"outgoing\",\"application_sid\":\"AP1\",\
         \"params\":{{\"b\":\"x\",\"a\":1.50,\"b\":[{{}}]}}}},\
         {{\"kind\":\"push\",\"push_credential_sid\":\"CR1\"}},\
         {{\"kind\":\"voice\",\"name\":\"endpoint_id\",\"value\":\"e\"}},\
         {{\"kind\":\"video\",\"room\":\"r\"}},\
         {{\"kind\":\"other\",\"name\":\"chat\",\"grant\":{{ \"service_sid\":\"IS1\",\"n\":1e2}}}}],\
         \"expires_at\":60,\"expired\":false,\"not_before\":null,\"issued_at\":null,\
         \"problem\":null,\"warnings\":[],\"header\":{header},\"payload\":{payload}}}\n"
    );
    assert_eq!(outcome(command, "").printed(), expected);
}

#[test]
fn help_names_all_json_members() {
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
        assert!(named(grant["kind"].as_str().expect("a string")), "{grant}");
        for (member, _) in grant.as_object().expect("an object") {
            assert!(named(member), "{member}: {inspect}");
        }
    }
    for command in ["mint", "verify"] {
        for name in ["TWILIO_API_KEY_SECRET", "--api-key-secret-file <PATH>"] {
            assert!(help(command).contains(name), "{command} {name}");
        }
    }
    let one_name =
        "if --client-name differs from --allow-incoming, incoming\ncalls reach --client-name";
    assert!(help("mint").contains(one_name));
}

#[test]
fn header_decides_kind_before_claims() {
    let fpa = r#"{"alg":"HS256","cty":"twilio-fpa;v=1"}"#;
    let access = "access token";
    let refused = "access token that Twilio refuses: its header has no cty of twilio-fpa";
    let capability = "capability token, for browsers; phones need an access token";
    let neither = "neither a capability token nor an access token";
    for (header, claims, words, kind) in [
        // The orders of twilio-python and twilio-ruby.
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
        // A private claim.
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
        let token = sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret");
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
        assert_eq!(said.contains("\naccount     S\nAPI key     I\n"), is_access);
        assert_eq!(said.contains("\naccount     I\n"), kind == "capability");
        assert_eq!(said.contains("\nissuer      I\n"), kind.is_null());
    }
}

/// A token may contain the claim of the other kind.
#[test]
fn permissions_of_the_other_kind_are_ignored() {
    let payload = r#"{"iss":"I","exp":9,"scope":"scope:client:incoming?clientName=Alice","grants":{"identity":"Bob","voice":{"incoming":{"allow":true}}}}"#;
    let header = ACCESS_HEADER.replace("}", r#","twr":"ie1"}"#);
    let access = sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret");
    let json = inspect_json(&access, "0");
    assert_eq!(json["scopes"], json!([]));
    assert_eq!(json["grants"], json!([{"kind": "incoming"}]));
    assert!(!inspect(&access, "0").contains("as client"));

    let header = r#"{"alg":"HS256","typ":"JWT","twr":"ie1"}"#;
    let capability = sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret");
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
fn unknown_grants_are_shown_unchanged() {
    let cases = [
        (r"{}", &["identity    none", "permissions none"][..]),
        (
            r#"{"identity":"a b","chat":5,"video":{}}"#,
            &[
                "identity    \"a b\"",
                "other       chat 5",
                "other       video {}",
            ],
        ),
        (
            r#"{"identity":5}"#,
            &["identity    none", "other       identity 5"],
        ),
        (
            r#"{"identity":"a","identity":"b","identity":"b"}"#,
            &[
                "identity    b",
                "other       identity \"a\"",
                "other       identity \"b\"",
            ],
        ),
        (
            r#"{"voice":"yes","voice":{},"voice":[{}],"voice":null}"#,
            &[
                "identity    none",
                "other       voice \"yes\"",
                "other       voice {}",
                "other       voice [{}]",
                "other       voice null",
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
                "other       video {\"room\":null}",
                "other       video {\"room\":\"r\",\"x\":1}",
                "video       in room r",
            ],
        ),
        // A parameter cannot pass for one of another type, or for two.
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
        // The name of an internal member of serde_json.
        (
            r#"{"voice":{"$serde_json::private::RawValue":"5"},"$serde_json::private::RawValue":"5"}"#,
            &[
                "identity    none",
                "voice       \"$serde_json::private::RawValue\" \"5\"",
                "other       \"$serde_json::private::RawValue\" \"5\"",
            ],
        ),
    ];
    for (grants, expected) in cases {
        assert_eq!(said_of_grants(&granting(grants)), expected, "{grants}");
    }
    for grants in ["null", "[]", "\"x\"", "5"] {
        let token = granting(grants);
        assert_eq!(
            said_of_grants(&token),
            [
                "identity    none",
                "permissions unknown (grants is not an object)"
            ]
        );
        let json = inspect_json(&token, "0");
        assert_eq!(
            (&json["grants"], &json["identity"]),
            (&json!([]), &Value::Null)
        );
    }
    let token = sign_bytes(
        ACCESS_HEADER.as_bytes(),
        br#"{"iss":5,"sub":[]}"#,
        "key secret",
    );
    let said = inspect(&token, "0");
    assert!(
        said.contains(
            "\naccount     unknown\nAPI key     unknown\nidentity    none\n\
             permissions unknown (grants is not an object)\n"
        ),
        "{said}"
    );
}

#[test]
fn json_grants_lose_no_member() {
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

/// These nest as deep as the library reads, or are long.
#[test]
fn large_grants_are_shown_whole() {
    let deep = format!("{}{}", "[".repeat(124), "]".repeat(124));
    let long = "x".repeat(1_000_000);
    let many: Vec<String> = (0..10_000).map(|n| format!(r#""g{n}":{{}}"#)).collect();
    let many = many.join(",");
    let grants = format!(
        r#"{{"chat":{deep},"voice":{{"x":{deep},"outgoing":{{"application_sid":"{long}","params":{{"a":{deep}}}}}}},{many}}}"#
    );
    let token = granting(&grants);
    let mut command = captoken(&["inspect", "--quiet", "--now=0", "-"]);
    let said = outcome(&mut command, &token).printed();
    let lines: Vec<&str> = said.lines().collect();
    for line in [
        format!("other       chat {deep}"),
        format!("voice       x {deep}"),
        format!("outgoing    to application {long}, parameters: a={deep}"),
        "other       g0 {}".to_owned(),
        "other       g9999 {}".to_owned(),
    ] {
        assert!(lines.contains(&line.as_str()), "{line:.100}");
    }
    let mut command = captoken(&["inspect", "--json", "--quiet", "--now=0", "-"]);
    let said = outcome(&mut command, &token).printed();
    assert!(said.contains(&format!(r#""params":{{"a":{deep}}}"#)));
    assert!(said.contains(r#"{"kind":"other","name":"g9999","grant":{}}"#));
}

#[test]
fn inspect_escapes_control_characters_of_grants() {
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
    // White space between values is escaped, too.
    let payload = payload.replace(":{", ":\r\n\t{");
    let token = sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret");
    for (arguments, lines) in [
        (&["inspect", "--quiet", "--now=0", &token][..], 49),
        (&["inspect", "--quiet", "--now=0", "--json", &token], 1),
    ] {
        let said = outcome(&mut captoken(arguments), "").printed();
        assert_eq!(said.lines().count(), lines, "{said}");
        for character in said.chars() {
            let is_harmless = character == '\n'
                || character.escape_debug().len() == 1
                || matches!(character, '"' | '\'' | '\\');
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
