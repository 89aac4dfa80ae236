//! A token read by code that shares nothing with the library's: another base64,
//! another SHA-256, another form decoder.

use data_encoding::BASE64URL_NOPAD;
use form_urlencoded::parse;
use serde_json::Value;

/// A token's header and payload, as text and as JSON.
pub(crate) struct Decoded {
    pub(crate) header: String,
    pub(crate) payload: String,
    pub(crate) claims: Value,
}

/// Takes a token apart, and verifies its signature.
pub(crate) fn decode(token: &str, secret: &str) -> Decoded {
    assert!(token.is_ascii());
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else {
        panic!("a token has three parts: {token}");
    };
    let signing_input = format!("{header}.{payload}");
    let expected = hmac_sha256::HMAC::mac(signing_input.as_bytes(), secret.as_bytes());
    assert_eq!(signature, BASE64URL_NOPAD.encode(&expected));

    let payload = text(payload);
    Decoded {
        header: text(header),
        claims: serde_json::from_str(&payload).expect("a payload is JSON"),
        payload,
    }
}

fn text(part: &str) -> String {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes());
    String::from_utf8(bytes.expect("base64url")).expect("UTF-8")
}

/// One scope, its query read as a form.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) query: Vec<(String, String)>,
    /// The parameters in `appParams`, if there are any, in their order.
    pub(crate) params: Vec<(String, String)>,
}

/// The scopes of a payload, sorted by name, and the keys of each by theirs.
pub(crate) fn scopes(claims: &Value) -> Vec<Scope> {
    let claim = claims["scope"].as_str().expect("scope is a string");
    let mut scopes: Vec<Scope> = claim.split_terminator(' ').map(scope).collect();
    scopes.sort();
    scopes
}

fn scope(text: &str) -> Scope {
    let (name, query) = text.split_once('?').expect("a scope has a query");
    let mut query = form(query);
    query.sort();
    let mut params = Vec::new();
    query.retain(|(key, value)| {
        if key == "appParams" {
            params.extend(form(value));
        }
        key != "appParams"
    });
    Scope {
        name: name.to_owned(),
        query,
        params,
    }
}

fn form(text: &str) -> Vec<(String, String)> {
    parse(text.as_bytes()).into_owned().collect()
}
