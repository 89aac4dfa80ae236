//! What a function leaves on the stack, where nobody drops it.

#![forbid(unsafe_code)]

use std::hint::black_box;

/// More than hashing uses in an optimised build: 1,300 bytes, where it uses vectors.
/// (`tests/wiping.rs` looks.)
const SIZE: usize = 1536;

/// Runs `body`, and then overwrites the part of the stack that it used. Hashing and
/// moving leave copies there of what they hash and move.
pub(crate) fn wiped_behind<T>(body: impl FnOnce() -> T) -> T {
    let result = apart(body);
    overwrite();
    result
}

/// Keeps what `body` puts on the stack below the frame of the caller.
#[inline(never)]
fn apart<T>(body: impl FnOnce() -> T) -> T {
    body()
}

#[inline(never)]
fn overwrite() {
    black_box(&mut [0_u8; SIZE]);
}
