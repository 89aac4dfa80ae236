//! Mints Twilio Client capability tokens: JSON Web Tokens, signed with
//! HMAC-SHA256, whose `scope` claim says which calls a browser may take and
//! make. The interface is for C, PHP and Go; `include/captoken.h` documents it,
//! and the functions of [`ffi`] are the ones it declares.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a token says, and when it expires | `capability.rs` |
//! | how a permission is spelled, percent-encoding | `scope.rs` |
//! | how a text becomes a JSON string | `json.rs` |
//! | how header and payload become a signed token | `jws.rs` |
//! | the exported functions | `ffi.rs` |
//! | statuses and their texts | `ffi/status.rs` |
//! | C text to Rust text, a token to the caller's buffer | `ffi/text.rs` |
//! | what a `cap_token *` is, and what is wiped when it is freed | `ffi/handle.rs` |
//! | what is not ours, and goes to libcap | `ffi/libcap.rs` |
//! | the configured defaults | `ffi/defaults.rs` |
//! | where panics stop, and the stack is overwritten | `ffi/boundary.rs` |
//!
//! Imports point one way: `ffi` uses `capability`, which uses `scope`, `json`
//! and `jws`. Only `ffi` has unsafe code and reads the clock.

mod capability;
mod error;
mod json;
mod jws;
mod scope;

#[expect(unsafe_code, reason = "C passes pointers and calls by name")]
pub mod ffi;
