//! Mints and checks the tokens of Twilio Client: JSON Web Tokens, signed with
//! HMAC-SHA256, that say which calls a browser may take and make. A capability token
//! says it in its `scope` claim, an access token, its successor, in its `grants`. The
//! interface is for C, PHP and Go; `include/captoken.h` documents it, and the functions
//! of [`ffi`] are the ones it declares.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a token of either kind says, reserved names | `capability.rs` |
//! | how a capability token spells a permission, percent-encoding | `scope.rs`, `scope/percent.rs` |
//! | how an access token spells it | `access.rs` |
//! | the JSON request of `cap_mint` | `request.rs` |
//! | writing and reading JSON | `json/write.rs`, `json/read.rs` |
//! | objects whose names do not repeat: claims, grants, parameters | `json/object.rs` |
//! | signing a token, verifying one | `jws.rs` |
//! | HMAC, and the state that a handle caches | `jws/hmac.rs`, `jws/prefix.rs` |
//! | base64url | `jws/base64url.rs` |
//! | strings that are stored in place if they are short | `text.rs` |
//! | when a token begins and ceases to be valid | `validity.rs` |
//! | the exported functions | `ffi.rs` |
//! | statuses and their messages | `ffi/status.rs` |
//! | C strings to `&str`, a token to the caller's buffer | `ffi/text.rs` |
//! | what a `cap_token *` is, and what freeing it wipes | `ffi/handle.rs` |
//! | forwarding foreign pointers to libcap | `ffi/libcap.rs` |
//! | the configured defaults | `ffi/defaults.rs` |
//! | where panics stop | `ffi/boundary.rs` |
//! | wiping the stack after secrets | `stack.rs` |
//! | the command line | `bin/captoken/main.rs` |
//!
//! Imports point one way: `ffi` and the command line use `request`, `capability`, `jws`
//! and `validity`; `request` uses `capability`, which uses those and `scope` and `access`.
//! All use `json`. Only `ffi` has unsafe code, and the core is told what time it is.
//!
//! Everything public except [`ffi`] is public for the command line only, and may change
//! with every version.

mod access;
pub mod capability;
pub mod error;
mod json;
pub mod jws;
pub mod request;
mod scope;
mod stack;
mod text;
pub mod validity;

#[expect(unsafe_code, reason = "C passes pointers and calls by name")]
pub mod ffi;
