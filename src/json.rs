//! JSON in ASCII: readers that take a token's bytes for Latin-1, as Twilio's
//! first browser client did, still read every character right.

#![forbid(unsafe_code)]

mod object;
mod read;
mod write;

pub(crate) use object::{Members, Object, write_object};
pub(crate) use read::{Next, compact, compact_object, members, read, string_value};
pub(crate) use write::{allocate, string};
