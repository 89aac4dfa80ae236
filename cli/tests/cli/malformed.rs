//! Malformed tokens: inspect and verify give the message of the library.

use std::fs;
use std::path::Path;

use captoken::ffi::Status;

use crate::support::token::{HEADER, sign as sign_bytes};
use crate::{captoken, mint, outcome, sign, signing};

/// Both commands give the message, whether inspect can show the contents or not.
fn assert_malformed(token: impl AsRef<[u8]>) {
    let token = token.as_ref();
    let message = Status::TokenMalformed.message();
    let message = message.to_str().expect("ASCII");
    let line = format!("captoken: {message}\n");
    let shown = String::from_utf8_lossy(token).into_owned();
    let verified = outcome(&mut signing(&["verify", "--now=0", "-"]), token);
    assert_eq!(
        (verified.code, &verified.err),
        (Some(16), &line),
        "{shown:.200}"
    );
    assert_eq!(verified.out, "");
    let inspected = outcome(&mut captoken(&["inspect", "--json", "--now=0", "-"]), token);
    if inspected.code == Some(16) {
        assert_eq!(inspected.err, line);
        assert_eq!(inspected.json()["error"], message);
    } else {
        assert_eq!(inspected.code, Some(0), "{inspected:?}");
        assert_eq!(inspected.json()["problem"], message, "{shown:.200}");
    }
}

/// The parts of a valid token.
fn valid_parts() -> [String; 3] {
    let token = mint(&["--now=0"]);
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().expect("three parts")
}

#[test]
fn other_than_three_parts_are_malformed() {
    let [header, payload, signature] = valid_parts();
    let token = format!("{header}.{payload}.{signature}");
    assert_malformed("");
    assert_malformed("Bearer");
    for bearer in ["Bearer ", "bearer  "] {
        assert_malformed(format!("{bearer}{token}"));
    }
    assert_malformed(format!("{header}.{payload}"));
    assert_malformed(format!("{token}."));
    assert_malformed(format!("{token}.{token}"));
}

#[test]
fn parts_that_are_not_base64url_are_malformed() {
    for index in 0..3 {
        for end in ["=", "+=", "/", "a\nb", "\u{1b}[2J", "\u{202e}", "é"] {
            let mut parts = valid_parts();
            parts[index] += end;
            assert_malformed(parts.join("."));
        }
        // No bytes have this length; the last character has bits of another byte.
        for cut in ["AAAAA", "AB"] {
            let mut parts = valid_parts();
            parts[index] = cut.to_owned();
            assert_malformed(parts.join("."));
        }
    }
    // Input that is not UTF-8.
    assert_malformed(b"a.\xff.b");
}

#[test]
fn parts_that_are_not_objects_are_malformed() {
    let right = br#"{"exp":1}"#;
    for json in [
        &b""[..],
        b"[]",
        b"null",
        b"{\"exp\":1,}",
        b"{} {}",
        b"{\"exp\":1,\"a\":\"\xff\"}",
    ] {
        assert_malformed(sign_bytes(json, right, "secret"));
        assert_malformed(sign_bytes(HEADER.as_bytes(), json, "secret"));
    }
    // Other readers of JSON may accept an escape for half a character.
    for text in [r"\ud800", r"\udc00\ud800", r"\\\udFFF\\u0020", r"a\ud800b"] {
        for json in [
            format!(r#"{{"exp":1,"alg":"HS256","a":[{{"b":"{text}"}}]}}"#),
            format!(r#"{{"{text}":1,"alg":"HS256","exp":1}}"#),
        ] {
            assert_malformed(sign(&json, r#"{"exp":1}"#));
            assert_malformed(sign(HEADER, &json));
        }
    }
}

#[test]
fn wrong_headers_and_times_are_malformed() {
    for header in [
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","typ":"JWE"}"#,
        r#"{"alg":"HS256","typ":null}"#,
        r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"HS256","typ":"JWT"}"#,
    ] {
        assert_malformed(sign(header, r#"{"exp":1}"#));
    }
    for payload in [
        "{}",
        r#"{"exp":null}"#,
        r#"{"exp":"soon"}"#,
        r#"{"exp":"1.5"}"#,
        r#"{"exp":[1]}"#,
        r#"{"exp":1,"nbf":null}"#,
        r#"{"exp":1,"nbf":"+1"}"#,
        r#"{"exp":1,"exp":1}"#,
        r#"{"exp":1,"nbf":1,"nbf":1,"nbf":1}"#,
    ] {
        assert_malformed(sign(HEADER, payload));
    }
}

#[test]
fn file_name_instead_of_token_is_explained() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("file names");
    fs::create_dir_all(folder.join("a folder")).expect("a folder");
    let hint = "the token is malformed: the argument is the name of a file; use - < ";
    for (name, shown) in [
        ("token.jwt", "token.jwt"),
        ("./a.b-c.jwt", "./a.b-c.jwt"),
        ("my token", "PATH"),
        ("\u{1b}[2J", "PATH"),
    ] {
        fs::write(folder.join(name), mint(&[])).expect("written");
        for command in ["verify", "inspect"] {
            let mut command = signing(&[command, "--json", name]);
            let outcome = outcome(command.current_dir(&folder), "");
            assert_eq!(outcome.code, Some(16), "{outcome:?}");
            assert_eq!(outcome.err, format!("captoken: {hint}{shown}\n"));
            assert_eq!(outcome.json()["error"], format!("{hint}{shown}"));
        }
    }
    for name in ["another.jwt", "a folder", ".", "", "-"] {
        let mut command = signing(&["verify", name]);
        let outcome = outcome(command.current_dir(&folder), "");
        assert_eq!(outcome.code, Some(16), "{outcome:?}");
        assert_eq!(outcome.err, "captoken: the token is malformed\n");
    }
}

/// Readers of the report could not read what nests deeper.
#[test]
fn inspect_reads_as_deep_as_verify() {
    let quotes = r#""\"[[[{{{\\""#;
    for (open, close) in [("[", "]"), ("{\"[\":", "}")] {
        for (depth, is_read) in [(128, true), (129, false), (90_000, false)] {
            let deep = format!("{}{quotes}{}", open.repeat(depth), close.repeat(depth));
            let token = sign(HEADER, &format!("{{\"a\":{deep},\"b\":[{{}}],\"exp\":1}}"));
            let header = format!("{{\"alg\":\"HS256\",\"a\":{deep}}}");
            let other = sign(&header, r#"{"exp":1}"#);
            for token in [token, other] {
                if is_read {
                    for command in ["verify", "inspect"] {
                        let arguments = [command, "--json", "--now=0", "-"];
                        let said = outcome(&mut signing(&arguments), &token).printed();
                        assert!(said.contains(&deep), "{said}");
                        assert!(said.contains("\"problem\":null"), "{said}");
                    }
                } else {
                    assert_malformed(&token);
                }
            }
        }
    }
}
