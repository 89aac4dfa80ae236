//! Reads JSON, and writes it in ASCII. Twilio's first browser client decoded a payload as
//! Latin-1, so that other characters would arrive wrong.

#![forbid(unsafe_code)]

mod names;
mod object;
mod read;
mod write;

pub(crate) use object::{Members, Object, write_object};
pub use read::{Next, read, string_value};
pub(crate) use read::{compact, compact_object, members};
pub(crate) use write::{allocate, string};
