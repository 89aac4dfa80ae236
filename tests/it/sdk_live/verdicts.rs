//! The verdicts of Twilio's libraries and of `cap_verify` on the same tokens.

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use sha2::Sha512;

use crate::sdk_live::input::Input;
use crate::support::safe_handle::verify;
use crate::support::token::{HEADER, sign, sign_by};

/// The result of verifying a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Algorithm,
    Claim,
    Early,
    Expired,
    Form,
    Signature,
}

use Verdict::*;

/// Parts of the libraries' error messages.
const WORDS: [(&str, Verdict); 20] = [
    ("alg value is not allowed", Algorithm),
    ("Incorrect decoding algorithm", Algorithm),
    ("Algorithm not supported", Algorithm),
    ("invalid algorithm", Algorithm),
    ("Invalid audience", Claim),
    ("Subject must be a string", Claim),
    ("JWT ID must be a string", Claim),
    ("not yet valid", Early),
    ("jwt not active", Early),
    ("Signature has expired", Expired),
    ("jwt expired", Expired),
    ("Not enough segments", Form),
    ("jwt malformed", Form),
    ("Invalid crypto padding", Form),
    ("invalid token", Form),
    ("invalid exp value", Form),
    ("Unsupported critical extension", Form),
    ("Signature verification failed", Signature),
    ("invalid signature", Signature),
    ("signature is required", Signature),
];

/// The verdict in a library's answer.
pub(crate) fn theirs(answer: &Value) -> Verdict {
    let Some(refused) = answer["refused"].as_str() else {
        assert!(answer["payload"].is_object(), "{answer}");
        return Accepted;
    };
    let known = WORDS.iter().find(|(words, _)| refused.contains(words));
    known
        .unwrap_or_else(|| panic!("unknown error: {refused}"))
        .1
}

/// The verdict of `cap_verify`.
pub(crate) fn ours(outcome: &Result<String, Status>) -> Verdict {
    match outcome {
        Ok(_) => Accepted,
        Err(Status::TokenAlgorithm) => Algorithm,
        Err(Status::TokenExpired) => Expired,
        Err(Status::TokenMalformed) => Form,
        Err(Status::TokenNotYetValid) => Early,
        Err(Status::TokenSignature) => Signature,
        Err(status) => panic!("{status:?}"),
    }
}

/// A genuine token and variants of it, each with the verdicts of PyJWT, twilio-python,
/// twilio-python 3.8.0, jsonwebtoken and captoken.
///
/// - twilio-python 3.8.0 checks only the signature.
/// - Only captoken requires an expiry and checks the type.
/// - PyJWT checks registered claims. It needs to know the audience, which twilio-python
///   cannot pass.
pub(crate) fn verdicts(input: &Input, now: i64) -> Vec<(&'static str, String, [Verdict; 5])> {
    let token = input.mint(now);
    let payload = verify(&token, &input.secret, now).expect("our token");
    let with = |header: &str| sign(header.as_bytes(), payload.as_bytes(), &input.secret);
    let saying = |payload: &str| sign(HEADER.as_bytes(), payload.as_bytes(), &input.secret);
    let parts: Vec<&str> = token.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    let none = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"none"}"#);
    let other = input.clone().incoming("eve").mint(now);
    let other = other.split('.').nth(1).expect("a payload");
    let (first, rest) = signature.split_at(1);
    let first = if first == "A" { "B" } else { "A" };
    // The last character has two unused bits, which are 0.
    let (most, last) = signature.split_at(signature.len() - 1);
    let last = char::from(last.as_bytes()[0] + 1);
    let string_exp = format!(r#"{{"scope":"","iss":"AC123","exp":"{}"}}"#, now + 600);

    vec![
        ("unchanged", token.clone(), [Accepted; 5]),
        (
            "no algorithm, no signature",
            format!("{none}.{body}."),
            [Algorithm, Algorithm, Algorithm, Signature, Algorithm],
        ),
        (
            "no algorithm, the signature",
            format!("{none}.{body}.{signature}"),
            [Algorithm; 5],
        ),
        (
            "the algorithm in lower case",
            with(r#"{"typ":"JWT","alg":"hs256"}"#),
            [Algorithm; 5],
        ),
        (
            "another algorithm",
            sign_by::<Sha512>("HS512", &payload, &input.secret),
            [Algorithm, Algorithm, Accepted, Algorithm, Algorithm],
        ),
        (
            "no type, as in newer versions of Ruby's jwt",
            with(r#"{"alg":"HS256"}"#),
            [Accepted; 5],
        ),
        (
            "another type",
            with(r#"{"typ":"at+jwt","alg":"HS256"}"#),
            [Accepted, Accepted, Accepted, Accepted, Form],
        ),
        (
            "another signature",
            format!("{header}.{body}.{first}{rest}"),
            [Signature; 5],
        ),
        (
            "another payload",
            format!("{header}.{other}.{signature}"),
            [Signature; 5],
        ),
        ("no signature", format!("{header}.{body}."), [Signature; 5]),
        ("two parts", format!("{header}.{body}"), [Form; 5]),
        (
            "expired",
            input.clone().ttl(5).mint(now - 5),
            [Expired, Expired, Accepted, Expired, Expired],
        ),
        (
            "not yet valid",
            input.clone().not_before(now + 600).mint(now),
            [Early, Early, Accepted, Early, Early],
        ),
        (
            "a critical header",
            with(r#"{"typ":"JWT","alg":"HS256","crit":["x"],"x":1}"#),
            [Form, Form, Accepted, Accepted, Form],
        ),
        (
            "unused bits that are not 0",
            format!("{header}.{body}.{most}{last}"),
            [Form, Form, Accepted, Signature, Form],
        ),
        (
            "padding",
            format!("{token}="),
            [Accepted, Accepted, Accepted, Form, Form],
        ),
        (
            "no expiry",
            saying(r#"{"scope":"","iss":"AC123"}"#),
            [Accepted, Accepted, Accepted, Accepted, Form],
        ),
        (
            "an expiry in a string, as in twilio-java 4",
            saying(&string_exp),
            [Accepted, Accepted, Accepted, Form, Accepted],
        ),
        (
            "an audience",
            input.clone().claims(&[("aud", r#""us""#)]).mint(now),
            [Claim, Claim, Accepted, Accepted, Accepted],
        ),
        (
            "a subject that is not a string",
            input.clone().claims(&[("sub", "7")]).mint(now),
            [Claim, Claim, Accepted, Accepted, Accepted],
        ),
        (
            "a token identifier that is not a string",
            input.clone().claims(&[("jti", "7")]).mint(now),
            [Claim, Claim, Accepted, Accepted, Accepted],
        ),
    ]
}
