//! Percent-encoding (RFC 3986, section 2.1) of everything but unreserved characters
//! (section 2.3), a space as `%20`.

use crate::error::Error;
use crate::text::{SHORT, Text};

/// What stands for `%` where text is encoded once, and where it is encoded and
/// the result encoded again. (Unreserved characters stay as they are both times,
/// so that nothing else differs.)
pub(super) const ONCE: &str = "%";
pub(super) const TWICE: &str = "%25";

/// Puts `text`, percent-encoded once, in place of what is there. On an error, nothing
/// changes.
pub(super) fn set_encoded(place: &mut Option<Text>, text: &str) -> Result<(), Error> {
    // Looks at all bytes, however soon it could know: that makes it quick.
    let is_plain = text
        .bytes()
        .fold(true, |is_plain, byte| is_plain & is_unreserved(byte));
    if is_plain && text.len() <= SHORT {
        return place.get_or_insert_default().set(&[text.as_bytes()]);
    }
    let mut encoded = Text::default();
    append_encoded(&mut encoded, text, ONCE)?;
    *place = Some(encoded);
    Ok(())
}

/// Appends `text`. On an error, a part of it may have been appended.
pub(super) fn append_encoded(out: &mut Text, text: &str, percent: &str) -> Result<(), Error> {
    let mut rest = text.as_bytes();
    loop {
        let unreserved = rest.iter().take_while(|&&byte| is_unreserved(byte)).count();
        let (as_it_is, other) = rest.split_at(unreserved);
        out.append(as_it_is)?;
        let Some((byte, behind)) = other.split_first() else {
            return Ok(());
        };
        out.append(percent.as_bytes())?;
        out.append(&[hexadecimal(byte >> 4), hexadecimal(byte & 15)])?;
        rest = behind;
    }
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
}
