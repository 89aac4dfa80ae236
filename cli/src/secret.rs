//! Reads secrets from a file or the environment, never from the command line. They are
//! wiped after they made a key, and no message shows them.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::str::from_utf8;

use zeroize::Zeroizing;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::standard_input;

/// Signs capability tokens.
pub(crate) const AUTH_TOKEN: Kind = Kind {
    name: "auth token",
    variable: "TWILIO_AUTH_TOKEN",
    own_variable: "CAPTOKEN_AUTH_TOKEN",
    file: "auth-token-file",
};

/// Signs access tokens.
pub(crate) const API_KEY_SECRET: Kind = Kind {
    name: "API key secret",
    variable: "TWILIO_API_KEY_SECRET",
    own_variable: "CAPTOKEN_API_KEY_SECRET",
    file: "api-key-secret-file",
};

/// The longest file, in bytes.
const MAX: usize = 65_536;

/// A kind of secret, its environment variables, and its option for a file.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The documented variable, which the example programs also read.
    pub(crate) variable: &'static str,
    /// Has precedence, because no other program reads it.
    own_variable: &'static str,
    pub(crate) file: &'static str,
}

/// A secret, and the name of its place.
pub(crate) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    pub(crate) place: String,
}

impl Kind {
    /// Whether an argument is an option for the secret itself, such as `--auth-token`, also
    /// with the secret appended to it.
    pub(crate) fn is_given_by(&self, argument: &OsStr) -> bool {
        let option = format!("--{}", self.file.trim_end_matches("-file"));
        let rest = argument.as_encoded_bytes().strip_prefix(option.as_bytes());
        rest.is_some_and(|rest| !rest.starts_with(b"-"))
    }

    /// The secret in the file that the arguments name, else in the environment.
    pub(crate) fn read(&self, arguments: &Arguments) -> Result<Secret, Failure> {
        match arguments.path(self.file) {
            Some(path) => self.in_file(path),
            None => self.in_environment().ok_or_else(|| self.missing()),
        }
    }

    fn missing(&self) -> Failure {
        let (name, variable, file) = (self.name, self.variable, self.file);
        Failure::outside(format!("no {name}: set {variable}, or use --{file} PATH"))
    }

    fn in_environment(&self) -> Option<Secret> {
        [self.own_variable, self.variable]
            .into_iter()
            .find_map(|variable| {
                let value = env::var_os(variable)?;
                Some(Secret {
                    bytes: Zeroizing::new(value.into_encoded_bytes()),
                    place: variable.to_owned(),
                })
            })
    }

    /// An error does not repeat the path, because it might be a misplaced secret.
    fn in_file(&self, path: &Path) -> Result<Secret, Failure> {
        let place = format!("the file of --{}", self.file);
        let bytes = open(path)
            .and_then(read_file)
            .map_err(|error| Failure::outside(format!("cannot read {place}: {error}")))?;
        Ok(Secret { bytes, place })
    }
}

/// The secret to verify a token with, chosen by the kind in its header.
///
/// The header is not verified yet, but a forged one gains nothing. Both secrets are the
/// user's, and the chosen one must also have signed the header. The holder of an API key cannot
/// forge scopes with it, because the report of an access token contains only grants.
pub(crate) fn to_verify(arguments: &Arguments, is_access_token: bool) -> Result<Secret, Failure> {
    let kinds = [AUTH_TOKEN, API_KEY_SECRET];
    if let Some(kind) = kinds.iter().find(|kind| arguments.has(kind.file)) {
        return kind.read(arguments);
    }
    if !is_access_token {
        return AUTH_TOKEN.read(arguments);
    }
    API_KEY_SECRET
        .in_environment()
        .or_else(|| AUTH_TOKEN.in_environment())
        .ok_or_else(|| API_KEY_SECRET.missing())
}

impl Secret {
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        match from_utf8(&self.bytes) {
            Ok("") => Err(Failure::outside(format!("{} is empty", self.place))),
            text => text.map_err(|_| Failure::outside(format!("{} is not UTF-8", self.place))),
        }
    }
}

/// A file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        standard_input()
    } else {
        File::open(path)
    }
}

fn read_file(file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    // Twice the room, so that read_to_end neither moves the secret nor reads to the stack.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MAX));
    let length = file.take(MAX as u64 + 1).read_to_end(&mut bytes)?;
    if length > MAX {
        let message = format!("it is longer than {MAX} bytes");
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    let line = bytes.strip_suffix(b"\r\n").or(bytes.strip_suffix(b"\n"));
    let length = line.map_or(length, <[u8]>::len);
    bytes.truncate(length);
    Ok(bytes)
}
