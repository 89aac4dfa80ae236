//! Strings and times for people. Everything in a token may be an attack on the terminal
//! that shows it.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use humantime::format_rfc3339_seconds;

/// The same JSON on one line, with escapes for all characters that cannot be seen: those
/// that control a terminal, or turn the direction of writing. Line breaks and tabs can only
/// be between values, and become spaces.
pub(crate) fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\t' | '\n' | '\r' => visible.push(' '),
            '"' | '\'' | '\\' => visible.push(character),
            _ if character.escape_debug().len() == 1 => visible.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _ = write!(visible, "\\u{unit:04x}");
                }
            }
        }
    }
    visible
}

/// A string as it is if it is one plain word; otherwise in quotes, so that it cannot pass
/// for two, and with escapes for characters that cannot be seen.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// A time in seconds since 1970, and its distance from another one.
pub(crate) fn when(time: f64, now: f64) -> String {
    let date = date(time);
    if !has_date(time) {
        return date;
    }
    let distance = duration((time - now).abs() as u64);
    if time > now {
        format!("{date}, in {distance}")
    } else {
        format!("{date}, {distance} ago")
    }
}

/// The seconds of each unit. Years and months have their average length.
const UNITS: [(&str, u64); 6] = [
    ("year", 31_557_600),
    ("month", 2_629_800),
    ("day", 86_400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
];

/// A duration in its two largest units, such as `3 days 4 hours`.
pub(crate) fn duration(mut seconds: u64) -> String {
    let mut parts = Vec::new();
    for (unit, length) in UNITS {
        let count = seconds / length;
        seconds %= length;
        match count {
            0 => {}
            1 => parts.push(format!("1 {unit}")),
            _ => parts.push(format!("{count} {unit}s")),
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        return "0 seconds".to_owned();
    }
    parts.join(" ")
}

/// RFC 3339 ends with the year 9999.
fn has_date(time: f64) -> bool {
    (0.0..253_402_300_800.0).contains(&time)
}

pub(crate) fn date(time: f64) -> String {
    if has_date(time) {
        format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time as u64)).to_string()
    } else {
        format!("{time:e} seconds after 1970")
    }
}
