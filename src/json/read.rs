//! Reads untrusted JSON (RFC 8259). Validation takes constant memory, so neither long nor
//! deeply nested input can exhaust the stack. Only strings with escapes are copied, into
//! memory that is reserved first.

use std::borrow::Cow;
use std::io::Write;
use std::str::from_utf8;

use hifijson::escape::Lex as _;
use hifijson::num::LexWrite as _;
use hifijson::str::LexWrite as _;
use hifijson::token::Lex as _;
use hifijson::{Expect, Read as _, SliceLexer};

use super::write::{allocate, write_fragment};
use crate::error::Error;
use crate::text::Text;

/// The maximum nesting of a value: the default limit of `serde_json`.
const DEPTH: u32 = 127;

/// The maximum nesting of a value that [`Next`] reads. A claim with a value of [`DEPTH`]
/// levels can be read again.
const MEMBER_DEPTH: u32 = 128;

/// One JSON value, without white space and in ASCII. Key order, repeated keys and the
/// spelling of numbers are kept.
pub(crate) fn compact(json: &str) -> Result<Text, Error> {
    allocate(|out| write_compact(json, out))
}

/// The same for a value that must be an object.
pub(crate) fn compact_object(json: &str) -> Result<Text, Error> {
    let object = compact(json)?;
    if object.starts_with(b"{") {
        Ok(object)
    } else {
        Err(Error::InvalidJson)
    }
}

fn write_compact(json: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut lexer = SliceLexer::new(json.as_bytes());
    value(&mut lexer, DEPTH, &mut Out(Some(out)))?;
    end(&mut lexer)
}

/// A sink for parsed JSON: writes it compactly, or discards it if there is no writer.
struct Out<'a>(Option<&'a mut dyn Write>);

impl Out<'_> {
    /// Takes JSON in its original spelling.
    fn write(&mut self, json: &[u8]) -> Result<(), Error> {
        match &mut self.0 {
            Some(out) => Ok(out.write_all(json)?),
            None => Ok(()),
        }
    }

    /// Takes a part of a string without its escapes.
    fn write_fragment(&mut self, fragment: &[u8]) -> Result<(), Error> {
        let Some(out) = &mut self.0 else {
            return Ok(());
        };
        let fragment = from_utf8(fragment).map_err(|_| Error::Internal)?;
        write_fragment(fragment, *out)
    }
}

/// The values of an object for these keys, in their original spelling. If one of these keys
/// repeats, that is an error, because readers differ in which value counts.
pub(crate) fn members<'a, const N: usize>(
    json: &'a str,
    keys: [&str; N],
) -> Result<[Option<&'a str>; N], Error> {
    let mut values = [None; N];
    read(json, |object| {
        object.members(|key, value| {
            let (key, value) = (string_value(key)?, value.spelling()?);
            let mut wanted = keys.iter().zip(&mut values);
            match wanted.find(|(wanted, _)| **wanted == key) {
                Some((_, found)) if found.is_some() => return Err(Error::InvalidJson),
                Some((_, found)) => *found = Some(value),
                None => {}
            }
            Ok(())
        })
    })?;
    Ok(values)
}

/// The next value, which one of the methods reads.
pub struct Next<'a, 'l> {
    json: &'a str,
    lexer: &'l mut SliceLexer<'a>,
}

/// Reads JSON that is one value.
pub fn read<'a>(
    json: &'a str,
    read: impl FnOnce(Next<'a, '_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut lexer = SliceLexer::new(json.as_bytes());
    read(Next {
        json,
        lexer: &mut lexer,
    })?;
    end(&mut lexer)
}

