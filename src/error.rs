//! What can go wrong in the core.

#![forbid(unsafe_code)]

use std::collections::TryReserveError;
use std::io;

/// Why a token could not be built, signed or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A string of a request that must not be empty is "".
    EmptyArgument,
    /// The time to live is below one second or above a day.
    InvalidTtl,
    /// A time is negative or too large for every JSON reader to hold.
    InvalidTime,
    /// A parameter or filter has no permission to belong to.
    MissingScope,
    /// A client name has characters, or a length, that not all of Twilio takes.
    InvalidClientName,
    /// A claim or grant that the library writes itself.
    ReservedName,
    /// A text is not one JSON value, or, for a grant, not one JSON object.
    InvalidJson,
    /// A token of this kind has no place for this.
    Unsupported,
    /// A token is not a signed token, or lacks a readable expiry.
    TokenMalformed,
    /// A token is signed in another way than HS256.
    TokenAlgorithm,
    /// A token was signed with another key, or changed since.
    TokenSignature,
    /// A token has expired.
    TokenExpired,
    /// A token is not valid yet.
    TokenNotYetValid,
    /// A request is not one JSON object of the documented form.
    InvalidRequest,
    /// Memory ran out, or a length exceeded what an address can count.
    OutOfMemory,
    /// The code contradicts itself.
    Internal,
}

impl Error {
    /// What an error means when it is a token that is read.
    pub(crate) fn in_token(self) -> Self {
        match self {
            Self::InvalidJson => Self::TokenMalformed,
            error => error,
        }
    }
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
