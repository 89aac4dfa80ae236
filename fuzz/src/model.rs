//! A model of the C interface in plain Rust, written from `captoken.h`. It calls no code of
//! captoken, and takes its numbers of statuses.

use captoken::ffi::Status;

pub(crate) mod json;
pub(crate) mod request;
pub(crate) mod token;
pub(crate) mod verify;

use crate::c::{Outcome, Size};
use crate::input::Field;

/// 2^53 - 1.
const LAST_TIME: i64 = 9_007_199_254_740_991;

/// A string that may be empty.
fn required(string: Field<'_>) -> Result<&str, Status> {
    let bytes = string.ok_or(Status::NullArgument)?;
    std::str::from_utf8(bytes).map_err(|_| Status::InvalidUtf8)
}

/// A string that must not be empty.
fn non_empty(string: Field<'_>) -> Result<&str, Status> {
    match required(string)? {
        "" => Err(Status::EmptyArgument),
        string => Ok(string),
    }
}

fn check_time(time: i64) -> Result<(), Status> {
    if (0..=LAST_TIME).contains(&time) {
        Ok(())
    } else {
        Err(Status::InvalidTime)
    }
}

/// `cap_check_client_name`
pub(crate) fn check_client_name(name: Field<'_>) -> Result<(), Status> {
    let name = non_empty(name)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() <= 256 && name.chars().all(is_allowed) {
        Ok(())
    } else {
        Err(Status::InvalidClientName)
    }
}

/// The arguments of `cap_configure`.
#[derive(Default)]
pub(crate) struct Defaults(Option<(String, String)>);

impl Defaults {
    /// `cap_configure`
    pub(crate) fn configure(&mut self, [account, secret]: [Field<'_>; 2]) -> Result<(), Status> {
        self.0 = match (account, secret) {
            (None, None) => None,
            _ => Some((non_empty(account)?.into(), non_empty(secret)?.into())),
        };
        Ok(())
    }

    /// `cap_new`
    pub(crate) fn new_token(
        &self,
        [account, secret]: [Field<'_>; 2],
    ) -> Result<token::Token, Status> {
        let given = |string: Field<'_>, default: fn(&(String, String)) -> &String| match string {
            None => self
                .0
                .as_ref()
                .map(default)
                .cloned()
                .ok_or(Status::NoCredentials),
            string => non_empty(string).map(String::from),
        };
        let account = given(account, |(account, _)| account)?;
        Ok(token::Token::new(
            account,
            given(secret, |(_, secret)| secret)?,
        ))
    }
}

/// The rules of the section Buffers, for a call that ends with this result.
pub(crate) fn output(result: Result<&str, Status>, size: Size) -> Outcome {
    let failed = |status, length| Outcome {
        status,
        length: Some(length),
        contents: (!size.is_null && size.bytes > 0).then(Vec::new),
    };
    match result {
        Err(status) => failed(status, 0),
        Ok(_) if size.is_null && size.bytes > 0 => failed(Status::NullArgument, 0),
        Ok(string) if string.len() >= size.bytes => failed(Status::BufferTooSmall, string.len()),
        Ok(string) => Outcome {
            status: Status::Ok,
            length: Some(string.len()),
            contents: Some(string.as_bytes().to_vec()),
        },
    }
}