impl<'a> Next<'a, '_> {
    /// Any value, in its original spelling.
    pub fn spelling(self) -> Result<&'a str, Error> {
        self.spelling_of(|next| value(next.lexer, MEMBER_DEPTH, &mut Out(None)))
    }

    /// The original spelling of the value that `read` reads.
    pub(crate) fn spelling_of(
        self,
        read: impl FnOnce(Next<'a, '_>) -> Result<(), Error>,
    ) -> Result<&'a str, Error> {
        let Self { json, lexer } = self;
        let position = |lexer: &SliceLexer<'_>| json.len() - lexer.as_slice().len();
        lexer.eat_whitespace();
        let start = position(lexer);
        read(Next { json, lexer })?;
        json.get(start..position(lexer)).ok_or(Error::Internal)
    }

    /// A string, with its escapes resolved.
    pub(crate) fn string(self) -> Result<Cow<'a, str>, Error> {
        string_value(self.key_or_string()?)
    }

    /// An integer, the nearest one if `i64` cannot hold it.
    pub(crate) fn integer(self) -> Result<i64, Error> {
        let integer = self.spelling()?;
        let (digits, nearest) = match integer.strip_prefix('-') {
            Some(digits) => (digits, i64::MIN),
            None => (integer, i64::MAX),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::InvalidJson);
        }
        Ok(integer.parse().unwrap_or(nearest))
    }

    /// The members of an object: each key in its original spelling, and its value.
    pub fn members(
        self,
        mut visit: impl FnMut(&'a str, Next<'a, '_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { json, lexer } = self;
        lexer
            .expect(SliceLexer::ws_peek, b'{')
            .ok_or(Error::InvalidJson)?;
        lexer.seq(b'}', SliceLexer::ws_peek, |_, lexer| {
            let key = Next { json, lexer }.key_or_string()?;
            colon(lexer)?;
            visit(key, Next { json, lexer })
        })
    }

    /// The elements of an array.
    pub fn elements(
        self,
        mut visit: impl FnMut(Next<'a, '_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { json, lexer } = self;
        lexer
            .expect(SliceLexer::ws_peek, b'[')
            .ok_or(Error::InvalidJson)?;
        lexer.seq(b']', SliceLexer::ws_peek, |_, lexer| {
            visit(Next { json, lexer })
        })
    }

    fn key_or_string(self) -> Result<&'a str, Error> {
        self.spelling_of(|next| key(next.lexer, &mut Out(None)))
    }
}

/// The string with this spelling. Copied only if it has escapes.
pub fn string_value(spelling: &str) -> Result<Cow<'_, str>, Error> {
    let contents = spelling
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(Error::InvalidJson)?;
    if !contents.contains('\\') {
        return Ok(Cow::Borrowed(contents));
    }
    let mut bytes = Vec::new();
    // Enough: an escape is longer than its character.
    bytes.try_reserve_exact(contents.len())?;
    let mut lexer = SliceLexer::new(spelling.as_bytes());
    lexer.take_next();
    each_fragment(&mut lexer, &mut |fragment| {
        bytes.extend_from_slice(fragment);
        Ok(())
    })?;
    let string = String::from_utf8(bytes).map_err(|_| Error::Internal)?;
    Ok(Cow::Owned(string))
}

/// The open arrays and objects: a bit for each, set for objects.
#[derive(Default)]
struct Open {
    objects: u128,
    depth: u32,
}

impl Open {
    fn push(&mut self, is_object: bool, limit: u32) -> Result<(), Error> {
        if self.depth == limit {
            return Err(Error::InvalidJson);
        }
        self.objects = self.objects << 1 | u128::from(is_object);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    /// Whether the innermost is an object; `None` if nothing is open.
    fn is_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.objects & 1 == 1)
    }
}

