//! JSON as it is spelled: the order of members, members that repeat and the digits of
//! numbers stay as they were signed.

use serde_core::de::IgnoredAny;
use serde_json::{Deserializer, Value};

use crate::text::visible;

/// How deep the library reads: an object, and 128 levels in each of its members.
const DEPTH: usize = 1 + 128;

/// A value as it is spelled, and its members or elements. An element has the key "".
struct Json<'a> {
    text: &'a str,
    children: Vec<(&'a str, Json<'a>)>,
}

/// Whether it is one JSON object that the library can read, and so can the readers of a
/// report that contains it.
pub(crate) fn is_object(text: &str) -> bool {
    let json = read(text, 0).filter(|(_, rest)| rest.trim_ascii().is_empty());
    json.is_some_and(|(json, _)| json.text.starts_with('{'))
}

/// The members of a JSON object in their order, with values as they are spelled. No other
/// value has members.
pub(crate) fn members(text: &str) -> Vec<(String, &str)> {
    let children = read(text, 0).map(|(json, _)| json.children);
    let children = children.unwrap_or_default().into_iter();
    children
        .filter_map(|(key, json)| Some((string(key)?, json.text)))
        .collect()
}

/// The value that a text begins with, and the rest of the text.
fn read(text: &str, depth: usize) -> Option<(Json<'_>, &str)> {
    let text = text.trim_ascii_start();
    let close = match text.as_bytes().first()? {
        b'{' => '}',
        b'[' => ']',
        _ => return read_scalar(text),
    };
    let (open, mut rest) = text.split_at_checked(1).filter(|_| depth < DEPTH)?;
    let mut children = Vec::new();
    while !rest.trim_ascii_start().starts_with(close) {
        if !children.is_empty() {
            rest = rest.trim_ascii_start().strip_prefix(',')?;
        }
        let mut key = "";
        if open == "{" {
            let (name, after) = read_scalar(rest.trim_ascii_start())?;
            rest = after.trim_ascii_start().strip_prefix(':')?;
            key = name.text;
            string(key)?;
        }
        let (value, after) = read(rest, depth + 1)?;
        children.push((key, value));
        rest = after;
    }
    let rest = rest.trim_ascii_start().strip_prefix(close)?;
    let text = text.get(..text.len() - rest.len())?;
    Some((Json { text, children }, rest))
}

fn read_scalar(text: &str) -> Option<(Json<'_>, &str)> {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let (text, rest) = text.split_at_checked(values.byte_offset())?;
    // IgnoredAny accepts an escape for half a character.
    let is_readable = !text.starts_with('"') || string(text).is_some();
    let children = Vec::new();
    is_readable.then_some((Json { text, children }, rest))
}

/// JSON with a line for each member and element, and no character that could change what a
/// terminal shows.
pub(crate) fn pretty(text: &str) -> String {
    read(text, 0).map_or_else(|| visible(text), |(json, _)| json.pretty("\n"))
}

impl Json<'_> {
    fn pretty(&self, line: &str) -> String {
        let (open, close) = match self.text.as_bytes().first() {
            Some(b'{') => ('{', '}'),
            Some(b'[') => ('[', ']'),
            _ => return visible(self.text),
        };
        let inner = format!("{line}  ");
        let children = self.children.iter().map(|(key, json)| {
            let colon = if key.is_empty() { "" } else { ": " };
            format!("{inner}{}{colon}{}", visible(key), json.pretty(&inner))
        });
        match children.collect::<Vec<_>>().join(",") {
            none if none.is_empty() => format!("{open}{close}"),
            children => format!("{open}{children}{line}{close}"),
        }
    }
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
