//! Where a secret comes from: a file or the environment, never the command line. It is
//! wiped when it has made a key, and no message shows it.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::from_utf8;

use zeroize::Zeroizing;

use crate::arguments::SecretSource;
use crate::failure::Failure;
use crate::standard_input;

/// What signs capability tokens.
pub(crate) const AUTH_TOKEN: Kind = Kind {
    name: "auth token",
    variable: "CAPTOKEN_AUTH_TOKEN",
    option: "--auth-token",
    file_place: "the --auth-token-file",
    file: |source| &source.auth_token_file,
};

/// What signs access tokens.
pub(crate) const API_KEY_SECRET: Kind = Kind {
    name: "API key secret",
    variable: "CAPTOKEN_API_KEY_SECRET",
    option: "--api-key-secret",
    file_place: "the --api-key-secret-file",
    file: |source| &source.api_key_secret_file,
};

/// The most that a file may hold. Room for all of it is there from the beginning:
/// memory that grew would leave copies behind.
const MAX: usize = 65_536;

/// A kind of secret, and where it is looked for.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) variable: &'static str,
    /// That of the secret itself, which is refused; that of the file has `-file` behind it.
    pub(crate) option: &'static str,
    file_place: &'static str,
    file: fn(&SecretSource) -> &Option<PathBuf>,
}

/// A secret, and what to call its place.
pub(crate) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    pub(crate) place: &'static str,
}

impl Kind {
    /// Whether this argument is the option that is refused, also with the secret right
    /// behind it, or behind another sign than '='.
    pub(crate) fn is_given_by(&self, argument: &OsStr) -> bool {
        let rest = argument
            .as_encoded_bytes()
            .strip_prefix(self.option.as_bytes());
        rest.is_some_and(|rest| !rest.starts_with(b"-"))
    }

    /// The secret: of a file if one is given, else of the environment.
    pub(crate) fn read(&self, source: &SecretSource) -> Result<Secret, Failure> {
        match (self.file)(source) {
            Some(path) => self.of_file(path),
            None => self.of_environment().ok_or_else(|| self.missing()),
        }
    }

    fn missing(&self) -> Failure {
        let Self {
            name,
            variable,
            option,
            ..
        } = self;
        Failure::Outside(format!(
            "no {name}: set {variable}, or use {option}-file PATH"
        ))
    }

    fn of_environment(&self) -> Option<Secret> {
        let value = env::var_os(self.variable)?;
        Some(Secret {
            bytes: Zeroizing::new(value.into_encoded_bytes()),
            place: self.variable,
        })
    }

    /// The path is not repeated in an error: it might be the secret itself, put where a
    /// path belongs.
    fn of_file(&self, path: &Path) -> Result<Secret, Failure> {
        let place = self.file_place;
        let file = if is_standard_input(path) {
            standard_input()
        } else {
            File::open(path)
        };
        let bytes = file
            .and_then(read_file)
            .map_err(|error| Failure::Outside(format!("cannot read {place}: {error}")))?;
        Ok(Secret { bytes, place })
    }
}

/// The secret to verify a token with: that of the kind which its header names.
///
/// Nobody has verified the header yet, but to choose by it is safe: both secrets are the
/// user's own, and the one that is chosen must have signed the token, header and all.
/// Whoever has neither gains nothing by asking for the other; and whoever has the one of
/// an API key gains no scopes by it, as of an access token the report has the grants alone.
pub(crate) fn to_verify(source: &SecretSource, is_access_token: bool) -> Result<Secret, Failure> {
    for kind in [AUTH_TOKEN, API_KEY_SECRET] {
        if (kind.file)(source).is_some() {
            return kind.read(source);
        }
    }
    if !is_access_token {
        return AUTH_TOKEN.read(source);
    }
    API_KEY_SECRET
        .of_environment()
        .or_else(|| AUTH_TOKEN.of_environment())
        .ok_or_else(|| API_KEY_SECRET.missing())
}

impl Secret {
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        let place = self.place;
        match from_utf8(&self.bytes) {
            Ok("") => Err(Failure::Outside(format!("{place} is empty"))),
            Ok(text) => Ok(text),
            Err(_) => Err(Failure::Outside(format!("{place} is not UTF-8"))),
        }
    }
}

impl SecretSource {
    pub(crate) fn is_standard_input(&self) -> bool {
        let files = [&self.auth_token_file, &self.api_key_secret_file];
        files
            .into_iter()
            .flatten()
            .any(|path| is_standard_input(path))
    }
}

pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

fn read_file(mut file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; MAX + 1]);
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => {
                bytes.truncate(length);
                let line = bytes.strip_suffix(b"\r\n").or(bytes.strip_suffix(b"\n"));
                let length = line.map_or(length, <[u8]>::len);
                bytes.truncate(length);
                return Ok(bytes);
            }
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        ErrorKind::InvalidData,
        format!("it is longer than {MAX} bytes"),
    ))
}
