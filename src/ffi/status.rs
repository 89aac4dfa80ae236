//! Status codes and their texts. A new status takes the next number, its meaning
//! here, its text in [`TEXTS`], and, where the core can fail that way, a line in
//! the conversion from [`Error`].

use std::ffi::{CStr, c_int};

use crate::error::Error;

/// How a call ended. The numbers are fixed: later versions append to them.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The call did what it says.
    Ok = 0,
    /// A pointer that must not be NULL is NULL.
    NullArgument = 1,
    /// A text that must not be empty is "".
    EmptyArgument = 2,
    /// A text is not UTF-8.
    InvalidUtf8 = 3,
    /// The time to live is below 1 or above CAP_TTL_MAX seconds.
    InvalidTtl = 4,
    /// A time, or the expiry it leads to, is before 1970 or after 2^53 - 1
    /// seconds; or the system clock is set to before 1970.
    InvalidTime = 5,
    /// The buffer cannot hold the result and its NUL.
    BufferTooSmall = 6,
    /// An account SID or auth token is NULL and none is configured.
    NoCredentials = 7,
    /// The address is even: no handle of this library's.
    InvalidHandle = 8,
    /// A parameter or filter was given before the permission it belongs to.
    MissingScope = 9,
    /// The client name is not 1 to 256 ASCII letters, digits and underscores.
    InvalidClientName = 10,
    /// The library writes the claim or grant of this name itself.
    ReservedName = 11,
    /// The text is not one JSON value; or, for a grant, not one JSON object.
    InvalidJson = 12,
    /// The call does not apply to this kind of token.
    Unsupported = 13,
    /// Memory ran out.
    OutOfMemory = 14,
    /// A bug in this library was stopped before it reached the program.
    Internal = 15,
    /// The token is not a signed token, or lacks a readable expiry.
    TokenMalformed = 16,
    /// The token is signed in another way than HS256.
    TokenAlgorithm = 17,
    /// The token was signed with another secret, or changed since.
    TokenSignature = 18,
    /// The token has expired.
    TokenExpired = 19,
    /// The token is not valid yet.
    TokenNotYetValid = 20,
    /// The request is not one JSON object of the form that cap_mint() takes.
    InvalidRequest = 21,
}

impl Status {
    /// What the status means, in one line without a full stop.
    pub fn text(self) -> &'static CStr {
        text(self as c_int)
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

/// Every status with the one line that says it to a person.
const TEXTS: [(Status, &CStr); 22] = [
    (Status::Ok, c"success"),
    (
        Status::NullArgument,
        c"an argument is NULL that must not be",
    ),
    (Status::EmptyArgument, c"a text is empty that must not be"),
    (Status::InvalidUtf8, c"a text is not valid UTF-8"),
    (
        Status::InvalidTtl,
        c"the time to live is not between one second and one day",
    ),
    (
        Status::InvalidTime,
        c"a time is before 1970 or too far in the future",
    ),
    (
        Status::BufferTooSmall,
        c"the buffer is too small for the result",
    ),
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
        c"the permission that this belongs to was not given before",
    ),
    (
        Status::InvalidClientName,
        c"the client name is not 1 to 256 ASCII letters, digits and underscores",
    ),
    (
        Status::ReservedName,
        c"the name is reserved for the library's own use",
    ),
    (
        Status::InvalidJson,
        c"the text is not one JSON value, or a grant not one JSON object",
    ),
    (
        Status::Unsupported,
        c"the call does not apply to this kind of token",
    ),
    (Status::OutOfMemory, c"out of memory"),
    (Status::Internal, c"internal error, a bug in captoken"),
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
        c"the request is not one JSON object with the members of captoken.h",
    ),
];

/// The text of any number, also of one that no status has.
pub(super) fn text(status: c_int) -> &'static CStr {
    TEXTS
        .iter()
        .find(|(known, _)| *known as c_int == status)
        .map_or(c"unknown status", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_stand_in_the_order_of_the_numbers_without_a_gap() {
        for (number, (status, _)) in TEXTS.iter().enumerate() {
            assert_eq!(*status as usize, number);
        }
    }
}