/// Writes the next value compactly.
fn value(lexer: &mut SliceLexer<'_>, limit: u32, out: &mut Out<'_>) -> Result<(), Error> {
    let mut open = Open::default();
    loop {
        match lexer.ws_peek() {
            Some(start @ (b'[' | b'{')) => {
                lexer.take_next();
                out.write(&[start])?;
                let is_object = start == b'{';
                open.push(is_object, limit)?;
                if lexer.ws_peek() != Some(closing(is_object)) {
                    if is_object {
                        member_key(lexer, out)?;
                    }
                    continue;
                }
            }
            _ => scalar(lexer, out)?,
        }

        // A value has ended; close the arrays and objects that end with it.
        loop {
            let Some(is_object) = open.is_object() else {
                return Ok(());
            };
            match lexer.ws_peek() {
                Some(b',') => {
                    lexer.take_next();
                    out.write(b",")?;
                    if is_object {
                        member_key(lexer, out)?;
                    }
                    break;
                }
                Some(end) if end == closing(is_object) => {
                    lexer.take_next();
                    out.write(&[end])?;
                    open.pop();
                }
                _ => return Err(Error::InvalidJson),
            }
        }
    }
}

fn closing(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

fn member_key(lexer: &mut SliceLexer<'_>, out: &mut Out<'_>) -> Result<(), Error> {
    key(lexer, out)?;
    colon(lexer)?;
    out.write(b":")
}

fn key(lexer: &mut SliceLexer<'_>, out: &mut Out<'_>) -> Result<(), Error> {
    lexer
        .expect(SliceLexer::ws_peek, b'"')
        .ok_or(Error::InvalidJson)?;
    string(lexer, out)
}

fn colon(lexer: &mut SliceLexer<'_>) -> Result<(), Error> {
    lexer
        .expect(SliceLexer::ws_peek, b':')
        .ok_or(Error::InvalidJson)
}

fn end(lexer: &mut SliceLexer<'_>) -> Result<(), Error> {
    match lexer.ws_peek() {
        None => Ok(()),
        Some(_) => Err(Error::InvalidJson),
    }
}

/// Writes a string, a number, `true`, `false` or `null`.
fn scalar(lexer: &mut SliceLexer<'_>, out: &mut Out<'_>) -> Result<(), Error> {
    match lexer.peek_next() {
        Some(b'"') => {
            lexer.take_next();
            string(lexer, out)
        }
        Some(b'-' | b'0'..=b'9') => {
            let number = lexer.num_string().validated();
            let (number, _) = number.map_err(|_| Error::InvalidJson)?;
            out.write(number.as_bytes())
        }
        _ => {
            let literal = match lexer.null_or_bool().ok_or(Error::InvalidJson)? {
                None => "null",
                Some(true) => "true",
                Some(false) => "false",
            };
            out.write(literal.as_bytes())
        }
    }
}

/// Writes a string. Its first quote has been read.
fn string(lexer: &mut SliceLexer<'_>, out: &mut Out<'_>) -> Result<(), Error> {
    out.write(b"\"")?;
    each_fragment(lexer, &mut |fragment| out.write_fragment(fragment))?;
    out.write(b"\"")
}

/// Reads the rest of a string. Visits the parts between escapes, and each escaped
/// character.
fn each_fragment(
    lexer: &mut SliceLexer<'_>,
    visit: &mut impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    lexer.str_fold(
        visit,
        |fragment, visit| visit(fragment),
        |lexer, visit| {
            let kind = lexer.take_next().ok_or(Error::InvalidJson)?;
            let character = lexer.escape(kind)?;
            visit(character.encode_utf8(&mut [0; 4]).as_bytes())
        },
    )?;
    Ok(())
}

impl From<Expect> for Error {
    fn from(_: Expect) -> Self {
        Self::InvalidJson
    }
}

impl From<hifijson::str::Error> for Error {
    fn from(_: hifijson::str::Error) -> Self {
        Self::InvalidJson
    }
}

impl From<hifijson::escape::Error> for Error {
    fn from(_: hifijson::escape::Error) -> Self {
        Self::InvalidJson
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read_members(object: Next<'_, '_>) -> Result<(), Error> {
        object.members(|_, value| value.spelling().map(drop))
    }

    fn compact(json: &str) -> Result<String, Error> {
        super::compact(json).map(Text::into_string)
    }

    fn compact_object(json: &str) -> Result<String, Error> {
        super::compact_object(json).map(Text::into_string)
    }

    #[test]
    fn compact_drops_only_white_space() {
        let cases = [
            ("null", "null"),
            (" \t\r\n true \n", "true"),
            ("[ ]", "[]"),
            ("{ }", "{}"),
            ("[ 1 , [ ] , { } , false ]", "[1,[],{},false]"),
            (
                r#"{ "b" : 1 , "a" : 2 , "b" : 3 }"#,
                r#"{"b":1,"a":2,"b":3}"#,
            ),
            ("1.0", "1.0"),
            ("-0", "-0"),
            ("1E+02", "1E+02"),
            ("1e-2", "1e-2"),
            ("1e400", "1e400"),
            ("0.10000", "0.10000"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            (r#"" a\/b ""#, r#"" a/b ""#),
            ("\"é\u{7f}€😀\"", "\"\\u00e9\u{7f}\\u20ac\\ud83d\\ude00\""),
            (
                r#""\u00E9\uD83D\uDE00\u0041\u000A""#,
                r#""\u00e9\ud83d\ude00A\n""#,
            ),
            (r#"{"\u0061\n":0}"#, r#"{"a\n":0}"#),
            (r#""\b\f\n\r\t\"\\\/\u0000""#, r#""\b\f\n\r\t\"\\/\u0000""#),
        ];
        for (json, expected) in cases {
            assert_eq!(compact(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn compact_object_rejects_other_values() {
        assert_eq!(compact_object(" { } ").unwrap(), "{}");
        assert_eq!(compact_object("\n{\"a\": [1]}").unwrap(), r#"{"a":[1]}"#);
        for json in [
            "[]", "[{}]", "null", "1", "\"{}\"", "", " ", "{", "{}{}", "{},",
        ] {
            assert_eq!(compact_object(json), Err(Error::InvalidJson), "{json}");
        }
    }

    #[test]
    fn invalid_json_is_rejected() {
        let short = [
            "", " ", "tru", "True", "nul", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5",
            "1e", "1e+", "0x1", "1 2", "1,", ",", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
            "[1}", "{]", "{", "}", "{1:2}", "{a:1}", r#"{"a"}"#, r#"{,}"#, "\"", r#""a"#, "\"\n\"",
            r#""\x""#, "'a'", "1\u{a0}", "/**/1", "[1]]", "nulll",
        ];
        let long = [
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a" 1}"#,
            r#"{"a":1"#,
            "\"\u{1f}\"",
            r#""\u12""#,
            r#""\u12G4""#,
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\ud800""#,
            r#""\ud800x""#,
            r#""\ud800\n""#,
            r#"{"\ud800":1}"#,
            "\u{feff}1",
            "truefalse",
        ];
        for json in short.into_iter().chain(long) {
            assert_eq!(compact(json), Err(Error::InvalidJson), "{json}");
            let inside = format!(r#"{{"a":{json}}}"#);
            assert_eq!(compact(&inside), Err(Error::InvalidJson), "{inside}");
            let result = read(&inside, read_members);
            assert_eq!(result, Err(Error::InvalidJson), "{inside}");
        }
    }

    #[test]
    fn nesting_limit_equals_that_of_serde_json() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for (depth, is_read) in [(1, true), (127, true), (128, false), (1_000_000, false)] {
                let json = nested(depth);
                assert_eq!(compact(&json).is_ok(), is_read, "{depth}");
                assert_eq!(serde_json::from_str::<Value>(&json).is_ok(), is_read);
            }
            for (depth, is_read) in [(127, true), (128, true), (129, false), (1_000_000, false)] {
                let json = format!(r#"{{"a":{}}}"#, nested(depth));
                assert_eq!(read(&json, read_members).is_ok(), is_read);
            }
        }
        // Siblings do not count as nested.
        let flat = format!("[{}[]]", "[],".repeat(1000));
        assert_eq!(compact(&flat).unwrap(), flat);
        let mixed = r#"{"a":[{"b":[[],{}]},[]],"c":{}}"#;
        assert_eq!(compact(mixed).unwrap(), mixed);
    }

    #[test]
    fn members_come_in_order_in_original_spelling() {
        let mut members = Vec::new();
        let json = r#" { "a" : 1.50 , "\u0061" : [ 1 , {} ] , "b":"x" } "#;
        let result = read(json, |object| {
            object.members(|key, value| {
                members.push((key, value.spelling()?));
                Ok(())
            })
        });
        assert_eq!(result, Ok(()));
        let expected = [
            (r#""a""#, "1.50"),
            (r#""\u0061""#, "[ 1 , {} ]"),
            (r#""b""#, r#""x""#),
        ];
        assert_eq!(members, expected);

        for json in ["", "[]", "1", "\"a\"", "null", "{} {}", "{}x"] {
            let result = read(json, read_members);
            assert_eq!(result, Err(Error::InvalidJson), "{json}");
        }
    }

    #[test]
    fn repeated_wanted_member_is_rejected() {
        let json = r#"{"a":1,"\u0062":[2],"c":"3","d":4,"d":5,"a longer key":6}"#;
        let found = members(json, ["c", "x", "b"]);
        assert_eq!(found, Ok([Some(r#""3""#), None, Some("[2]")]));
        assert_eq!(members(json, ["d"]), Err(Error::InvalidJson));
        assert_eq!(
            members(r#"{"b":1,"\u0062":1}"#, ["b"]),
            Err(Error::InvalidJson)
        );
        assert_eq!(members("{}", ["b"]), Ok([None]));
    }

    #[test]
    fn string_value_resolves_escapes() {
        for (spelling, expected) in [
            (r#""""#, Some("")),
            (r#""alg é""#, Some("alg é")),
            (r#""\u0061l\u0067 \ud83d\ude00""#, Some("alg 😀")),
            (r#""\u00e9\n\\""#, Some("é\n\\")),
            ("12", None),
            ("null", None),
            ("[\"a\"]", None),
        ] {
            assert_eq!(
                string_value(spelling).ok().as_deref(),
                expected,
                "{spelling}"
            );
        }
    }

    /// JSON that is often truncated, or has characters in wrong positions.
    fn nearly_json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            "(null|true|false)",
            r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            r#""([ -!#-\[\]-~é😀]|\\["\\/bfnrt]|\\u[0-9a-dA-D]{4}|\\ud83d\\ude00){0,4}""#,
            "[-+.eE0-9a-f\"\\\\ ]{0,3}",
        ];
        let key = r#""[a-c]{0,2}""#;
        let json = scalar.prop_recursive(4, 24, 4, move |inner| {
            let member = (key, inner.clone()).prop_map(|(key, value)| format!("{key} :{value}"));
            prop_oneof![
                proptest::collection::vec(inner, 0..4)
                    .prop_map(|values| format!("[{}]", values.join(" ,"))),
                proptest::collection::vec(member, 0..4)
                    .prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        });
        (json, 0..200_usize, "[\\[\\]{},:\" 0]{0,1}").prop_map(|(mut json, index, other)| {
            if json.is_char_boundary(index) {
                json.insert_str(index, &other);
            }
            json
        })
    }

    proptest! {
        #[test]
        fn compact_agrees_with_serde_json(json in nearly_json()) {
            let expected = serde_json::from_str::<Value>(&json);
            match compact(&json) {
                Ok(compact) => {
                    prop_assert!(compact.is_ascii());
                    prop_assert_eq!(self::compact(&compact), Ok(compact.clone()));
                    match (serde_json::from_str::<Value>(&compact), expected) {
                        (Ok(value), Ok(expected)) => prop_assert_eq!(value, expected),
                        // A number that is valid JSON but too large for a double.
                        (Err(_), Err(error)) => {
                            prop_assert!(error.to_string().starts_with("number out of range"));
                        }
                        _ => prop_assert!(false, "{json}"),
                    }
                }
                Err(_) => prop_assert!(expected.is_err(), "{json}"),
            }
        }
    }
}
