//! Memory that the library gives back contains no secret.
//!
//! The library must wipe the secret, and every value that can sign in its place, from three
//! kinds of memory:
//!
//! - `heap.rs`: freed blocks. The global allocator of this program searches each one. For
//!   this reason the tests are a separate program.
//! - `defaults.rs`: the static variable of `cap_configure`. The test reads the writable
//!   mappings of the program through /proc/self/mem.
//! - `stack.rs`: the stack below the caller. Each call runs in a new thread with a zeroed
//!   stack, which the test then reads through /proc/self/mem.
//!
//! `tests/support/secrets.rs` has the values to search for. Each test first checks that its
//! search finds a secret which is still there.
//!
//! Two things depend on the build and the CPU:
//!
//! - A debug build uses more stack than the library wipes. `stack.rs` runs only in a release
//!   build: `cargo test --release --test wiping`.
//! - Without SHA instructions, SHA-256 keeps other values on the stack. QEMU runs the test
//!   once more on such a CPU.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod allocator;
mod calls;
mod defaults;
mod heap;
mod stack;

#[path = "../support/configure_lock.rs"]
mod configure_lock;
#[cfg(target_arch = "x86_64")]
#[path = "../support/cpu.rs"]
mod cpu;
#[cfg(target_arch = "x86_64")]
#[path = "../support/install.rs"]
mod install;
#[path = "../support/mappings.rs"]
mod mappings;
#[path = "../support/secrets.rs"]
mod secrets;
#[path = "../support/token.rs"]
mod token;
