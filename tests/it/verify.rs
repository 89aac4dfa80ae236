//! `cap_verify` accepts every genuine token and refuses all others.

#![cfg(not(miri))]

use std::ffi::CString;
use std::ptr::null_mut;
use std::thread;

use captoken::ffi::*;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use sha2::{Sha384, Sha512};

use crate::support::safe_handle::{Handle, verify};
use crate::support::token::{HEADER, sign, sign_by, sign_parts};
use crate::support::vectors::{self, cases};

const NOW: i64 = 1_400_000_000;
const SECRET: &str = "secret";
const PAYLOAD: &str = r#"{"scope":"","iss":"AC123123","exp":1400003600}"#;

/// The status for a correctly signed token.
fn check(header: &str, payload: &str) -> Status {
    status(sign(header.as_bytes(), payload.as_bytes(), SECRET))
}

/// The status for any string, including one that is not UTF-8.
fn status(token: impl Into<Vec<u8>>) -> Status {
    let token = CString::new(token).expect("no NUL");
    let secret = CString::new(SECRET).expect("no NUL");
    // SAFETY: two strings, and NULL for the buffer and the length.
    unsafe {
        cap_verify(
            token.as_ptr(),
            secret.as_ptr(),
            NOW,
            null_mut(),
            0,
            null_mut(),
        )
    }
}

fn genuine() -> String {
    let token = sign(HEADER.as_bytes(), PAYLOAD.as_bytes(), SECRET);
    assert_eq!(verify(&token, SECRET, NOW), Ok(PAYLOAD.to_owned()));
    token
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("three parts")
}

fn decoded(part: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")
}

#[test]
fn official_tokens_verify_until_they_expire() {
    let mut count = 0;
    let mut begin_later = 0;
    for case in cases() {
        let secret = case["auth_token"].as_str().unwrap();
        let now = case["now"].as_i64().unwrap();
        let exp = case["expected"]["payload"]["exp"].as_i64().unwrap();
        for entry in case["tokens"].as_array().unwrap() {
            let token = entry["token"].as_str().unwrap();
            let name = format!("{} of {}", case["name"], entry["sdks"]);
            let payload = String::from_utf8(decoded(parts(token)[1])).unwrap();
            assert_eq!(verify(token, secret, now).as_ref(), Ok(&payload), "{name}");
            assert_eq!(
                verify(token, secret, exp - 1),
                Ok(payload.clone()),
                "{name}"
            );
            assert_eq!(
                verify(token, secret, exp),
                Err(Status::TokenExpired),
                "{name}"
            );
            let other = format!("{secret}x");
            assert_eq!(
                verify(token, &other, now),
                Err(Status::TokenSignature),
                "{name}"
            );

            let claims: Value = serde_json::from_str(&payload).unwrap();
            if let Some(nbf) = claims["nbf"].as_i64().filter(|&nbf| nbf > 0) {
                begin_later += 1;
                assert!(verify(token, secret, nbf).is_ok(), "{name}");
                assert_eq!(
                    verify(token, secret, nbf - 1),
                    Err(Status::TokenNotYetValid)
                );
            }
            count += 1;
        }
    }
    assert_eq!((count, begin_later), (502, 104));
}

