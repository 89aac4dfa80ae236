//! Wipes the stack and the registers after code that handled a secret.

#![forbid(unsafe_code)]

use std::hint::black_box;

use crate::registers;

/// Runs `body`, then overwrites `SIZE` bytes of the stack below the caller's frame, and clears
/// the registers. Moving and hashing leave copies there, which no destructor wipes.
///
/// `SIZE` must exceed what `body` uses in an optimised build; `tests/wiping` checks that it
/// does.
pub(crate) fn wiping_traces<const SIZE: usize, T>(body: impl FnOnce() -> T) -> T {
    let result = apart(body);
    overwrite::<SIZE>();
    // The next call may copy them to the stack, such as one that the dynamic linker resolves.
    registers::clear();
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
