//! The claims that capability tokens and access tokens share.

#![forbid(unsafe_code)]

use crate::error::Error;
use crate::json::Object;
use crate::jws::PayloadBuffer;

/// The claims that a token of either kind has.
pub(crate) struct SharedClaims<'a> {
    /// The claims that the program has added.
    pub(crate) private: &'a Object,
    /// As a JSON string.
    pub(crate) account_sid: &'a [u8],
    /// `exp`, in seconds since 1970-01-01 UTC.
    pub(crate) expiry: i64,
    /// `nbf`, in the same unit.
    pub(crate) not_before: Option<i64>,
}

impl SharedClaims<'_> {
    /// Writes the value of `exp`, and `nbf` if it is set.
    pub(crate) fn write_validity(&self, out: &mut PayloadBuffer) -> Result<(), Error> {
        out.append(itoa::Buffer::new().format(self.expiry).as_bytes())?;
        if let Some(not_before) = self.not_before {
            out.append(br#","nbf":"#)?;
            out.append(itoa::Buffer::new().format(not_before).as_bytes())?;
        }
        Ok(())
    }
}
