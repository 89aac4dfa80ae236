//! What ends the program without a success, and the exit codes.

use captoken::error::Error;
use captoken::ffi::Status;
use serde::Serialize;

use crate::report::malformed;

/// The exit code of what fails outside of the token. The library's status of this number
/// never gets this far. Its status 2, an empty string, shares clap's code for wrong usage.
const OUTSIDE: u8 = 1;

/// The statuses of the library that become exit codes.
const STATUSES: [Status; 13] = [
    Status::InvalidTtl,
    Status::InvalidTime,
    Status::ReservedName,
    Status::InvalidJson,
    Status::Unsupported,
    Status::OutOfMemory,
    Status::Internal,
    Status::TokenMalformed,
    Status::TokenAlgorithm,
    Status::TokenSignature,
    Status::TokenExpired,
    Status::TokenNotYetValid,
    Status::InvalidRequest,
];

pub(crate) enum Failure {
    /// A file, a stream, or the environment; with what happened.
    Outside(String),
    /// Nobody reads the output any more, so nothing is said.
    Unread,
    /// What the library said, and the message that tells it.
    Library(Status, String),
}

/// A failure for scripts.
#[derive(Serialize)]
pub(crate) struct FailureJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    status: u8,
    error: &'a str,
}

impl Failure {
    /// An error that came of an option.
    pub(crate) fn of(option: &str, error: Error) -> Self {
        let status = Status::from(error);
        Self::Library(status, format!("{option}: {}", in_words(status)))
    }

    /// The same with a reason that the library has no words for.
    pub(crate) fn because(option: &str, error: Error, why: &str) -> Self {
        let status = Status::from(error);
        Self::Library(status, format!("{option}: {}: {why}", in_words(status)))
    }

    /// What the library said of a token.
    pub(crate) fn of_token(token: &str, error: Error) -> Self {
        match error {
            Error::TokenMalformed => malformed::explain(token)
                .map_or_else(|why| Self::malformed(&why), |()| error.into()),
            _ => error.into(),
        }
    }

    /// A token that another secret than the one in this place has signed.
    pub(crate) fn signature(place: &str, is_access_token: bool) -> Self {
        let status = Status::TokenSignature;
        let mut message = format!("{} the secret in {place}", in_words(status));
        if is_access_token {
            message += "; an access token is signed with the secret of its API key";
        }
        Self::Library(status, message)
    }

    /// A malformed token, and what is wrong with it.
    pub(crate) fn malformed(why: &str) -> Self {
        let status = Status::TokenMalformed;
        Self::Library(status, format!("{}: {why}", in_words(status)))
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Outside(_) | Self::Unread => OUTSIDE,
            Self::Library(status, _) => *status as u8,
        }
    }

    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Unread => None,
            Self::Outside(message) | Self::Library(_, message) => Some(message),
        }
    }

    /// With `verified`, where a verified token was a possible outcome.
    pub(crate) fn json<'a>(&self, message: &'a str, verified: Option<bool>) -> FailureJson<'a> {
        FailureJson {
            verified,
            status: self.code(),
            error: message,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = Status::from(error);
        Self::Library(status, in_words(status))
    }
}

/// What a status means, as the library says it.
pub(crate) fn in_words(status: Status) -> String {
    status.message().to_string_lossy().into_owned()
}

/// The table of the help.
pub(crate) fn exit_codes() -> String {
    let mut table = "Exit codes:\n   \
         0  success; of verify, a valid token and nothing else\n   \
         1  no secret, or a file or stream failed\n   \
         2  wrong usage, of which --json prints nothing; or the --help of verify\n"
        .to_owned();
    for status in STATUSES {
        table += &format!("{:4}  {}\n", status as u8, in_words(status));
    }
    table + "From 4 on they are the statuses of captoken.h."
}
