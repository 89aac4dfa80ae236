//! The errors of the core.

#![forbid(unsafe_code)]

use std::collections::TryReserveError;
use std::io;

/// Why a token was not built, signed or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A required string of a request is empty.
    EmptyArgument,
    /// The time to live is below 1 or above 86400 seconds.
    InvalidTtl,
    /// A time is negative or above 2^53 - 1.
    InvalidTime,
    /// A parameter or filter was added before its permission.
    MissingScope,
    /// Not every Twilio product accepts the client name.
    InvalidClientName,
    /// The library writes a claim or grant of this name itself.
    ReservedName,
    /// A value is not JSON, or a grant is not a JSON object.
    InvalidJson,
    /// The call does not apply to this kind of token.
    Unsupported,
    /// A token is not a signed JSON Web Token, or has no valid expiry.
    TokenMalformed,
    /// A token is not signed with HS256.
    TokenAlgorithm,
    /// The signature does not match: another key, or a changed token.
    TokenSignature,
    /// A token has expired.
    TokenExpired,
    /// A token is not valid yet.
    TokenNotYetValid,
    /// A request is not a JSON object of the documented form.
    InvalidRequest,
    /// Memory allocation failed, or a length exceeds `usize`.
    OutOfMemory,
    /// A bug in this crate.
    Internal,
}

impl Error {
    /// The same error if the input is a token instead of an argument.
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

/// Bytes are only written to reserved memory, so a failure means that a length was computed
/// wrongly.
impl From<io::Error> for Error {
    fn from(_: io::Error) -> Self {
        Self::Internal
    }
}
