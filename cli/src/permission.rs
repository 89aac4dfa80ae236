//! The permissions of a token: the scopes of a capability token, the grants of an access
//! token. A permission in a form that Twilio's libraries do not write is shown as it is.

use form_urlencoded::parse;
use serde_core::de::IgnoredAny;
use serde_json::json;

use crate::json::{last, members, object, string, value};
use crate::text::{visible, word};

type Pairs = Vec<(String, String)>;

/// A permission in words for people, and as JSON for scripts.
pub(crate) struct Permission {
    pub(crate) kind: &'static str,
    pub(crate) words: String,
    pub(crate) json: String,
}

/// The name and the JSON of a member, and the same in words.
type Part<'a> = (&'a str, String, String);

fn permission(kind: &'static str, parts: &[Part<'_>]) -> Permission {
    let mut members = vec![("kind", value(kind))];
    members.extend(parts.iter().map(|(name, json, _)| (*name, json.clone())));
    let words: Vec<&str> = parts.iter().map(|(_, _, words)| words.as_str()).collect();
    let words = match words.concat().trim_start() {
        "" => "allowed".to_owned(),
        words => words.to_owned(),
    };
    let json = object(&members);
    Permission { kind, words, json }
}

/// A string after a preposition, if there is one.
fn text<'a>(name: &'a str, preposition: &str, text: Option<&str>) -> Part<'a> {
    let words = text.map(|text| format!(" {preposition} {}", word(text)));
    (name, value(text), words.unwrap_or_default())
}

/// A list of keys and values in words, if it is not empty.
fn list<'a>(name: &'a str, label: &str, json: String, pairs: &Pairs) -> Part<'a> {
    let pair = |(key, words): &(String, String)| format!("{}={words}", word(key));
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    let words = match pairs.join(", ") {
        none if none.is_empty() => none,
        pairs => format!(", {label}: {pairs}"),
    };
    (name, json, words)
}

/// The permissions in the claim `scope`.
pub(crate) fn scopes(claim: &str) -> Vec<Permission> {
    let scopes = claim.split(' ').filter(|scope| !scope.is_empty());
    let other = |scope| permission("other", &[("scope", value(scope), word(scope))]);
    scopes
        .map(|scope| known_scope(scope).unwrap_or_else(|| other(scope)))
        .collect()
}

fn known_scope(scope: &str) -> Option<Permission> {
    let (name, query) = scope.split_once('?')?;
    let query = form(query)?;
    let get = |key| last(&query, key).map(String::as_str);
    let pairs = |name, label, key| {
        let pairs = form(get(key).unwrap_or_default())?;
        let words = pairs.iter().map(|(key, value)| (key.clone(), word(value)));
        Some(list(name, label, value(json!(pairs)), &words.collect()))
    };
    let client_name = text("client_name", "as client", get("clientName"));
    let (keys, scope) = match name {
        "scope:client:incoming" => {
            get("clientName")?;
            (&["clientName"][..], permission("incoming", &[client_name]))
        }
        "scope:client:outgoing" => {
            let sid = text("application_sid", "to application", Some(get("appSid")?));
            let parts = [
                sid,
                client_name,
                pairs("params", "parameters", "appParams")?,
            ];
            let keys = &["appSid", "clientName", "appParams"][..];
            (keys, permission("outgoing", &parts))
        }
        "scope:stream:subscribe" => {
            let path = text("path", "of", Some(get("path")?));
            let parts = [path, pairs("filters", "filters", "params")?];
            (&["path", "params"][..], permission("events", &parts))
        }
        _ => return None,
    };
    // A key that is unknown or repeats may change the meaning.
    let known = keys.iter().filter(|key| get(key).is_some()).count();
    (known == query.len()).then_some(scope)
}

/// The pairs of a query, if all of them are UTF-8.
fn form(text: &str) -> Option<Pairs> {
    let pairs: Pairs = parse(text.as_bytes()).into_owned().collect();
    // The decoder replaces bytes that are not UTF-8 by this character, so count it.
    let count = |text: &str| text.matches(char::REPLACEMENT_CHARACTER).count();
    let before = count(text) + text.to_ascii_uppercase().matches("%EF%BF%BD").count();
    let after = pairs.iter().map(|(key, value)| count(key) + count(value));
    (before == after.sum::<usize>()).then_some(pairs)
}

/// The identity and the permissions in the claim `grants`.
pub(crate) fn grants(claim: &str) -> (Option<String>, Vec<Permission>) {
    let mut all = members(claim);
    // The last one counts. Others are shown as grants of this name, so that none is lost.
    let index = all.iter().rposition(|(name, _)| name == "identity");
    let identity = index.and_then(|index| string(all.get(index)?.1));
    if let (Some(index), Some(_)) = (index, &identity) {
        all.remove(index);
    }
    let mut grants = Vec::new();
    for (name, json) in all {
        let voice = members(json);
        if name == "voice" && !voice.is_empty() {
            grants.extend(voice.iter().map(|(name, json)| grant("voice", name, json)));
        } else {
            grants.push(grant("other", &name, json));
        }
    }
    (identity, grants)
}

/// A member of the claim `grants`, or of the grant `voice`.
fn grant(kind: &'static str, name: &str, json: &str) -> Permission {
    known_grant(kind, name, json).unwrap_or_else(|| {
        let label = if kind == "voice" { "value" } else { "grant" };
        let words = format!("{} {}", word(name), visible(json));
        let json = (label, json.to_owned(), String::new());
        permission(kind, &[("name", value(name), words), json])
    })
}

fn known_grant(kind: &str, name: &str, json: &str) -> Option<Permission> {
    let members = members(json);
    let get = |name| last(&members, name).copied();
    let (known, grant) = match (kind, name) {
        ("voice", "incoming") if get("allow") == Some("true") => (1, permission("incoming", &[])),
        ("voice", "outgoing") => {
            let sid = string(get("application_sid")?)?;
            let params = get("params").unwrap_or("{}");
            if !params.starts_with('{') {
                return None;
            }
            let pairs = self::members(params).into_iter();
            let pairs = pairs.map(|(key, json)| (key, in_words(json))).collect();
            let parts = [
                text("application_sid", "to application", Some(&sid)),
                list("params", "parameters", params.to_owned(), &pairs),
            ];
            let known = 1 + usize::from(get("params").is_some());
            (known, permission("outgoing", &parts))
        }
        ("voice", "push_credential_sid") => {
            let sid = text(name, "by credential", Some(&string(json)?));
            (0, permission("push", &[sid]))
        }
        ("other", "video") => {
            let room = text("room", "in room", Some(&string(get("room")?)?));
            (1, permission("video", &[room]))
        }
        _ => return None,
    };
    (known == members.len()).then_some(grant)
}

/// A JSON value in words. Quotes tell the string `1` from the number.
fn in_words(json: &str) -> String {
    match string(json) {
        None => visible(json),
        Some(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => format!("{text:?}"),
        Some(text) => word(&text),
    }
}
