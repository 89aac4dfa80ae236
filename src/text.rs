//! The strings of a handle. Short ones are stored in the handle itself, so that a typical
//! token needs no allocation except the handle's.

#![forbid(unsafe_code)]

use std::ops::Deref;

use arrayvec::ArrayVec;

use crate::error::Error;

/// The maximum length of a short string. A SID with quotes and most names fit.
pub(crate) const SHORT: usize = 44;

/// Whether `predicate` holds for every byte. Does not stop early, so that the compiler can
/// vectorise it.
pub(crate) fn all(bytes: &[u8], predicate: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, &byte| all & predicate(byte))
}

/// An ASCII string in the spelling that the token needs. Up to `N` bytes are stored in
/// place, longer strings on the heap.
pub enum Text<const N: usize = SHORT> {
    /// Stored in place.
    Short(ArrayVec<u8, N>),
    /// Stored on the heap.
    Long(Vec<u8>),
}

impl<const N: usize> Text<N> {
    /// Reserves room for `additional` more bytes, so that appending them cannot fail.
    #[inline]
    pub(crate) fn reserve(&mut self, additional: usize) -> Result<(), Error> {
        match self {
            Self::Short(short) if additional <= short.remaining_capacity() => {}
            Self::Short(short) => {
                let mut long = Vec::new();
                long.try_reserve(short.len().saturating_add(additional))?;
                long.extend_from_slice(short);
                *self = Self::Long(long);
            }
            Self::Long(long) => long.try_reserve(additional)?,
        }
        Ok(())
    }

    /// Appends `bytes`. On an error, nothing is appended.
    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Self::Short(short) = self {
            if short.try_extend_from_slice(bytes).is_ok() {
                return Ok(());
            }
        }
        self.append_to_long(bytes)
    }

    fn append_to_long(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reserve(bytes.len())?;
        match self {
            Self::Short(_) => Err(Error::Internal),
            Self::Long(long) => {
                long.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Keeps the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        match self {
            Self::Short(short) => short.truncate(length),
            Self::Long(long) => long.truncate(length),
        }
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::Short(ArrayVec::new())
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(short) => short,
            Self::Long(long) => long,
        }
    }
}

#[cfg(test)]
impl Text {
    pub(crate) fn of(text: &str) -> Self {
        let mut new = Self::default();
        new.append(text.as_bytes()).unwrap();
        new
    }

    pub(crate) fn into_string(self) -> String {
        String::from_utf8(self.to_vec()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_beyond_short_keeps_every_byte() {
        for first in 0..2 * SHORT {
            for second in [0, 1, 2, SHORT, 2 * SHORT] {
                let (mut text, mut expected) = (Text::<SHORT>::default(), Vec::new());
                for (byte, length) in [(b'a', first), (b'b', second), (b'c', 1)] {
                    let piece = vec![byte; length];
                    text.append(&piece).unwrap();
                    expected.extend(piece);
                }
                assert_eq!(*text, *expected);
                assert_eq!(matches!(text, Text::Short(_)), expected.len() <= SHORT);
                text.truncate(first);
                expected.truncate(first);
                assert_eq!(*text, *expected);
            }
        }
    }

    #[test]
    fn failed_reserve_changes_nothing() {
        for length in [3, 2 * SHORT] {
            let mut text = Text::of(&"x".repeat(length));
            assert_eq!(text.reserve(usize::MAX), Err(Error::OutOfMemory));
            assert_eq!(text.into_string(), "x".repeat(length));
        }
    }
}
