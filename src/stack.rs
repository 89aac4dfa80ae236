//! What a function leaves on the stack, where nobody drops it.

#![forbid(unsafe_code)]

use std::hint::black_box;

/// Runs `body`, and then overwrites the part of the stack that it used, which is less
/// than `SIZE`. Hashing and moving leave copies there of what they hash and move.
///
/// `SIZE` holds for an optimised build. (`tests/wiping.rs` looks.)
pub(crate) fn wiped_behind<const SIZE: usize, T>(body: impl FnOnce() -> T) -> T {
    let result = apart(body);
    overwrite::<SIZE>();
    result
}

/// Keeps what `body` puts on the stack below the frame of the caller.
#[inline(never)]
fn apart<T>(body: impl FnOnce() -> T) -> T {
    body()
}

#[inline(never)]
fn overwrite<const SIZE: usize>() {
    black_box(&mut [0_u8; SIZE]);
}
