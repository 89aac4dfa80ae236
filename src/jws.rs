//! Signs and verifies JSON Web Signatures in compact serialisation (RFC 7515, section 7.1)
//! with HMAC-SHA256 (`HS256`, RFC 7518, section 3.2). Knows nothing about Twilio.

#![forbid(unsafe_code)]

use self::base64url::{decode, encode, encoded_length};
pub use self::hmac::Key;
pub(crate) use self::prefix::{PrefixState, Prefixed};
use crate::error::Error;
use crate::json;
use crate::text::Text;

mod base64url;
mod hmac;
mod prefix;

/// The length of an HMAC-SHA256 in base64url.
const SIGNATURE_LENGTH: usize = 43;

/// The header `{"typ":"JWT","alg":"HS256"}` in base64url, with the full stop after it.
pub(crate) const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";

/// A header in base64url, with the full stop after it.
pub(crate) fn header(json: &[u8]) -> Result<Vec<u8>, Error> {
    let length = encoded_length(json.len()).ok_or(Error::OutOfMemory)?;
    let mut header = Vec::new();
    header.try_reserve_exact(length.checked_add(1).ok_or(Error::OutOfMemory)?)?;
    header.resize(length, 0);
    encode(json, &mut header)?;
    header.push(b'.');
    Ok(header)
}

/// A buffer for a payload. Typical payloads fit on the stack.
pub type PayloadBuffer = Text<768>;

/// A token that is complete except for its encoding and its signature.
pub struct Unsigned<'a> {
    pub(crate) key: &'a Key,
    /// Shared by tokens with the same key, header and constant part.
    pub(crate) prefix: &'a PrefixState,
    /// In base64url, with the full stop after it.
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
    /// The length of the payload up to the end of the constant part.
    pub(crate) constant_length: usize,
}

impl Unsigned<'_> {
    /// The length of the token.
    pub fn length(&self) -> Result<usize, Error> {
        encoded_length(self.payload.len())
            .and_then(|payload| payload.checked_add(self.header.len()))
            .and_then(|signing_input| signing_input.checked_add(1 + SIGNATURE_LENGTH))
            .ok_or(Error::OutOfMemory)
    }

    /// Writes the signed token, which is ASCII, into a buffer of exactly its length.
    pub fn sign(&self, out: &mut [u8]) -> Result<(), Error> {
        let (header, payload) = out
            .split_at_mut_checked(self.header.len())
            .ok_or(Error::Internal)?;
        header.copy_from_slice(self.header);
        let rest_length = encode(self.payload, payload)?.len();
        let (signing_input, rest) = out.split_at_mut(out.len() - rest_length);

        // Three bytes become four characters. A group that ends after the constant part may change.
        let constant_length = self.header.len() + self.constant_length / 3 * 4;
        let hmac = self.key.sign(signing_input, constant_length, self.prefix)?;
        let (dot, signature) = rest.split_at_mut_checked(1).ok_or(Error::Internal)?;
        dot.copy_from_slice(b".");
        match encode(&hmac, signature)? {
            [] => Ok(()),
            _ => Err(Error::Internal),
        }
    }
}

impl Key {
    /// Verifies the signature of a token and returns its payload.
    ///
    /// The form of the token and its header are checked before the signature.
    pub fn verify(&self, token: &str) -> Result<String, Error> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Error::TokenMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Error::TokenMalformed)?;
        // The header that this library writes needs no check.
        let header = (!token.starts_with(HEADER))
            .then(|| decode_utf8(header))
            .transpose()?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        if let Some(header) = header {
            check_header(&header)?;
        }
        if !self.verify_mac(signing_input.as_bytes(), &signature)? {
            return Err(Error::TokenSignature);
        }
        String::from_utf8(payload).map_err(|_| Error::TokenMalformed)
    }
}

/// Checks that a header names HS256, and that `typ`, if there is one, is `JWT`. Keys may
/// have any order. Unknown keys are allowed, except `crit`, which lists those that a reader
/// must understand (RFC 7515, section 4.1.11).
fn check_header(header: &str) -> Result<(), Error> {
    let [alg, typ, crit] =
        json::members(header, ["alg", "typ", "crit"]).map_err(Error::in_token)?;
    let is_jwt = match typ {
        Some(typ) => is_string(typ, |typ| typ.eq_ignore_ascii_case("JWT"))?,
        None => true,
    };
    if crit.is_some() || !is_jwt {
        return Err(Error::TokenMalformed);
    }
    match alg {
        Some(alg) if is_string(alg, |alg| alg == "HS256")? => Ok(()),
        _ => Err(Error::TokenAlgorithm),
    }
}

fn is_string(json: &str, is: impl Fn(&str) -> bool) -> Result<bool, Error> {
    Ok(json.starts_with('"') && is(&json::string_value(json)?))
}

fn decode_utf8(base64url: &str) -> Result<String, Error> {
    String::from_utf8(decode(base64url)?).map_err(|_| Error::TokenMalformed)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use proptest::prelude::*;

    use super::*;

    /// The token, and the same from the crates hmac-sha256 and data-encoding.
    fn tokens(
        secret: &str,
        prefix: &PrefixState,
        header: &str,
        constant: &str,
        rest: &str,
    ) -> [String; 2] {
        let mut payload = PayloadBuffer::default();
        payload.append(constant.as_bytes()).unwrap();
        payload.append(rest.as_bytes()).unwrap();
        let unsigned = Unsigned {
            key: &Key::new(secret),
            prefix,
            header: header.as_bytes(),
            payload: &payload,
            constant_length: constant.len(),
        };
        let mut token = vec![0; unsigned.length().unwrap()];
        unsigned.sign(&mut token).unwrap();
        for wrong in [token.len() - 1, token.len() + 1, 0, header.len()] {
            assert_eq!(unsigned.sign(&mut vec![0; wrong]), Err(Error::Internal));
        }

        let payload = BASE64URL_NOPAD.encode(format!("{constant}{rest}").as_bytes());
        let signing_input = format!("{header}{payload}");
        let hmac = hmac_sha256::HMAC::mac(&signing_input, secret);
        let expected = format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&hmac));
        [String::from_utf8(token).unwrap(), expected]
    }

    /// The example token of jwt.io. The key in the example of RFC 7515 is not UTF-8.
    #[test]
    fn known_token_is_reproduced() {
        let header = header(br#"{"alg":"HS256","typ":"JWT"}"#).unwrap();
        let [token, _] = tokens(
            "your-256-bit-secret",
            &PrefixState::default(),
            &String::from_utf8(header).unwrap(),
            r#"{"sub":"1234567890","name":"John Doe","iat":"#,
            "1516239022}",
        );
        assert_eq!(
            token,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
             eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
             SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
        );
    }

    #[test]
    fn default_header_is_encoded_right() {
        let json = br#"{"typ":"JWT","alg":"HS256"}"#;
        assert_eq!(header(json).unwrap(), HEADER.as_bytes());
    }

    proptest! {
        /// The first token stores the state after the constant part, the others continue
        /// from it. Payloads are shorter and longer than the buffer on the stack.
        #[test]
        fn cached_state_gives_the_same_token(
            secret in "[ -~]{0,100}",
            constant in "[ -~]{0,1000}",
            rests in proptest::collection::vec("[ -~]{0,300}", 1..4),
        ) {
            let prefix = PrefixState::default();
            for rest in &rests {
                let [token, expected] = tokens(&secret, &prefix, HEADER, &constant, rest);
                prop_assert_eq!(token, expected);
            }
        }
    }
}
