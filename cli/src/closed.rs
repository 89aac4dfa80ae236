//! Which standard streams were closed when the program started.
//!
//! Rust's runtime opens `/dev/null` in their place, before `main`. Without this module, `mint >&-`
//! would lose the token and succeed, which C programs do not.

#![expect(
    unsafe_code,
    reason = "only the section .init_array runs before the runtime"
)]

use std::io::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use libc::{EBADF, F_GETFD, STDIN_FILENO, STDOUT_FILENO};

static INPUT: AtomicBool = AtomicBool::new(false);
static OUTPUT: AtomicBool = AtomicBool::new(false);

// SAFETY: the section holds addresses of functions, and note_closed() needs nothing of the runtime.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE_CLOSED: extern "C" fn() = note_closed;

extern "C" fn note_closed() {
    for (stream, closed) in [(STDIN_FILENO, &INPUT), (STDOUT_FILENO, &OUTPUT)] {
        // SAFETY: the call has no pointer.
        closed.store(unsafe { libc::fcntl(stream, F_GETFD) } == -1, Relaxed);
    }
}

/// Fails if standard input was closed.
pub(crate) fn check_input() -> Result<()> {
    check(&INPUT)
}

/// Fails if standard output was closed.
pub(crate) fn check_output() -> Result<()> {
    check(&OUTPUT)
}

fn check(closed: &AtomicBool) -> Result<()> {
    if closed.load(Relaxed) {
        return Err(Error::from_raw_os_error(EBADF));
    }
    Ok(())
}
