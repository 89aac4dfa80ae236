//! Mints and checks the tokens of Twilio Client: JSON Web Tokens, signed with
//! HMAC-SHA256, that say which calls a browser may take and make. A capability token
//! says it in its `scope` claim, an access token, its successor, in its `grants`. The
//! interface is for C, PHP and Go; `include/captoken.h` documents it, and the functions
//! of [`ffi`] are the ones it declares.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a token says, of either kind, and names that are reserved | `capability.rs` |
//! | how a capability token spells a permission, percent-encoding | `scope.rs`, `scope/percent.rs` |
//! | how an access token does | `access.rs` |
//! | how a text becomes a JSON string, and JSON is read | `json/write.rs`, `json/read.rs` |
//! | objects of which no name repeats: claims, grants, parameters | `json/object.rs` |
//! | how header and payload become a signed token, how one is verified | `jws.rs` |
//! | HMAC, and the hash that a handle keeps | `jws/hmac.rs`, `jws/kept.rs` |
//! | SHA-256, as the processor does it best | `jws/sha256.rs`, `jws/sha256/vectors.rs` |
//! | base64url, a payload gathered from its pieces | `jws/base64url.rs`, `jws/gather.rs` |
//! | short texts in place, long ones on the heap | `text.rs` |
//! | when a token begins and ceases to be valid | `validity.rs` |
//! | the exported functions | `ffi.rs` |
//! | statuses and their texts | `ffi/status.rs` |
//! | C text to Rust text, a token to the caller's buffer | `ffi/text.rs` |
//! | what a `cap_token *` is, and what is wiped when it is freed | `ffi/handle.rs` |
//! | what is not ours, and goes to libcap | `ffi/libcap.rs` |
//! | the configured defaults | `ffi/defaults.rs` |
//! | what time it is | `ffi/clock.rs` |
//! | where panics stop | `ffi/boundary.rs` |
//! | where the stack is overwritten, behind secrets | `stack.rs` |
//! | the command line | `bin/captoken/main.rs` |
//!
//! Imports point one way: `ffi` and the command line use `capability`, `jws` and
//! `validity`; `capability` uses those and `scope` and `access`, and all use `json`.
//! Only `ffi` has unsafe code, and the core is told what time it is.
//!
//! What is public beside [`ffi`] is so for the command line, and may change with
//! every version.

mod access;
pub mod capability;
pub mod error;
mod json;
pub mod jws;
mod scope;
mod stack;
mod text;
pub mod validity;

#[expect(unsafe_code, reason = "C passes pointers and calls by name")]
pub mod ffi;
