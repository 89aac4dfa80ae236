//! A JSON Web Signature in compact serialisation (RFC 7515, section 7.1) with
//! HMAC-SHA256 (`HS256`, RFC 7518, section 3.2): written, and verified. Knows
//! nothing of what a token says.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use self::base64url::{decode, encode, encoded_length};
use self::gather::{Encoder, Gathered};
pub use self::hmac::Key;
pub(crate) use self::kept::Kept;
use crate::error::Error;
use crate::json;

mod base64url;
mod gather;
mod hmac;
mod kept;
mod sha256;

/// The length of an HMAC-SHA256 in base64url.
const SIGNATURE_LENGTH: usize = 43;

/// The header `{"typ":"JWT","alg":"HS256"}`, as a token begins with it.
pub(crate) const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";

/// A header of this JSON, as a token begins with it.
pub(crate) fn header(json: &[u8]) -> Result<Vec<u8>, Error> {
    let length = encoded_length(json.len()).ok_or(Error::OutOfMemory)?;
    let mut header = Vec::new();
    header.try_reserve_exact(length.checked_add(1).ok_or(Error::OutOfMemory)?)?;
    header.resize(length, 0);
    encode(json, &mut header)?;
    header.push(b'.');
    Ok(header)
}

/// A payload in two parts, each the same text at every call.
pub(crate) trait Payload {
    /// Writes what no time changes, up to the first that one does.
    fn write_constant(&self, out: &mut impl Write) -> io::Result<()>;

    /// Writes the rest.
    fn write_rest(&self, out: &mut impl Write) -> io::Result<()>;
}

/// Signs a token and writes it to where `place` has room for as many bytes. Tokens that
/// share `kept` have the same header, and the same constant part.
pub(crate) fn write_token<'a, E: From<Error>>(
    key: &Key,
    kept: &Kept,
    header: &[u8],
    payload: &impl Payload,
    place: impl FnOnce(usize) -> Result<&'a mut [u8], E>,
) -> Result<(), E> {
    let too_long = Error::OutOfMemory;
    let mut gathered = Gathered::default();
    payload.write_constant(&mut gathered).map_err(Error::from)?;
    let constant_length = gathered.length();
    payload.write_rest(&mut gathered).map_err(Error::from)?;
    let signing_input_length = encoded_length(gathered.length())
        .and_then(|payload| payload.checked_add(header.len()))
        .ok_or(too_long)?;
    let length = signing_input_length
        .checked_add(1 + SIGNATURE_LENGTH)
        .ok_or(too_long)?;

    let out = place(length)?;
    if out.len() != length {
        return Err(Error::Internal.into());
    }
    let (signing_input, signature) = out.split_at_mut(signing_input_length);
    let (start, payload_part) = signing_input.split_at_mut(header.len());
    start.copy_from_slice(header);
    match gathered.text() {
        Some(text) => encode(text, payload_part)?,
        None => {
            let mut encoder = Encoder::new(payload_part);
            payload.write_constant(&mut encoder).map_err(Error::from)?;
            payload.write_rest(&mut encoder).map_err(Error::from)?;
            encoder.finish()?
        }
    };

    // Of the last three bytes that are constant, the last may share a character.
    let constant_length = header.len() + constant_length / 3 * 4;
    let hmac = key.sign(signing_input, constant_length, kept);
    let (dot, signature) = signature.split_at_mut(1);
    dot.copy_from_slice(b".");
    encode(&hmac, signature)?;
    Ok(())
}

impl Key {
    /// The payload of a token that this key has signed, whoever wrote it.
    ///
    /// What the signature does not depend on is looked at first.
    pub fn verify(&self, token: &str) -> Result<String, Error> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Error::TokenMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Error::TokenMalformed)?;
        // The usual one is known to be right.
        let header = (!token.starts_with(HEADER))
            .then(|| decode_text(header))
            .transpose()?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        if let Some(header) = header {
            check_header(&header)?;
        }
        if !self.accepts(signing_input.as_bytes(), &signature) {
            return Err(Error::TokenSignature);
        }
        String::from_utf8(payload).map_err(|_| Error::TokenMalformed)
    }
}

