//! Percent-encoding (RFC 3986, section 2.1) of everything but unreserved characters
//! (section 2.3), a space as `%20`.

use arrayvec::ArrayVec;

use crate::error::Error;
use crate::text::{self, SHORT, Text};

/// What stands for `%` where text is encoded once, and where it is encoded and
/// the result encoded again. (Unreserved characters stay as they are both times,
/// so that nothing else differs.)
pub(super) const ONCE: &str = "%";
pub(super) const TWICE: &str = "%25";

/// How many bytes a byte becomes at most, and how many are encoded at once.
const LONGEST: usize = TWICE.len() + 2;
const PART: usize = 32;

/// Puts `text`, percent-encoded once, in place of what is there. On an error, nothing
/// changes.
pub(super) fn set_encoded(place: &mut Option<Text>, text: &str) -> Result<(), Error> {
    if is_plain(text.as_bytes()) && text.len() <= SHORT {
        return place.get_or_insert_default().set(&[text.as_bytes()]);
    }
    let mut encoded = Text::default();
    append_encoded(&mut encoded, text, ONCE)?;
    *place = Some(encoded);
    Ok(())
}

/// Appends `text`. On an error, a part of it may have been appended.
pub(super) fn append_encoded(out: &mut Text, text: &str, percent: &str) -> Result<(), Error> {
    // In parts, as finding room for each character takes longer than to encode it.
    for part in text.as_bytes().chunks(PART) {
        if is_plain(part) {
            out.append(part)?;
            continue;
        }
        let mut encoded = ArrayVec::<u8, { PART * LONGEST }>::new();
        for &byte in part {
            if is_unreserved(byte) {
                encoded.push(byte);
            } else {
                encoded.extend(percent.bytes());
                encoded.push(hexadecimal(byte >> 4));
                encoded.push(hexadecimal(byte & 15));
            }
        }
        out.append(&encoded)?;
    }
    Ok(())
}

/// Whether encoding changes nothing.
fn is_plain(text: &[u8]) -> bool {
    text::all(text, is_unreserved)
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
        let mut encoded = None;
        set_encoded(&mut encoded, text).unwrap();
        encoded.unwrap().into_string()
    }

    #[test]
    fn unreserved_characters_stay_and_every_other_byte_is_written_in_upper_case() {
        assert_eq!(encoded(UNRESERVED), UNRESERVED);
        for character in (0..=0x7f).map(char::from) {
            if !UNRESERVED.contains(character) {
                let expected = format!("%{:02X}", u32::from(character));
                assert_eq!(encoded(&character.to_string()), expected);
            }
        }
        assert_eq!(encoded(" +é€😀"), "%20%2B%C3%A9%E2%82%AC%F0%9F%98%80");
    }

    /// Whether each text is short or long, and stays as it is or does not.
    #[test]
    fn a_text_takes_the_place_of_any_other() {
        let texts = [
            "Alice".to_owned(),
            "a b".to_owned(),
            "x".repeat(SHORT + 1),
            "é".repeat(SHORT),
        ];
        for first in &texts {
            for second in &texts {
                let mut place = None;
                set_encoded(&mut place, first).unwrap();
                set_encoded(&mut place, second).unwrap();
                assert_eq!(place.unwrap().into_string(), encoded(second));
            }
        }
    }

    #[test]
    fn a_text_is_whole_however_many_parts_it_is_encoded_in() {
        for length in 0..3 * PART {
            for (character, once) in [("x", "x"), ("/", "%2F")] {
                assert_eq!(encoded(&character.repeat(length)), once.repeat(length));
            }
        }
    }
}
