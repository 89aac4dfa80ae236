//! The claims that a program adds to those of the library.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::error::Error;
use crate::json;

/// The name of a claim that the library does not write itself.
pub struct ClaimName<'a>(&'a str);

impl<'a> ClaimName<'a> {
    /// Refuses a name that is `reserved`.
    pub(crate) fn new(name: &'a str, reserved: &[&str]) -> Result<Self, Error> {
        if reserved.contains(&name) {
            Err(Error::ReservedName)
        } else {
            Ok(Self(name))
        }
    }
}

/// Claims in the order in which they were first added.
#[derive(Default)]
pub(crate) struct Claims(Vec<Claim>);

struct Claim {
    /// The name as a JSON string.
    name: String,
    /// Compact JSON.
    value: String,
}

impl Claims {
    /// Adds a claim of one JSON value, or gives one that is there a new value in
    /// its old place. On an error, nothing changes.
    pub(crate) fn add(&mut self, name: ClaimName<'_>, json: &str) -> Result<(), Error> {
        let value = json::compact(json)?;
        let name = json::string(name.0)?;
        match self.0.iter_mut().find(|claim| claim.name == name) {
            Some(claim) => claim.value = value,
            None => {
                self.0.try_reserve(1)?;
                self.0.push(Claim { name, value });
            }
        }
        Ok(())
    }

    /// Writes the claims as members of an object, each with a comma behind it.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for Claim { name, value } in &self.0 {
            write!(out, "{name}:{value},")?;
        }
        Ok(())
    }
}
