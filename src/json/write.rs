//! Writes JSON strings in ASCII.

use std::io::{self, Write};

use serde_core::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::error::Error;
use crate::text::{self, Text};

/// `string` as a JSON string, with its quotes.
pub(crate) fn string(string: &str) -> Result<Text, Error> {
    if !text::all(string.as_bytes(), needs_no_escape) {
        return allocate(|out| write_quoted(out, |out| write_fragment(string, out)));
    }
    let mut quoted = Text::default();
    quoted.reserve(string.len().saturating_add(2))?;
    quoted.append(b"\"")?;
    quoted.append(string.as_bytes())?;
    quoted.append(b"\"")?;
    Ok(quoted)
}

/// Whether a byte is a character that needs no escape in an ASCII JSON string.
fn needs_no_escape(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

/// The output of `write`, which is called twice: to measure, and to write.
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

/// Writes a string; `contents` writes its fragments.
pub(super) fn write_quoted(
    out: &mut dyn Write,
    contents: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    out.write_all(b"\"")?;
    contents(out)?;
    Ok(out.write_all(b"\"")?)
}

/// Writes a part of a string, escaped.
pub(super) fn write_fragment(fragment: &str, out: &mut dyn Write) -> Result<(), Error> {
    fragment
        .serialize(&mut Serializer::with_formatter(out, Ascii))
        .map_err(|_| Error::Internal)
}

/// Escapes characters that are not ASCII as `\uXXXX`, those above U+FFFF as a surrogate
/// pair (RFC 8259, section 7). [`write_quoted`] writes the quotes.
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

/// A writer that counts bytes, so that memory is reserved before it is filled.
#[derive(Default)]
struct Length(usize);

impl Length {
    /// The number of bytes written. An error if it exceeds `usize`.
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
    fn string_is_ascii_and_reads_back() {
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
