//! The expected reading of a token by the browser client. It applies the client's rules to the
//! input; tests/sdk/twilio_js.mjs applies them to the token.

use serde_json::{Map, Value, json};

use crate::sdk_live::input::{EVENTS, Input, Pairs};

/// The scopes that the client finds. None: it throws, and reads nothing.
pub(crate) fn seen(input: &Input) -> Option<Value> {
    let pairs = |pairs: &Pairs| -> Option<Value> {
        let pair = |(key, value): &(String, String)| Some((key.clone(), reread(value)?));
        Some(Value::Object(
            pairs.iter().map(pair).collect::<Option<_>>()?,
        ))
    };
    let mut scopes = json!({});
    if let Some(client_name) = &input.incoming {
        scopes["client:incoming"] = json!({"clientName": reread(client_name)?});
    }
    if let Some((application, params)) = &input.outgoing {
        let mut outgoing = json!({"appSid": reread(application)?});
        if let Some(client_name) = input.caller() {
            outgoing["clientName"] = reread(client_name)?;
        }
        if !params.is_empty() {
            outgoing["appParams"] = pairs(params)?;
        }
        scopes["client:outgoing"] = outgoing;
    }
    if let Some(filters) = &input.events {
        let mut events = json!({"path": EVENTS});
        if !filters.is_empty() {
            events["params"] = pairs(filters)?;
        }
        scopes["stream:subscribe"] = events;
    }
    Some(scopes)
}

/// Whether the client reads a string as a query. It looks at the decoded string, so that no
/// encoding prevents this.
pub(crate) fn is_query(string: &str) -> bool {
    string.contains(['&', '='])
}

/// The value that the client reads from a string decoded once.
fn reread(string: &str) -> Option<Value> {
    if string.is_empty() {
        return Some(json!({}));
    }
    if !is_query(string) {
        return Some(string.into());
    }
    let mut values = Map::new();
    for pair in string.split('&') {
        let mut parts = pair.split('=');
        let key = decoded(parts.next().unwrap_or_default())?;
        let value = decoded(parts.next().unwrap_or("undefined"))?;
        values.insert(key, reread(&value)?);
    }
    Some(values.into())
}

/// decodeURIComponent.
fn decoded(string: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut pieces = string.split('%');
    bytes.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}
