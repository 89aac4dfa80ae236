//! captoken mints and verifies Twilio Client tokens: signed JSON Web Tokens that let a
//! browser or phone receive and place calls. A capability token lists its permissions in
//! the claim `scope`, an access token, its successor, in `grants`.
//!
//! The interface is for C, PHP and Go. `include/captoken.h` documents it; [`ffi`] has its
//! functions. `docs/architecture.md` has the modules, the path of a token through them and
//! the invariants.
//!
//! Everything public except [`ffi`] is public for the command line only, and may change
//! with every version.

#[cfg(not(panic = "unwind"))]
compile_error!(
    "captoken stops panics before they reach C, which needs panic = \"unwind\": remove \
     panic = \"abort\" from cargo's profile, CARGO_PROFILE_RELEASE_PANIC or RUSTFLAGS"
);

mod access;
mod claims;

pub mod error;
pub mod json;
pub mod jws;
pub mod request;
mod scope;
mod stack;
mod text;
pub mod token;
pub mod validity;

#[expect(unsafe_code, reason = "C passes pointers, and links by name")]
pub mod ffi;

// The core may use it, because it imports nothing. Its file is with the other unsafe code.
#[cfg_attr(
    all(target_arch = "x86_64", not(miri)),
    expect(unsafe_code, reason = "only assembly reaches registers")
)]
#[path = "ffi/registers.rs"]
mod registers;
