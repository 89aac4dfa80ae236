//! Plain JSON: serde_json decides which text is valid, and a loop splits it into tokens.

use serde::de::IgnoredAny;

/// A value: its tokens without white space. Each is a bracket, comma, colon, a string in its
/// original spelling with its quotes, a number, or a literal.
pub(crate) type Value<'a> = [&'a str];

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The tokens of one JSON value, or `None` if it is not JSON or has an unpaired surrogate.
/// `IgnoredAny` limits neither depth nor numbers.
pub(crate) fn tokens(json: &str) -> Option<Vec<&str>> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut tokens = Vec::new();
    let mut rest = json.trim_start_matches(WHITE_SPACE);
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest
                .find([' ', '\t', '\n', '\r', ',', '}', ']'])
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        if first == b'"' {
            string(&[token])?;
        }
        tokens.push(token);
        rest = after.trim_start_matches(WHITE_SPACE);
    }
    Some(tokens)
}

fn string_length(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(json.len(), |end| end + 2)
}

/// How deep arrays and objects are nested.
pub(crate) fn depth(value: &Value<'_>) -> usize {
    let (mut depth, mut deepest) = (0, 0);
    for token in value {
        match *token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The string that a value is, if it is one.
pub(crate) fn string(value: &Value<'_>) -> Option<String> {
    match value {
        [token] if token.starts_with('"') => serde_json::from_str(token).ok(),
        _ => None,
    }
}

/// The elements of an array.
pub(crate) fn elements<'v, 'a>(value: &'v Value<'a>) -> Option<Vec<&'v Value<'a>>> {
    match value {
        ["[", contents @ .., "]"] => Some(parts(contents)),
        _ => None,
    }
}

/// The members of an object, repeated names included.
pub(crate) fn members<'v, 'a>(value: &'v Value<'a>) -> Option<Vec<(String, &'v Value<'a>)>> {
    let ["{", contents @ .., "}"] = value else {
        return None;
    };
    let member = |part: &'v Value<'a>| match part {
        [name, _, value @ ..] => Some((string(&[name])?, value)),
        _ => None,
    };
    parts(contents).into_iter().map(member).collect()
}

/// Splits at the commas that are not inside an array or object.
fn parts<'v, 'a>(contents: &'v Value<'a>) -> Vec<&'v Value<'a>> {
    if contents.is_empty() {
        return Vec::new();
    }
    let mut depth = 0;
    let is_separator = |token: &&str| {
        match *token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ => {}
        }
        depth == 0 && *token == ","
    };
    contents.split(is_separator).collect()
}

/// The value without white space and in ASCII.
pub(crate) fn compact(value: &Value<'_>) -> String {
    let spell =
        |token: &&str| string(&[token]).map_or_else(|| (*token).into(), |text| quote(&text));
    value.iter().map(spell).collect()
}

/// A JSON string in ASCII.
pub(crate) fn quote(string: &str) -> String {
    let mut json = String::from('"');
    for character in string.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            ' '..='\u{7f}' => json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    json.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    json.push('"');
    json
}

/// An object with these members, whose values are JSON.
pub(crate) fn object<N: AsRef<str>, V: AsRef<str>>(
    members: impl IntoIterator<Item = (N, V)>,
) -> String {
    let member = |(name, value): (N, V)| format!("{}:{}", quote(name.as_ref()), value.as_ref());
    let members: Vec<_> = members.into_iter().map(member).collect();
    format!("{{{}}}", members.join(","))
}
