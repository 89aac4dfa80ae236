//! The statuses and their messages. A new status takes the next number, its meaning in
//! [`Status`], its message in [`MESSAGES`] and, if the core can fail that way, a line in
//! the conversion from [`Error`].

use std::ffi::{CStr, c_int};

use crate::error::Error;

/// How a call ended. The numbers are fixed: later versions append to them.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Success.
    Ok = 0,
    /// A required argument is NULL.
    NullArgument = 1,
    /// A required string is empty.
    EmptyArgument = 2,
    /// A string is not valid UTF-8.
    InvalidUtf8 = 3,
    /// The time to live is below 1 or above CAP_TTL_MAX seconds.
    InvalidTtl = 4,
    /// A time is negative, or the time or the expiry is above 2^53 - 1; or the
    /// system clock is before 1970.
    InvalidTime = 5,
    /// The buffer cannot hold the result and its NUL.
    BufferTooSmall = 6,
    /// An account SID or auth token is NULL and none is configured.
    NoCredentials = 7,
    /// Not a handle: the address is even.
    InvalidHandle = 8,
    /// A parameter or filter was added before its permission.
    MissingScope = 9,
    /// The client name is not 1 to 256 ASCII letters, digits and underscores.
    InvalidClientName = 10,
    /// The library writes a claim or grant of this name itself.
    ReservedName = 11,
    /// The value is not JSON, or the grant is not a JSON object.
    InvalidJson = 12,
    /// The call does not apply to this kind of token.
    Unsupported = 13,
    /// Memory allocation failed.
    OutOfMemory = 14,
    /// A bug in this library.
    Internal = 15,
    /// The token is not a signed JSON Web Token, or has no valid expiry.
    TokenMalformed = 16,
    /// The token is not signed with HS256.
    TokenAlgorithm = 17,
    /// The signature does not match: another secret, or a changed token.
    TokenSignature = 18,
    /// The token has expired.
    TokenExpired = 19,
    /// The token is not valid yet.
    TokenNotYetValid = 20,
    /// The request is not a JSON object as cap_mint() documents it.
    InvalidRequest = 21,
}

impl Status {
    /// The message, in one line without a full stop.
    pub fn message(self) -> &'static CStr {
        message(self as c_int)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::EmptyArgument => Self::EmptyArgument,
            Error::InvalidTtl => Self::InvalidTtl,
            Error::InvalidTime => Self::InvalidTime,
            Error::MissingScope => Self::MissingScope,
            Error::InvalidClientName => Self::InvalidClientName,
            Error::ReservedName => Self::ReservedName,
            Error::InvalidJson => Self::InvalidJson,
            Error::Unsupported => Self::Unsupported,
            Error::TokenMalformed => Self::TokenMalformed,
            Error::TokenAlgorithm => Self::TokenAlgorithm,
            Error::TokenSignature => Self::TokenSignature,
            Error::TokenExpired => Self::TokenExpired,
            Error::TokenNotYetValid => Self::TokenNotYetValid,
            Error::InvalidRequest => Self::InvalidRequest,
            Error::OutOfMemory => Self::OutOfMemory,
            Error::Internal => Self::Internal,
        }
    }
}

/// The message of every status, in the order of the numbers.
const MESSAGES: [(Status, &CStr); 22] = [
    (Status::Ok, c"success"),
    (Status::NullArgument, c"a required argument is NULL"),
    (Status::EmptyArgument, c"a required string is empty"),
    (Status::InvalidUtf8, c"a string is not valid UTF-8"),
    (
        Status::InvalidTtl,
        c"the time to live is not between 1 and 86400 seconds",
    ),
    (
        Status::InvalidTime,
        c"a time is before 1970 or too far in the future",
    ),
    (Status::BufferTooSmall, c"the buffer is too small"),
    (
        Status::NoCredentials,
        c"no account SID or auth token was given or configured",
    ),
    (
        Status::InvalidHandle,
        c"the handle was not made by this library",
    ),
    (
        Status::MissingScope,
        c"call cap_allow_outgoing or cap_allow_event_stream first",
    ),
    (
        Status::InvalidClientName,
        c"the client name is not 1 to 256 ASCII letters, digits and underscores",
    ),
    (
        Status::ReservedName,
        c"the library writes a claim or grant of this name itself",
    ),
    (
        Status::InvalidJson,
        c"the value is not JSON, or the grant is not a JSON object",
    ),
    (
        Status::Unsupported,
        c"the call does not apply to this kind of token",
    ),
    (Status::OutOfMemory, c"out of memory"),
    (
        Status::Internal,
        c"internal error: a bug in captoken, please report it",
    ),
    (Status::TokenMalformed, c"the token is malformed"),
    (
        Status::TokenAlgorithm,
        c"the token is not signed with HS256",
    ),
    (
        Status::TokenSignature,
        c"the token's signature does not match",
    ),
    (Status::TokenExpired, c"the token has expired"),
    (Status::TokenNotYetValid, c"the token is not valid yet"),
    (
        Status::InvalidRequest,
        c"the request is not a JSON object with the members that cap_mint documents",
    ),
];

/// The message of a status, or of a number that no status has.
pub(super) fn message(status: c_int) -> &'static CStr {
    MESSAGES
        .iter()
        .find(|(known, _)| *known as c_int == status)
        .map_or(c"unknown status", |(_, message)| message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_in_numeric_order() {
        for (number, (status, _)) in MESSAGES.iter().enumerate() {
            assert_eq!(*status as usize, number);
        }
    }
}
