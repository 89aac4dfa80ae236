//! The ways in which the program fails, and their exit codes.

use captoken::error::Error;
use captoken::ffi::Status;

use crate::json::{object, value};

/// The exit code of everything that is not about the token. The library's status 1 cannot
/// occur here. Its status 2, an empty string, has the meaning of clap's code 2: wrong usage.
const OUTSIDE: u8 = 1;

pub(crate) struct Failure {
    pub(crate) code: u8,
    /// `None` if the reader of the output has gone.
    pub(crate) message: Option<String>,
}

impl Failure {
    pub(crate) const UNREAD: Self = Self {
        code: OUTSIDE,
        message: None,
    };

    /// A failure of a file, a stream or the environment.
    pub(crate) fn outside(message: String) -> Self {
        let message = Some(message);
        Self {
            message,
            ..Self::UNREAD
        }
    }

    /// An error of the library that an option caused.
    pub(crate) fn of(option: &str, error: Error) -> Self {
        let message = Some(format!("{option}: {}", in_words(error)));
        Self {
            message,
            ..error.into()
        }
    }

    /// The failure, with more about its cause.
    pub(crate) fn because(self, cause: &str) -> Self {
        let message = self.message.map(|message| format!("{message}: {cause}"));
        Self { message, ..self }
    }

    /// The failure for scripts, with `verified` for the commands that read a token.
    pub(crate) fn json(&self, message: &str, reads_token: bool) -> String {
        let mut members = vec![("status", value(self.code)), ("error", value(message))];
        if reads_token {
            members.insert(0, ("verified", value(false)));
        }
        object(&members)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: Status::from(error) as u8,
            message: Some(in_words(error)),
        }
    }
}

/// The library's message for a status.
pub(crate) fn in_words(status: impl Into<Status>) -> String {
    status.into().message().to_string_lossy().into_owned()
}
