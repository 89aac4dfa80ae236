//! Where the auth token comes from: a file or the environment, never the command
//! line. It is wiped when it has made a key, and no message shows it.

use std::env;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::str::from_utf8;

use zeroize::Zeroizing;

use crate::arguments::SecretSource;
use crate::failure::Failure;
use crate::standard_input;

const VARIABLE: &str = "CAPTOKEN_AUTH_TOKEN";

/// The most that a file may hold. Room for all of it is there from the beginning:
/// memory that grew would leave copies behind.
const MAX: usize = 65_536;

/// An auth token, and what to call its place.
pub(crate) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    place: &'static str,
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

/// The path is not repeated in an error: it might be the secret itself, put where a
/// path belongs.
pub(crate) fn read(source: &SecretSource) -> Result<Secret, Failure> {
    let Some(path) = &source.auth_token_file else {
        let value = env::var_os(VARIABLE).ok_or_else(|| {
            Failure::Outside(format!(
                "no auth token: set {VARIABLE}, or use --auth-token-file PATH"
            ))
        })?;
        return Ok(Secret {
            bytes: Zeroizing::new(value.into_encoded_bytes()),
            place: VARIABLE,
        });
    };
    let file = if source.is_standard_input() {
        standard_input()
    } else {
        File::open(path)
    };
    let bytes = file
        .and_then(read_file)
        .map_err(|error| Failure::Outside(format!("cannot read the --auth-token-file: {error}")))?;
    Ok(Secret {
        bytes,
        place: "the --auth-token-file",
    })
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
