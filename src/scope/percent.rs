//! Percent-encoding (RFC 3986, section 2.1) of everything but unreserved characters
//! (section 2.3), a space as `%20`.

use crate::error::Error;

/// What stands for `%` where text is encoded once, and where it is encoded and
/// the result encoded again. (Unreserved characters stay as they are both times,
/// so that nothing else differs.)
pub(super) const ONCE: &str = "%";
pub(super) const TWICE: &str = "%25";

/// `text` percent-encoded once.
pub(super) fn encode(text: &str) -> Result<String, Error> {
    let mut encoded = String::new();
    encoded.try_reserve_exact(encoded_length(text, ONCE))?;
    push_encoded(&mut encoded, text, ONCE);
    Ok(encoded)
}

/// How many bytes [`push_encoded`] appends. A length beyond all memory comes out
/// as one that no reservation grants.
pub(super) fn encoded_length(text: &str, percent: &str) -> usize {
    let unreserved = text.bytes().filter(|&byte| is_unreserved(byte)).count();
    (text.len() - unreserved)
        .saturating_mul(percent.len() + 2)
        .saturating_add(unreserved)
}

/// Appends `text` to where room for it is reserved.
pub(super) fn push_encoded(out: &mut String, text: &str, percent: &str) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(percent);
            out.push(hexadecimal(byte >> 4));
            out.push(hexadecimal(byte & 15));
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hexadecimal(digit: u8) -> char {
    char::from(match digit {
        0..10 => b'0' + digit,
        _ => b'A' - 10 + digit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNRESERVED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    #[test]
    fn unreserved_characters_stay_and_every_other_byte_is_written_in_upper_case() {
        assert_eq!(encode(UNRESERVED).unwrap(), UNRESERVED);
        for character in (0..=0x7f).map(char::from) {
            if !UNRESERVED.contains(character) {
                let expected = format!("%{:02X}", u32::from(character));
                assert_eq!(encode(&character.to_string()).unwrap(), expected);
            }
        }
        assert_eq!(
            encode(" +é€😀").unwrap(),
            "%20%2B%C3%A9%E2%82%AC%F0%9F%98%80"
        );
    }

    #[test]
    fn memory_is_reserved_for_exactly_what_is_written() {
        for text in ["", "a", " ", "a b", "é&=~"] {
            for percent in [ONCE, TWICE] {
                let mut out = String::new();
                push_encoded(&mut out, text, percent);
                assert_eq!(out.len(), encoded_length(text, percent));
            }
        }
    }
}
