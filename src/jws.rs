//! A JSON Web Signature in compact serialisation (RFC 7515, section 7.1) with
//! HMAC-SHA256 (`HS256`, RFC 7518, section 3.2). Knows nothing of what a token
//! says.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::write::EncoderWriter;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, CoreProxy};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;
use crate::json::Length;

/// The length of an HMAC-SHA256 in base64url.
const SIGNATURE_LENGTH: usize = 43;

/// A signing key, kept as the two hash states that HMAC makes of it. The secret
/// itself is not kept. The states are wiped when the key is dropped.
///
/// An [`Hmac`] would be the states and a buffer. The buffer is not initialised: it
/// holds what the stack held, such as a copy of a state, and is not wiped.
#[derive(Clone)]
pub(crate) struct Key(HmacCore<Sha256>);

impl Key {
    /// The key whose bytes are those of `secret`, of any length.
    pub(crate) fn new(secret: &str) -> Result<Self, Error> {
        match HmacCore::new_from_slice(secret.as_bytes()) {
            Ok(states) => Ok(Self(states)),
            Err(_) => Err(Error::Internal),
        }
    }
}

/// A token that is measured and ready to be written: nothing is held in memory
/// but what it is made of.
pub(crate) struct Draft<'a, P> {
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
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Writes the token into `out`, which is exactly as long as the token.
    pub(crate) fn write(&self, out: &mut [u8]) -> Result<(), Error> {
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

        let states = self.key.0.clone();
        let mut hmac = Hmac::<Sha256>::compose(states, Buffer::<HmacCore<Sha256>>::default());
        hmac.update(signing_input);
        signature.write_all(b".")?;
        match URL_SAFE_NO_PAD.encode_slice(hmac.finalize().into_bytes(), signature) {
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
