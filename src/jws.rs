//! A JSON Web Signature in compact serialisation (RFC 7515, section 7.1) with
//! HMAC-SHA256 (`HS256`, RFC 7518, section 3.2): written, and verified. Knows
//! nothing of what a token says.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::write::EncoderWriter;
use base64::{DecodeSliceError, Engine};
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, CoreProxy};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;
use crate::json::{self, Length};

/// The length of an HMAC-SHA256 in base64url.
const SIGNATURE_LENGTH: usize = 43;

/// A signing key, kept as the two hash states that HMAC makes of it. The secret
/// itself is not kept. The states are wiped when the key is dropped.
///
/// An [`Hmac`] would be the states and a buffer. The buffer is not initialised: it
/// holds what the stack held, such as a copy of a state, and is not wiped.
#[derive(Clone)]
pub struct Key(HmacCore<Sha256>);

impl Key {
    /// The key whose bytes are those of `secret`, of any length.
    pub fn new(secret: &str) -> Result<Self, Error> {
        match HmacCore::new_from_slice(secret.as_bytes()) {
            Ok(states) => Ok(Self(states)),
            Err(_) => Err(Error::Internal),
        }
    }

    /// The HMAC of a token's header and payload.
    fn hmac(&self, signing_input: &[u8]) -> Hmac<Sha256> {
        let states = self.0.clone();
        let mut hmac = Hmac::compose(states, Buffer::<HmacCore<Sha256>>::default());
        hmac.update(signing_input);
        hmac
    }

    /// The payload of a token that this key has signed, whoever wrote it.
    ///
    /// What the signature does not depend on is looked at first; the signature is
    /// compared in a time that does not tell where it differs.
    pub fn verify(&self, token: &str) -> Result<String, Error> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Error::TokenMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Error::TokenMalformed)?;
        let header = decode_text(header)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        check_header(&header)?;
        self.hmac(signing_input.as_bytes())
            .verify_slice(&signature)
            .map_err(|_| Error::TokenSignature)?;
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

/// The bytes that a part of a token spells, without padding and in the one way that
/// is canonical.
fn decode(base64url: &str) -> Result<Vec<u8>, Error> {
    let size = base64::decoded_len_estimate(base64url.len());
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size)?;
    bytes.resize(size, 0);
    let length = URL_SAFE_NO_PAD
        .decode_slice(base64url, &mut bytes)
        .map_err(|error| match error {
            DecodeSliceError::DecodeError(_) => Error::TokenMalformed,
            DecodeSliceError::OutputSliceTooSmall => Error::Internal,
        })?;
    bytes.truncate(length);
    Ok(bytes)
}

/// A token that is measured and ready to be written: nothing is held in memory
/// but what it is made of.
pub struct Draft<'a, P> {
    key: &'a Key,
    header: &'a str,
    payload: P,
    signing_input_length: usize,
    length: usize,
}

impl<'a, P> Draft<'a, P>
where
    P: Fn(&mut dyn Write) -> io::Result<()>,
{
    /// A token of two JSON texts; `payload` writes the same one at every call.
    pub(crate) fn new(key: &'a Key, header: &'a str, payload: P) -> Result<Self, Error> {
        let mut payload_length = Length::default();
        payload(&mut payload_length)?;
        let signing_input_length =
            signing_input_length(header.len(), payload_length.get()?).ok_or(Error::OutOfMemory)?;
        let length = signing_input_length
            .checked_add(1 + SIGNATURE_LENGTH)
            .ok_or(Error::OutOfMemory)?;
        Ok(Self {
            key,
            header,
            payload,
            signing_input_length,
            length,
        })
    }

    /// The length of the token in bytes, all of them ASCII.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Writes the token into `out`, which is exactly as long as the token.
    pub fn write(&self, out: &mut [u8]) -> Result<(), Error> {
        if out.len() != self.length {
            return Err(Error::Internal);
        }
        let (signing_input, mut signature) = out.split_at_mut(self.signing_input_length);

        let mut rest = &mut *signing_input;
        write_base64url(&mut rest, |out| out.write_all(self.header.as_bytes()))?;
        rest.write_all(b".")?;
        write_base64url(&mut rest, &self.payload)?;
        if !rest.is_empty() {
            return Err(Error::Internal);
        }

        let hmac = self.key.hmac(signing_input).finalize().into_bytes();
        signature.write_all(b".")?;
        match URL_SAFE_NO_PAD.encode_slice(hmac, signature) {
            Ok(SIGNATURE_LENGTH) => Ok(()),
            _ => Err(Error::Internal),
        }
    }
}

/// The length of header and payload in base64url, and the dot between them.
fn signing_input_length(header: usize, payload: usize) -> Option<usize> {
    let payload = base64::encoded_len(payload, false)?;
    base64::encoded_len(header, false)?
        .checked_add(1)?
        .checked_add(payload)
}

fn write_base64url(
    out: impl Write,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut encoder = EncoderWriter::new(out, &URL_SAFE_NO_PAD);
    text(&mut encoder)?;
    encoder.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(secret: &str, header: &str, payload: &str) -> String {
        let key = Key::new(secret).unwrap();
        let draft = Draft::new(&key, header, |out| out.write_all(payload.as_bytes())).unwrap();
        let mut out = vec![0; draft.length()];
        draft.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The specification's own example of HS256 has a key that is not UTF-8, so
    /// this one is of jwt.io's well-known token instead.
    #[test]
    fn a_known_token_comes_out_byte_for_byte() {
        assert_eq!(
            token(
                "your-256-bit-secret",
                r#"{"alg":"HS256","typ":"JWT"}"#,
                r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#,
            ),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
             eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
             SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
        );
    }

    #[test]
    fn texts_of_every_length_modulo_three_are_encoded_alike_in_one_piece_or_many() {
        let key = Key::new("secret").unwrap();
        for length in 0..70 {
            let text = "ab?~\u{7f}>".repeat(12);
            let (text, _) = text.split_at(length);
            let whole = token("secret", text, text);
            let pieces = Draft::new(&key, text, |out| {
                text.as_bytes()
                    .chunks(length % 5 + 1)
                    .try_for_each(|piece| out.write_all(piece))
            })
            .unwrap();
            let mut out = vec![0; pieces.length()];
            pieces.write(&mut out).unwrap();
            assert_eq!(out, whole.as_bytes());

            let parts: Vec<_> = whole.split('.').collect();
            let encoded = data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
            assert_eq!(parts.len(), 3);
            assert_eq!(parts[0], encoded);
            assert_eq!(parts[1], encoded);
        }
    }

    #[test]
    fn a_buffer_of_another_length_is_refused() {
        let key = Key::new("secret").unwrap();
        let draft = Draft::new(&key, "{}", |out| out.write_all(b"{}")).unwrap();
        let length = draft.length();
        for other in [0, 1, length - 1, length + 1] {
            assert_eq!(draft.write(&mut vec![0; other]), Err(Error::Internal));
        }
    }
}
