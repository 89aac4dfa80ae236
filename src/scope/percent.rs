//! Percent-encoding (RFC 3986, section 2.1) of all characters except unreserved ones
//! (section 2.3). A space becomes `%20`.

use crate::error::Error;
use crate::text::{self, Text};

/// The start of an escape in a string that is encoded once, and in one that is encoded
/// twice. Nothing else differs, because unreserved characters are never encoded.
pub(super) const ONCE: &str = "%";
pub(super) const TWICE: &str = "%25";

/// `string`, percent-encoded once.
pub(super) fn encode(string: &str) -> Result<Text, Error> {
    let mut encoded = Text::default();
    append_encoded(&mut encoded, string, ONCE)?;
    Ok(encoded)
}

/// Appends `string`, encoded once or twice as `percent` says. On an error, nothing is
/// appended.
pub(super) fn append_encoded(out: &mut Text, string: &str, percent: &str) -> Result<(), Error> {
    if text::all(string.as_bytes(), is_unreserved) {
        return out.append(string.as_bytes());
    }
    let escapes = string.bytes().filter(|&byte| !is_unreserved(byte)).count();
    let growth = escapes.saturating_mul(percent.len() + 1);
    out.reserve(string.len().saturating_add(growth))?;
    for run in string
        .as_bytes()
        .split_inclusive(|&byte| !is_unreserved(byte))
    {
        match run.split_last() {
            Some((&byte, plain)) if !is_unreserved(byte) => {
                out.append(plain)?;
                out.append(percent.as_bytes())?;
                out.append(&[hexadecimal(byte >> 4), hexadecimal(byte & 15)])?;
            }
            _ => out.append(run)?,
        }
    }
    Ok(())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hexadecimal(digit: u8) -> u8 {
    match digit {
        0..10 => b'0' + digit,
        _ => b'A' - 10 + digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNRESERVED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    fn encoded(text: &str) -> String {
        encode(text).unwrap().into_string()
    }

    #[test]
    fn reserved_bytes_become_upper_case_escapes() {
        assert_eq!(encoded(UNRESERVED), UNRESERVED);
        for character in (0..=0x7f).map(char::from) {
            if !UNRESERVED.contains(character) {
                let expected = format!("%{:02X}", u32::from(character));
                assert_eq!(encoded(&character.to_string()), expected);
            }
        }
        assert_eq!(encoded(" +é€😀"), "%20%2B%C3%A9%E2%82%AC%F0%9F%98%80");
    }

    #[test]
    fn append_adds_exactly_the_encoding() {
        for length in 0..100 {
            for (character, twice) in [("x", "x"), ("/", "%252F"), ("/x", "%252Fx")] {
                let mut text = Text::of("before");
                append_encoded(&mut text, &character.repeat(length), TWICE).unwrap();
                let expected = format!("before{}", twice.repeat(length));
                assert_eq!(text.into_string(), expected);
            }
        }
    }
}
