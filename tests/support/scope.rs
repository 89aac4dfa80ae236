//! Reads the `scope` claim with a form decoder that the library does not use.

use form_urlencoded::parse;
use serde_json::Value;

/// One scope; its query is decoded as a form.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) query: Vec<(String, String)>,
    /// The pairs in `appParams` or `params`, in their order.
    pub(crate) params: Vec<(String, String)>,
}

/// The scopes of a payload, sorted by name, with sorted keys.
pub(crate) fn scopes(claims: &Value) -> Vec<Scope> {
    let claim = claims["scope"].as_str().expect("scope is a string");
    let mut scopes: Vec<Scope> = claim.split_terminator(' ').map(scope).collect();
    scopes.sort();
    scopes
}

/// Owned keys and values, as in a [`Scope`].
#[allow(dead_code, reason = "not every program uses it")]
pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn scope(text: &str) -> Scope {
    let (name, query) = text.split_once('?').expect("a scope has a query");
    let mut query = form(query);
    query.sort();
    let mut params = Vec::new();
    query.retain(|(key, value)| {
        let holds_pairs = key == "appParams" || key == "params";
        if holds_pairs {
            params.extend(form(value));
        }
        !holds_pairs
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
