//! The system's clock.

use std::time::SystemTime;

use crate::error::Error;

/// Whole seconds since 1970-01-01 UTC.
pub(super) fn now() -> Result<i64, Error> {
    if let Some(seconds) = coarse_now() {
        return Ok(seconds);
    }
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| Error::InvalidTime)?;
    i64::try_from(since.as_secs()).map_err(|_| Error::InvalidTime)
}

/// Linux has a second clock, which some milliseconds may pass before it is set again: it
/// is read in a quarter of the time (clock_gettime(2)). Unless a second is about to end
/// by it, the second is the same.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn coarse_now() -> Option<i64> {
    /// In nanoseconds: twice as much as passes at most.
    const ABOUT_TO_END: i64 = 20_000_000;

    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a place for the time.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &mut time) };
    let is_certain = result == 0 && time.tv_nsec < 1_000_000_000 - ABOUT_TO_END;
    is_certain.then_some(time.tv_sec)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn coarse_now() -> Option<i64> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// For longer than a second, in which one of them ends.
    #[test]
    fn no_second_begins_later_than_by_the_precise_clock() {
        let precise = || {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            i64::try_from(since.unwrap().as_secs()).unwrap()
        };
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1100) {
            let (before, now, after) = (precise(), now().unwrap(), precise());
            assert!((before..=after).contains(&now), "{before} {now} {after}");
        }
    }
}