/// Whether a header is that of a JSON Web Token signed with HS256. Its keys may have
/// any order, and others may be there, but not the list of those that must be
/// understood (`crit`, RFC 7515, section 4.1.11).
fn check_header(header: &str) -> Result<(), Error> {
    let [alg, typ, crit] =
        json::members(header, ["alg", "typ", "crit"]).map_err(Error::in_token)?;
    if crit.is_some() {
        return Err(Error::TokenMalformed);
    }
    let says = |value, is: fn(&str) -> bool| json::short_string(value, &mut [0; 8]).is_some_and(is);
    if !alg.is_some_and(|alg| says(alg, |alg| alg == "HS256")) {
        return Err(Error::TokenAlgorithm);
    }
    if !typ.is_none_or(|typ| says(typ, |typ| typ.eq_ignore_ascii_case("JWT"))) {
        return Err(Error::TokenMalformed);
    }
    Ok(())
}

fn decode_text(base64url: &str) -> Result<String, Error> {
    String::from_utf8(decode(base64url)?).map_err(|_| Error::TokenMalformed)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use proptest::prelude::*;

    use super::*;

    /// A payload that comes in pieces.
    struct Pieces<'a> {
        constant: &'a [&'a str],
        rest: &'a [&'a str],
    }

    impl Payload for Pieces<'_> {
        fn write_constant(&self, out: &mut impl Write) -> io::Result<()> {
            write_all(self.constant, out)
        }

        fn write_rest(&self, out: &mut impl Write) -> io::Result<()> {
            write_all(self.rest, out)
        }
    }

    fn write_all(pieces: &[&str], out: &mut impl Write) -> io::Result<()> {
        pieces
            .iter()
            .try_for_each(|piece| out.write_all(piece.as_bytes()))
    }

    fn token(secret: &str, kept: &Kept, header: &str, payload: Pieces<'_>) -> String {
        let mut out = Vec::new();
        let place = &mut out;
        let key = Key::new(secret);
        write_token(&key, kept, header.as_bytes(), &payload, move |length| {
            place.resize(length, 0);
            Ok::<_, Error>(place.as_mut_slice())
        })
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The plain way to the same.
    fn plain_token(secret: &str, header: &str, payload: &Pieces<'_>) -> String {
        let payload = [payload.constant.concat(), payload.rest.concat()].concat();
        let payload = BASE64URL_NOPAD.encode(payload.as_bytes());
        let signing_input = format!("{header}{payload}");
        let hmac = hmac_sha256::HMAC::mac(&signing_input, secret);
        format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&hmac))
    }

    /// The specification's own example of HS256 has a key that is not UTF-8, so
    /// this one is of jwt.io's well-known token instead.
    #[test]
    fn a_known_token_comes_out_byte_for_byte() {
        let header = header(br#"{"alg":"HS256","typ":"JWT"}"#).unwrap();
        let payload = Pieces {
            constant: &[r#"{"sub":"1234567890","name":"John Doe","iat":"#],
            rest: &["1516239022}"],
        };
        assert_eq!(
            token(
                "your-256-bit-secret",
                &Kept::default(),
                &String::from_utf8(header).unwrap(),
                payload
            ),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
             eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
             SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
        );
    }

    #[test]
    fn the_usual_header_is_spelled_as_it_would_be_encoded() {
        let json = br#"{"typ":"JWT","alg":"HS256"}"#;
        assert_eq!(header(json).unwrap(), HEADER.as_bytes());
    }

    proptest! {
        /// The first token keeps the hash of the constant part, the second goes on from
        /// it; payloads are shorter and longer than what is gathered at once.
        #[test]
        fn the_first_token_of_a_handle_and_those_after_it_are_what_the_plain_way_makes(
            secret in "[ -~]{0,100}",
            constant in proptest::collection::vec("[ -~]{0,300}", 0..8),
            rests in proptest::collection::vec("[ -~]{0,300}", 1..4),
        ) {
            let kept = Kept::default();
            let constant: Vec<&str> = constant.iter().map(String::as_str).collect();
            for rest in &rests {
                let rest = [rest.as_str(), "}"];
                let payload = || Pieces { constant: &constant, rest: &rest };
                let expected = plain_token(&secret, HEADER, &payload());
                prop_assert_eq!(token(&secret, &kept, HEADER, payload()), expected);
            }
        }
    }

    #[test]
    fn a_place_of_another_length_is_refused() {
        for wrong in [-1, 1] {
            let mut out = Vec::new();
            let place = &mut out;
            let payload = Pieces {
                constant: &["{"],
                rest: &["}"],
            };
            let (key, kept) = (Key::new("secret"), Kept::default());
            let result = write_token(&key, &kept, HEADER.as_bytes(), &payload, |length| {
                place.resize(length.checked_add_signed(wrong).unwrap(), 0);
                Ok::<_, Error>(place.as_mut_slice())
            });
            assert_eq!(result, Err(Error::Internal));
        }
    }
}
