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

/// Linux has a second clock, which is set again a hundred times a second or more often,
/// and read in a quarter of the time (clock_gettime(2)).
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn coarse_now() -> Option<i64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a place for the time.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &mut time) };
    if result == 0 { second(time) } else { None }
}

/// The second of the coarse clock, unless it is about to end: then it may have ended by
/// the other.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn second(time: libc::timespec) -> Option<i64> {
    /// In nanoseconds: two of the longest times between which the clock is set.
    const ABOUT_TO_END: i64 = 20_000_000;
    (time.tv_nsec < 1_000_000_000 - ABOUT_TO_END).then_some(time.tv_sec)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn coarse_now() -> Option<i64> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn a_second_that_is_about_to_end_is_left_to_the_precise_clock() {
        let second = |tv_nsec| second(libc::timespec { tv_sec: 7, tv_nsec });
        assert_eq!([0, 979_999_999].map(second), [Some(7); 2]);
        assert_eq!([980_000_000, 999_999_999].map(second), [None; 2]);
    }

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
