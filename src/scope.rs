//! One permission and its scope: text, as in
//! `scope:client:incoming?clientName=alice`.
//!
//! Twilio reads a scope as a query of `application/x-www-form-urlencoded`, and
//! the value of `appParams` as one more such query inside it. Its first browser
//! client read both with `decodeURIComponent`. Percent-encoding everything but
//! unreserved characters (RFC 3986, section 2.3), a space as `%20`, is read
//! right by either, and leaves no text a way out of the value it stands in.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::error::Error;

/// What stands for `%` where text is encoded once, and where it is encoded and
/// the result encoded again. (Unreserved characters stay as they are both times,
/// so that nothing else differs.)
const ONCE: &str = "%";
const TWICE: &str = "%25";

/// The name of a browser or phone.
pub(crate) struct ClientName(String);

impl ClientName {
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        encode(name).map(Self)
    }

    /// Writes the scope of who may be called under this name.
    pub(crate) fn write_incoming(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"scope:client:incoming")?;
        write_value(out, "?clientName=", &self.0)
    }
}

/// May make calls, answered by an application that is given the parameters.
pub(crate) struct Outgoing {
    application_sid: String,
    pub(crate) params: Pairs,
}

impl Outgoing {
    pub(crate) fn new(application_sid: &str) -> Result<Self, Error> {
        Ok(Self {
            application_sid: encode(application_sid)?,
            params: Pairs::default(),
        })
    }

    /// Writes the scope; calls come from the caller, if it has a name.
    pub(crate) fn write(&self, caller: Option<&ClientName>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"scope:client:outgoing")?;
        write_value(out, "?appSid=", &self.application_sid)?;
        self.params.write(out, "&appParams=")?;
        if let Some(ClientName(name)) = caller {
            write_value(out, "&clientName=", name)?;
        }
        Ok(())
    }
}

/// May follow the account's events, those that pass the filters.
#[derive(Default)]
pub(crate) struct EventStream {
    pub(crate) filters: Pairs,
}

impl EventStream {
    /// Writes the scope.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"scope:stream:subscribe?path=%2F2010-04-01%2FEvents")?;
        self.filters.write(out, "&params=")
    }
}

/// Keys and values, `k=v&k=v`, as one value of a query: separators encoded once,
/// keys and values twice.
#[derive(Default)]
pub(crate) struct Pairs(String);

impl Pairs {
    /// Adds a pair behind the others; a key may repeat. On an error, none is added.
    pub(crate) fn add(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let Self(pairs) = self;
        let separator = if pairs.is_empty() { "" } else { "%26" };
        let length = separator
            .len()
            .saturating_add(encoded_length(key, TWICE))
            .saturating_add("%3D".len())
            .saturating_add(encoded_length(value, TWICE));
        pairs.try_reserve(length)?;
        pairs.push_str(separator);
        push_encoded(pairs, key, TWICE);
        pairs.push_str("%3D");
        push_encoded(pairs, value, TWICE);
        Ok(())
    }

    /// Writes `key` and the pairs, if there are any.
    fn write(&self, out: &mut dyn Write, key: &str) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        write_value(out, key, &self.0)
    }
}

fn write_value(out: &mut dyn Write, key: &str, value: &str) -> io::Result<()> {
    out.write_all(key.as_bytes())?;
    out.write_all(value.as_bytes())
}

/// `text` percent-encoded once.
fn encode(text: &str) -> Result<String, Error> {
    let mut encoded = String::new();
    encoded.try_reserve_exact(encoded_length(text, ONCE))?;
    push_encoded(&mut encoded, text, ONCE);
    Ok(encoded)
}

/// How many bytes [`push_encoded`] appends. A length beyond all memory comes out
/// as one that no reservation grants.
fn encoded_length(text: &str, percent: &str) -> usize {
    let unreserved = text.bytes().filter(|&byte| is_unreserved(byte)).count();
    (text.len() - unreserved)
        .saturating_mul(percent.len() + 2)
        .saturating_add(unreserved)
}

/// Appends `text` to where room for it is reserved.
fn push_encoded(out: &mut String, text: &str, percent: &str) {
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
    fn parameters_are_encoded_each_and_then_as_a_whole() {
        let mut outgoing = Outgoing::new("AP 1&x").unwrap();
        let mut events = EventStream::default();
        for (key, value) in [("a&b", "c=d e"), ("", ""), ("a&b", "%41+")] {
            let inner = format!("{}={}", encode(key).unwrap(), encode(value).unwrap());
            let mut expected = outgoing.params.0.clone();
            if !expected.is_empty() {
                expected.push_str(&encode("&").unwrap());
            }
            expected.push_str(&encode(&inner).unwrap());
            outgoing.params.add(key, value).unwrap();
            events.filters.add(key, value).unwrap();
            assert_eq!(outgoing.params.0, expected);
        }
        let mut scopes = Vec::new();
        outgoing.write(None, &mut scopes).unwrap();
        scopes.push(b'\n');
        events.write(&mut scopes).unwrap();
        assert_eq!(
            String::from_utf8(scopes).unwrap(),
            "scope:client:outgoing?appSid=AP%201%26x\
             &appParams=a%2526b%3Dc%253Dd%2520e%26%3D%26a%2526b%3D%252541%252B\n\
             scope:stream:subscribe?path=%2F2010-04-01%2FEvents\
             &params=a%2526b%3Dc%253Dd%2520e%26%3D%26a%2526b%3D%252541%252B"
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
