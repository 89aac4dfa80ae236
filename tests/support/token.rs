//! Signs and reads tokens with another base64 and another SHA-256 than the library's.

#![allow(dead_code, reason = "not every program uses all of it")]

use data_encoding::BASE64URL_NOPAD;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use serde_json::Value;

/// The header of every capability token.
pub(crate) const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// The header of every access token without a region.
pub(crate) const ACCESS_HEADER: &str = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}"#;

/// A correctly signed token with any header and payload.
pub(crate) fn sign(header: &[u8], payload: &[u8], secret: &str) -> String {
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    sign_parts(&part(header), &part(payload), secret)
}

/// A correctly signed token from two parts that are already encoded.
pub(crate) fn sign_parts(header: &str, payload: &str, secret: &str) -> String {
    let signing_input = format!("{header}.{payload}");
    let signature = hmac_sha256::HMAC::mac(signing_input.as_bytes(), secret.as_bytes());
    format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// A token signed with the algorithm `alg`, which is HMAC with the hash `H`.
pub(crate) fn sign_by<H: EagerHash>(alg: &str, payload: &str, secret: &str) -> String {
    let header = HEADER.replace("HS256", alg);
    let [header, payload] = [&header, payload].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    let signing_input = format!("{header}.{payload}");
    let mut hmac = Hmac::<H>::new_from_slice(secret.as_bytes()).expect("a key");
    hmac.update(signing_input.as_bytes());
    let signature = hmac.finalize().into_bytes();
    format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The claims of a capability token; checks its signature, header and order.
pub(crate) fn decode(token: &str, secret: &str) -> Value {
    assert!(token.is_ascii());
    let [header, payload] = signed_parts(token, secret);
    assert_eq!(header, HEADER);
    assert!(payload.is_ascii());
    let keys = [r#""scope":""#, r#"","iss":""#, r#"","exp":"#].map(|key| payload.find(key));
    assert!(keys.is_sorted() && !keys.contains(&None), "{payload}");
    serde_json::from_str(&payload).expect("a payload is JSON")
}

/// The header and the payload of a token; checks its signature.
pub(crate) fn signed_parts(token: &str, secret: &str) -> [String; 2] {
    let [header, payload] = parts(token);
    assert_eq!(token, sign(header.as_bytes(), payload.as_bytes(), secret));
    [header, payload]
}

/// The header and the payload of a token, without checks.
pub(crate) fn parts(token: &str) -> [String; 2] {
    let mut parts = token.split('.').map(decode_part);
    [(); 2].map(|()| parts.next().expect("a part"))
}

fn decode_part(part: &str) -> String {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes());
    String::from_utf8(bytes.expect("base64url")).expect("UTF-8")
}
