//! JSON as it is spelled: the order of members, members that repeat and the digits of
//! numbers stay as they were signed.

use captoken::error::Error;
use captoken::json::{Next, read, string_value};
use serde_json::Value;

use crate::text::visible;

/// Whether it is one JSON object that the library can read.
pub(crate) fn is_object(json: &str) -> bool {
    let skip = |_, value: Next<'_, '_>| value.spelling().map(drop);
    read(json, |object| object.members(skip)).is_ok()
}

/// The members of a JSON object in their order, with values as they are spelled. No other
/// value has members.
pub(crate) fn members(json: &str) -> Vec<(String, &str)> {
    let mut members = Vec::new();
    let result = read(json, |object| {
        object.members(|key, value| {
            members.push((string_value(key)?.into_owned(), value.spelling()?));
            Ok(())
        })
    });
    result.map_or_else(|_| Vec::new(), |()| members)
}

/// JSON with a line for each member and element, and no character that could change what a
/// terminal shows.
pub(crate) fn pretty(json: &str) -> String {
    pretty_on(json, "\n").unwrap_or_else(|_| visible(json))
}

/// The same after a line break and the indentation of the line.
fn pretty_on(json: &str, line: &str) -> Result<String, Error> {
    let inner = format!("{line}  ");
    let mut lines = Vec::new();
    let (open, close) = match json.as_bytes().first() {
        Some(b'{') => ('{', '}'),
        Some(b'[') => ('[', ']'),
        _ => return Ok(visible(json)),
    };
    read(json, |next| match open {
        '{' => next.members(|key, value| {
            let value = pretty_on(value.spelling()?, &inner)?;
            lines.push(format!("{inner}{}: {value}", visible(key)));
            Ok(())
        }),
        _ => next.elements(|value| {
            let value = pretty_on(value.spelling()?, &inner)?;
            lines.push(format!("{inner}{value}"));
            Ok(())
        }),
    })?;
    let end = if lines.is_empty() { "" } else { line };
    Ok(format!("{open}{}{end}{close}", lines.join(",")))
}

/// The last value of a name, which most readers take.
pub(crate) fn last<'a, T>(pairs: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let pair = pairs.iter().rfind(|(other, _)| other == name);
    pair.map(|(_, value)| value)
}

/// The contents of a string; `None` for every other value.
pub(crate) fn string(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// A value, as JSON.
pub(crate) fn value(value: impl Into<Value>) -> String {
    value.into().to_string()
}

/// An object of names that need no escape and of values that are JSON.
pub(crate) fn object(members: &[(&str, String)]) -> String {
    let member = |(name, json): &(&str, String)| format!("\"{name}\":{json}");
    let members: Vec<String> = members.iter().map(member).collect();
    format!("{{{}}}", members.join(","))
}