#[test]
fn our_tokens_verify() {
    let mut handle = Handle::new("ACé\"\\", "sécret").unwrap();
    let mut payloads = Vec::new();
    let mut accept = |handle: &Handle| {
        let token = handle.generate_at(NOW, 60).unwrap();
        let payload = verify(&token, "sécret", NOW).unwrap();
        assert_eq!(payload.as_bytes(), decoded(parts(&token)[1]));
        payloads.push(payload);
    };
    accept(&handle);
    handle.allow_incoming("Alice 😀").unwrap();
    handle.allow_outgoing("AP123").unwrap();
    handle.add_outgoing_param("a&b", "c=d").unwrap();
    accept(&handle);
    handle.allow_event_stream().unwrap();
    handle.add_event_filter("x", "y").unwrap();
    handle.set_not_before(NOW).unwrap();
    accept(&handle);
    handle.add_claim("number", "1e400").unwrap();
    handle.add_claim("é", r#""\u0000 é""#).unwrap();
    accept(&handle);
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    handle.add_claim("deep", &deep).unwrap();
    accept(&handle);
    payloads.dedup();
    assert_eq!(payloads.len(), 5);
}

#[test]
fn payload_is_returned_as_signed() {
    let payload = "\n{ \"exp\" : 1.4000036e9 ,\t\"é\" : \"\\u00e9\\/\", \"a\":1, \"a\":2 }\r\n";
    let token = sign(b" { \"alg\" : \"HS256\" } ", payload.as_bytes(), SECRET);
    assert_eq!(verify(&token, SECRET, NOW).as_deref(), Ok(payload));
}

#[test]
fn only_hs256_is_accepted() {
    let algorithms = [
        r#""none""#,
        r#""NONE""#,
        r#""None""#,
        r#""HS384""#,
        r#""HS512""#,
        r#""RS256""#,
        r#""ES256""#,
        r#""hs256""#,
        r#""HS256 ""#,
        r#"" HS256""#,
        r#""HS2566""#,
        r#""HS25""#,
        r#""HS256\u0000""#,
        r#""""#,
        r#""ＨＳ256""#,
        "null",
        "true",
        "256",
        "[\"HS256\"]",
        r#"{"HS256":"HS256"}"#,
    ];
    for alg in algorithms {
        let header = format!(r#"{{"typ":"JWT","alg":{alg}}}"#);
        assert_eq!(check(&header, PAYLOAD), Status::TokenAlgorithm, "{alg}");
        // Without a signature, as attackers send them.
        let [header, payload, _] =
            [header.as_str(), PAYLOAD, ""].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
        let unsigned = format!("{header}.{payload}.");
        assert_eq!(status(unsigned), Status::TokenAlgorithm, "{alg}");
    }
    for header in [
        "{}",
        r#"{"typ":"JWT"}"#,
        r#"{"Alg":"HS256"}"#,
        r#"{"x":{"alg":"HS256"}}"#,
    ] {
        assert_eq!(check(header, PAYLOAD), Status::TokenAlgorithm, "{header}");
    }
    // Signed with the algorithm in the header.
    for token in [
        sign_by::<Sha384>("HS384", PAYLOAD, SECRET),
        sign_by::<Sha512>("HS512", PAYLOAD, SECRET),
    ] {
        assert_eq!(status(token), Status::TokenAlgorithm);
    }
    // The same JSON, with escapes.
    assert_eq!(check(r#"{"\u0061lg":"\u0048S256"}"#, PAYLOAD), Status::Ok);
}

#[test]
fn ambiguous_headers_are_malformed() {
    let malformed = [
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWS"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","cr\u0069t":null}"#,
        r#"{"alg":"HS256","typ":"JWS"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":""}"#,
        r#"{"alg":"HS256","typ":null}"#,
        r#"{"alg":"HS256","typ":["JWT"]}"#,
        r#"["HS256"]"#,
        r#""HS256""#,
        "1",
        "null",
        "",
        " ",
        "{",
        r#"{"alg":"HS256"} {}"#,
        r#"{"alg":"HS256",}"#,
        r#"{'alg':'HS256'}"#,
        "\u{feff}{\"alg\":\"HS256\"}",
        r#"{"alg":"HS256","a":01}"#,
        r#"{"alg":"HS256","a":"\ud800"}"#,
    ];
    for header in malformed {
        assert_eq!(check(header, PAYLOAD), Status::TokenMalformed, "{header}");
    }
    let not_utf8 = sign(
        b"{\"alg\":\"HS256\",\"a\":\"\xff\"}",
        PAYLOAD.as_bytes(),
        SECRET,
    );
    assert_eq!(status(not_utf8), Status::TokenMalformed);

    let accepted = [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{ "typ" : "Jwt" , "alg" : "HS256" }"#,
        r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"us1"}"#,
        r#"{"kid":"a","alg":"HS256","kid":"b","ALG":"none"}"#,
    ];
    for header in accepted {
        assert_eq!(check(header, PAYLOAD), Status::Ok, "{header}");
    }
}

#[test]
fn tokens_have_three_parts() {
    let [header, payload, signature] = parts(&genuine()).map(str::to_owned);
    let forged = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.clone(),
        format!("{header}."),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}.{payload}..{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        // An encrypted token has five parts.
        format!("{header}.{payload}.{payload}.{payload}.{signature}"),
    ];
    for token in forged {
        // An empty header is malformed. An empty payload is not read before the signature.
        let expected = if token == format!("{header}..{signature}") {
            Status::TokenSignature
        } else {
            Status::TokenMalformed
        };
        assert_eq!(status(token.as_str()), expected, "{token}");
    }
    assert_eq!(
        status(format!("{header}.{payload}.")),
        Status::TokenSignature
    );
    assert_eq!(check(HEADER, ""), Status::TokenMalformed);
}

#[test]
fn base64url_must_be_canonical() {
    let insertions = [
        "=", "==", "+", "/", " ", "\n", "\r\n", "\t", "~", "é", ",", "%3D",
    ];
    let token = genuine();
    let [header, payload, signature] = parts(&token);
    let mut wrong: Vec<[String; 3]> = Vec::new();
    let mut replace = |which: usize, part: String| {
        let mut parts = [header, payload, signature].map(str::to_owned);
        parts[which] = part;
        wrong.push(parts);
    };
    for (which, part) in [header, payload, signature].into_iter().enumerate() {
        for insertion in insertions {
            replace(which, format!("{part}{insertion}"));
            replace(which, format!("{insertion}{part}"));
            replace(which, format!("{}{insertion}{}", &part[..8], &part[8..]));
            replace(which, format!("{}{insertion}{}", &part[..8], &part[9..]));
        }
    }
    for [header, payload, signature] in wrong {
        let token = format!("{header}.{payload}.{signature}");
        assert_eq!(status(token.as_str()), Status::TokenMalformed, "{token}");
        // Also with a correct signature of the misspelled parts.
        let token = sign_parts(&header, &payload, SECRET);
        if !header.is_ascii() || !payload.is_ascii() || token != genuine() {
            assert_eq!(status(token.as_str()), Status::TokenMalformed, "{token}");
        }
    }
}

/// The other spellings of a part, which differ in its unused last bits.
fn misspelled(part: &str) -> Vec<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.iter().position(|&c| c == last.as_bytes()[0]);
    let value = value.expect("base64url");
    let spare = [0, 0, 4, 2][part.len() % 4];
    assert_eq!(value % (1 << spare), 0);
    (1..1 << spare)
        .map(|more| format!("{start}{}", char::from(ALPHABET[value + more])))
        .collect()
}

