//! Mints and checks the tokens of Twilio Client: JSON Web Tokens, signed with
//! HMAC-SHA256, that say which calls a browser may take and make. A capability token
//! says it in its `scope` claim, an access token, its successor, in its `grants`. The
//! interface is for C, PHP and Go; `include/captoken.h` documents it, and the functions
//! of [`ffi`] are the ones it declares.
//!
//! `docs/architecture.md` has the modules, the way of a token through them, and the
//! invariants. Imports point one way: nothing imports `ffi`. Only `ffi` has unsafe code,
//! and the core is told what time it is.
//!
//! Everything public except [`ffi`] is public for the command line only, and may change
//! with every version.

mod access;
mod claims;

pub mod error;
mod json;
pub mod jws;
pub mod request;
mod scope;
mod stack;
mod text;
pub mod token;
pub mod validity;

#[expect(unsafe_code, reason = "C passes pointers and calls by name")]
pub mod ffi;
