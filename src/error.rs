//! What can go wrong in the core.

#![forbid(unsafe_code)]

use std::collections::TryReserveError;
use std::io;

/// Why a token could not be built or signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The time to live is below one second or above a day.
    InvalidTtl,
    /// A time is negative or too large for every JSON reader to hold.
    InvalidTime,
    /// A parameter has no permission to belong to.
    MissingScope,
    /// Memory ran out, or a length exceeded what an address can count.
    OutOfMemory,
    /// The code contradicts itself.
    Internal,
}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Self {
        Self::OutOfMemory
    }
}

/// Text is only ever written where its length was reserved before, so a writer
/// that refuses it was measured wrongly.
impl From<io::Error> for Error {
    fn from(_: io::Error) -> Self {
        Self::Internal
    }
}
