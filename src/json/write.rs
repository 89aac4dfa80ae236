//! Writing JSON.

use std::io::{self, Write};

use serde_core::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::error::Error;
use crate::text::{self, Text};

/// `text` as a JSON string, quotes included.
pub(crate) fn string(text: &str) -> Result<Text, Error> {
    if !text::all(text.as_bytes(), stays_as_it_is) {
        return allocate(|out| write_quoted(out, |out| write_fragment(text, out)));
    }
    let mut string = Text::default();
    string.reserve(text.len().saturating_add(2))?;
    string.append(b"\"")?;
    string.append(text.as_bytes())?;
    string.append(b"\"")?;
    Ok(string)
}

/// Whether a byte is a character that a JSON string of ours spells as itself.
fn stays_as_it_is(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

/// What `write` writes, which is the same at every call.
pub(crate) fn allocate(write: impl Fn(&mut dyn Write) -> Result<(), Error>) -> Result<Text, Error> {
    let mut length = Length::default();
    write(&mut length)?;
    let mut text = Text::default();
    text.reserve(length.get()?)?;
    match &mut text {
        Text::Short(short) => write(short)?,
        Text::Long(long) => write(long)?,
    }
    Ok(text)
}

/// A string whose fragments `contents` writes.
pub(super) fn write_quoted(
    out: &mut dyn Write,
    contents: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    out.write_all(b"\"")?;
    contents(out)?;
    Ok(out.write_all(b"\"")?)
}

/// A part of a string's text, as it stands between the quotes.
pub(super) fn write_fragment(text: &str, out: &mut dyn Write) -> Result<(), Error> {
    text.serialize(&mut Serializer::with_formatter(out, Ascii))
        .map_err(|_| Error::Internal)
}

/// Compact JSON whose strings spell what is not ASCII as `\uXXXX`, characters
/// beyond U+FFFF as a surrogate pair (RFC 8259, section 7). Quotes around a string
/// are left to [`write_quoted`].
struct Ascii;

impl Formatter for Ascii {
    fn begin_string<W>(&mut self, _: &mut W) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        Ok(())
    }

    fn end_string<W>(&mut self, _: &mut W) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        Ok(())
    }

    fn write_string_fragment<W>(&mut self, out: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut rest = fragment;
        while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
            let (ascii, other) = rest.split_at(start);
            out.write_all(ascii.as_bytes())?;
            let mut characters = other.chars();
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

/// A writer that only counts, so that memory can be had before it is filled.
#[derive(Default)]
struct Length(usize);

impl Length {
    /// The number of bytes written; an error if no address could count them.
    fn get(self) -> Result<usize, Error> {
        if self.0 < usize::MAX {
            Ok(self.0)
        } else {
            Err(Error::OutOfMemory)
        }
    }
}

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_ascii_and_reads_back() {
        let cases = [
            ("", r#""""#),
            ("AC123123", r#""AC123123""#),
            ("\"\\/", r#""\"\\/""#),
            (
                "\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}",
                "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\u{7f}\"",
            ),
            ("é", r#""\u00e9""#),
            ("a€b😀c", r#""a\u20acb\ud83d\ude00c""#),
            ("\u{ffff}\u{10ffff}", r#""\uffff\udbff\udfff""#),
        ];
        for (text, expected) in cases {
            let json = string(text).unwrap().into_string();
            assert_eq!(json, expected);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
