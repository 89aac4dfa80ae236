//! Base64url without padding (RFC 4648, section 5), with the vector instructions of the CPU.

use base64_simd::{Out, URL_SAFE_NO_PAD};

use crate::error::Error;

/// The number of characters for a number of bytes; `None` if it exceeds `usize`.
pub(crate) const fn encoded_length(bytes: usize) -> Option<usize> {
    let groups = bytes / 3;
    match (groups.checked_mul(4), bytes % 3) {
        (Some(length), 0) => Some(length),
        (Some(length), rest) => length.checked_add(rest + 1),
        (None, _) => None,
    }
}

/// Encodes `bytes` to the beginning of `out`, and returns the rest of `out`.
pub(crate) fn encode<'a>(bytes: &[u8], out: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
    let length = encoded_length(bytes.len()).ok_or(Error::Internal)?;
    let (encoded, rest) = out.split_at_mut_checked(length).ok_or(Error::Internal)?;
    let _ = URL_SAFE_NO_PAD.encode(bytes, Out::from_slice(encoded));
    Ok(rest)
}

/// The bytes of a string in canonical base64url.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let length = URL_SAFE_NO_PAD
        .decoded_length(text.as_bytes())
        .map_err(|_| Error::TokenMalformed)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length)?;
    bytes.resize(length, 0);
    URL_SAFE_NO_PAD
        .decode(text.as_bytes(), Out::from_slice(&mut bytes))
        .map_err(|_| Error::TokenMalformed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn encoding_agrees_with_data_encoding(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            rest in 0..10_usize,
        ) {
            let expected = BASE64URL_NOPAD.encode(&bytes);
            prop_assert_eq!(encoded_length(bytes.len()), Some(expected.len()));
            let mut out = vec![b'?'; expected.len() + rest];
            prop_assert_eq!(encode(&bytes, &mut out).unwrap(), vec![b'?'; rest]);
            prop_assert_eq!(&out[..expected.len()], expected.as_bytes());
            prop_assert_eq!(decode(&expected), Ok(bytes));
        }

        /// The crate data-encoding is as strict.
        #[test]
        fn decoding_agrees_with_data_encoding(
            text in prop_oneof!["[A-Za-z0-9_-]{0,100}", "[A-Za-f0-9_=+/é-]{0,9}", "\\PC{0,9}"]
        ) {
            let plain = BASE64URL_NOPAD.decode(text.as_bytes());
            prop_assert_eq!(decode(&text), plain.map_err(|_| Error::TokenMalformed));
        }
    }

    #[test]
    fn encoded_length_does_not_overflow() {
        assert_eq!(encoded_length(usize::MAX), None);
        assert_eq!(encoded_length(usize::MAX / 4 * 3), Some(usize::MAX - 3));
    }
}