/// Lenient decoders ignore the bits after the last byte. One token then has several spellings,
/// and a list of revoked tokens contains only one of them.
#[test]
fn unused_bits_must_be_zero() {
    for padding in 0..3 {
        let spaces = " ".repeat(padding);
        let token = sign(
            format!("{HEADER}{spaces}").as_bytes(),
            format!("{PAYLOAD}{spaces}").as_bytes(),
            SECRET,
        );
        assert_eq!(status(token.as_str()), Status::Ok);
        let [header, payload, signature] = parts(&token);
        for header in misspelled(header) {
            let token = sign_parts(&header, payload, SECRET);
            assert_eq!(status(token), Status::TokenMalformed);
        }
        for payload in misspelled(payload) {
            let token = sign_parts(header, &payload, SECRET);
            assert_eq!(status(token), Status::TokenMalformed);
        }
        assert_eq!(misspelled(signature).len(), 3);
        for signature in misspelled(signature) {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(status(token), Status::TokenMalformed);
        }
    }
}

#[test]
fn any_flipped_bit_is_refused() {
    for token in [
        genuine(),
        vectors::official(&cases()[0], "ruby-3.16.1").to_owned(),
    ] {
        // Every bit of every character, including the dots.
        for place in 0..token.len() {
            for bit in 0..8 {
                let mut flipped = token.clone().into_bytes();
                flipped[place] ^= 1 << bit;
                let status = status(flipped);
                let expected: &[Status] = match bit {
                    7 => &[Status::InvalidUtf8],
                    _ => &[
                        Status::TokenMalformed,
                        Status::TokenAlgorithm,
                        Status::TokenSignature,
                    ],
                };
                assert!(expected.contains(&status), "{place}, {bit}: {status:?}");
            }
        }
        // Every bit of every decoded byte.
        for which in 0..3 {
            let parts = parts(&token).map(decoded);
            for place in 0..parts[which].len() {
                for bit in 0..8 {
                    let mut flipped = parts.clone();
                    flipped[which][place] ^= 1 << bit;
                    let flipped = flipped.map(|part| BASE64URL_NOPAD.encode(&part)).join(".");
                    let status = status(flipped);
                    let is_header = which == 0;
                    assert!(
                        status == Status::TokenSignature
                            || is_header && status == Status::TokenAlgorithm
                            || is_header && status == Status::TokenMalformed,
                        "{which}, {place}, {bit}: {status:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn truncated_tokens_are_refused() {
    let token = genuine();
    for length in 0..token.len() {
        let expected = [Status::TokenMalformed, Status::TokenSignature];
        assert!(expected.contains(&status(&token[..length])), "{length}");
        let refused = status(&token[token.len() - length..]);
        assert!(refused != Status::Ok, "{length}");
    }
    // A shortened signature in canonical base64url.
    let [header, payload, signature] = parts(&token);
    let signature = decoded(signature);
    for length in 0..signature.len() {
        let short = BASE64URL_NOPAD.encode(&signature[..length]);
        let token = format!("{header}.{payload}.{short}");
        assert_eq!(status(token), Status::TokenSignature, "{length}");
    }
    for more in 1..40 {
        let long = [signature.clone(), vec![0; more]].concat();
        let token = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&long));
        assert_eq!(status(token), Status::TokenSignature, "{more}");
    }
}

#[test]
fn other_keys_are_refused() {
    for key in ["", "Secret", "secret ", "secre", "secretsecret", HEADER] {
        let token = sign(HEADER.as_bytes(), PAYLOAD.as_bytes(), key);
        assert_eq!(status(token.as_str()), Status::TokenSignature, "{key}");
        let expected = match key {
            "" => Err(Status::EmptyArgument),
            _ => Ok(PAYLOAD.to_owned()),
        };
        assert_eq!(verify(&token, key, NOW), expected, "{key}");
    }
}

#[test]
fn exp_may_be_number_or_digits() {
    let at = |exp: &str, now| {
        let token = sign(
            HEADER.as_bytes(),
            format!(r#"{{"exp":{exp}}}"#).as_bytes(),
            SECRET,
        );
        verify(&token, SECRET, now).map(drop)
    };
    let expires = [
        ("1400003600", 1_400_003_600),
        (r#""1400003600""#, 1_400_003_600),
        (r#""\u0031400003600""#, 1_400_003_600),
        ("1400003600.0", 1_400_003_600),
        ("1400003600.5", 1_400_003_601),
        ("1400003599.000001", 1_400_003_600),
        ("14000036e2", 1_400_003_600),
        ("1.4000036E+9", 1_400_003_600),
        ("14000036000e-1", 1_400_003_600),
        ("2147483648", 1 << 31),
        ("4294967296", 1 << 32),
        ("9007199254740991", (1 << 53) - 1),
        ("1", 1),
        (r#""0001""#, 1),
    ];
    for (exp, expires) in expires {
        assert_eq!(at(exp, expires - 1), Ok(()), "{exp}");
        assert_eq!(at(exp, expires), Err(Status::TokenExpired), "{exp}");
        assert_eq!(at(exp, (1 << 53) - 1), Err(Status::TokenExpired), "{exp}");
    }
    for past in [
        "0",
        "-0",
        "-1",
        "-1400003600",
        "0.5e-400",
        "-1e300",
        r#""0""#,
    ] {
        let expected = if past == "0.5e-400" { 1 } else { 0 };
        assert_eq!(at(past, expected), Err(Status::TokenExpired), "{past}");
    }
    for later in [
        "9007199254740992",
        "99999999999999999999",
        "1e300",
        r#""99999999999999999999""#,
    ] {
        assert_eq!(at(later, (1 << 53) - 1), Ok(()), "{later}");
    }
}

#[test]
fn unreadable_exp_or_nbf_is_malformed() {
    let nines = "9".repeat(400);
    let quoted = format!("\"{nines}\"");
    let unreadable = [
        "null",
        "true",
        "false",
        "[]",
        "[1400003600]",
        "{}",
        r#""""#,
        r#"" 1400003600""#,
        r#""1400003600 ""#,
        r#""+1400003600""#,
        r#""-1""#,
        r#""1400003600.0""#,
        r#""14e8""#,
        r#""0x5""#,
        r#""never""#,
        r#""inf""#,
        r#""NaN""#,
        r#""١٤٠٠""#,
        "1e309",
        "1e400",
        "-1e400",
        "1e99999999999999999999",
        &nines,
        &quoted,
    ];
    for unreadable in unreadable {
        let payload = format!(r#"{{"exp":{unreadable}}}"#);
        assert_eq!(
            check(HEADER, &payload),
            Status::TokenMalformed,
            "{unreadable}"
        );
        let payload = format!(r#"{{"exp":1400003600,"nbf":{unreadable}}}"#);
        assert_eq!(
            check(HEADER, &payload),
            Status::TokenMalformed,
            "{unreadable}"
        );
    }
    let malformed = [
        "{}",
        r#"{"iss":"AC1"}"#,
        r#"{"EXP":1400003600}"#,
        r#"{"a":{"exp":1400003600}}"#,
        r#"{"exp":1400003600,"exp":1400003600}"#,
        r#"{"exp":1400003600,"exp":1}"#,
        r#"{"exp":1400003600,"\u0065xp":1}"#,
        r#"{"nbf":1,"exp":1400003600,"nbf":1}"#,
        r#"[{"exp":1400003600}]"#,
        "1400003600",
        "null",
        r#""""#,
        " ",
        r#"{"exp":1400003600"#,
        r#"{"exp":1400003600}}"#,
        r#"{"exp":1400003600,"a":"\udc00"}"#,
        r#"{"exp":+1400003600}"#,
        r#"{"exp":01400003600}"#,
        r#"{"exp":1400003600.}"#,
        r#"{"exp":0x5372e010}"#,
        "{\"exp\":1400003600,\"a\":\"\n\"}",
        "{\"exp\":1400003600}\u{feff}",
    ];
    for payload in malformed {
        assert_eq!(check(HEADER, payload), Status::TokenMalformed, "{payload}");
    }
    let not_utf8 = sign(
        HEADER.as_bytes(),
        b"{\"exp\":1400003600,\"a\":\"\xed\xa0\x80\"}",
        SECRET,
    );
    assert_eq!(status(not_utf8), Status::TokenMalformed);
    let nul = sign(HEADER.as_bytes(), b"{\"exp\":1400003600}\0", SECRET);
    assert_eq!(status(nul), Status::TokenMalformed);
}

#[test]
fn tokens_are_invalid_before_nbf() {
    let at = |nbf: &str, now| {
        let payload = format!(r#"{{"exp":1400003600,"nbf":{nbf}}}"#);
        verify(
            &sign(HEADER.as_bytes(), payload.as_bytes(), SECRET),
            SECRET,
            now,
        )
        .map(drop)
    };
    for nbf in ["1400000000", r#""1400000000""#, "1399999999.5", "14e8"] {
        assert_eq!(at(nbf, NOW - 1), Err(Status::TokenNotYetValid), "{nbf}");
        assert_eq!(at(nbf, NOW), Ok(()), "{nbf}");
    }
    assert_eq!(at("-1", 0), Ok(()));
    assert_eq!(at("1e300", NOW), Err(Status::TokenNotYetValid));
}

#[test]
fn first_error_of_a_token_decides() {
    let wrong_signature =
        |header: &str, payload: &str| status(sign(header.as_bytes(), payload.as_bytes(), "other"));
    let none = r#"{"alg":"none"}"#;
    assert_eq!(wrong_signature("{", PAYLOAD), Status::TokenMalformed);
    assert_eq!(wrong_signature(none, PAYLOAD), Status::TokenAlgorithm);
    assert_eq!(
        check(r#"{"alg":"none","alg":"none"}"#, PAYLOAD),
        Status::TokenMalformed
    );
    assert_eq!(check(none, "{"), Status::TokenAlgorithm);
    // The form of the header is checked before its algorithm.
    for header in [
        r#"{"typ":"JWE","alg":"none"}"#,
        r#"{"alg":"none","typ":null}"#,
        r#"{"alg":1,"typ":"\u004aWE"}"#,
        r#"{"alg":"none","crit":[]}"#,
        r#"{"typ":"JWE"}"#,
    ] {
        assert_eq!(check(header, PAYLOAD), Status::TokenMalformed, "{header}");
    }
    // The payload is read only after its signature.
    for payload in [
        "",
        "{",
        r#"{"exp":1}"#,
        r#"{"exp":1400003600,"nbf":1400003599}"#,
    ] {
        assert_eq!(
            wrong_signature(HEADER, payload),
            Status::TokenSignature,
            "{payload}"
        );
    }
    assert_eq!(check(HEADER, r#"{"exp":1,"#), Status::TokenMalformed);
    assert_eq!(
        check(HEADER, r#"{"exp":1,"nbf":1400003600}"#),
        Status::TokenExpired
    );
    assert_eq!(
        check(HEADER, r#"{"nbf":1400003600}"#),
        Status::TokenMalformed
    );
}

/// The thread has a small stack, because nested values must not use it.
#[test]
fn deep_and_large_tokens_do_not_crash() {
    let check_all = || {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for (depth, expected) in [
                (128, Status::Ok),
                (129, Status::TokenMalformed),
                (100_000, Status::TokenMalformed),
            ] {
                let payload = format!(r#"{{"a":{},"exp":1400003600}}"#, nested(depth));
                assert_eq!(check(HEADER, &payload), expected, "{depth}");
                let header = format!(r#"{{"a":{},"alg":"HS256"}}"#, nested(depth));
                assert_eq!(check(&header, PAYLOAD), expected, "{depth}");
            }
            let unclosed = format!(r#"{{"alg":"HS256","a":{}"#, open.repeat(100_000));
            assert_eq!(check(&unclosed, PAYLOAD), Status::TokenMalformed);
        }
        let digits = "1".repeat(100_000);
        for number in [&digits, &format!("0.{digits}"), &format!("1e{digits}")] {
            // A number of any size is valid JSON if its value is not needed.
            let payload = format!(r#"{{"a":{number},"exp":1400003600}}"#);
            assert_eq!(check(HEADER, &payload), Status::Ok);
        }
        let zeros = "0".repeat(70_000);
        for number in [
            digits.as_str(),
            &format!("1e{digits}"),
            &format!("0.{digits}"),
            // The standard library parses these incorrectly.
            &format!("1{zeros}e-700000"),
            &format!("0.{zeros}1e700000"),
        ] {
            let nbf = format!(r#"{{"exp":1400003600,"nbf":{number}}}"#);
            assert_eq!(check(HEADER, &nbf), Status::TokenMalformed);
            let payload = format!(r#"{{"exp":{number}}}"#);
            assert_eq!(check(HEADER, &payload), Status::TokenMalformed);
        }
        let long = "é\\n".repeat(20_000);
        let payload = format!(r#"{{"{long}":"{long}","exp":1400003600}}"#);
        assert_eq!(check(HEADER, &payload), Status::Ok);
        assert_eq!(status("A".repeat(1_000_000)), Status::TokenMalformed);
        assert_eq!(status(".".repeat(1_000_000)), Status::TokenMalformed);
    };
    let thread = thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(check_all);
    thread.expect("a thread").join().expect("no panic");
}
