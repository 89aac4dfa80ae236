//! Wipes the stack after code that handled a secret.

#![forbid(unsafe_code)]

use std::hint::black_box;

/// Runs `body`, then overwrites `SIZE` bytes of the stack below the caller's frame. Moving
/// and hashing leave copies there, which no destructor wipes.
///
/// `SIZE` must exceed what `body` uses in an optimised build; `tests/wiping` checks that it
/// does.
pub(crate) fn wiping_stack<const SIZE: usize, T>(body: impl FnOnce() -> T) -> T {
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
