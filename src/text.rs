//! The texts that a token in the making keeps. A short one stays where the handle is,
//! so that a token of usual size takes no memory but that of its handle.

#![forbid(unsafe_code)]

use std::ops::Deref;

use arrayvec::ArrayVec;

use crate::error::Error;

/// How many bytes a short text has at most. A SID with quotes around it is one, and so
/// are most names.
pub(crate) const SHORT: usize = 44;

/// Whether all bytes are such. Looks at each, however soon it could know: so the compiler
/// has several looked at at once.
pub(crate) fn all(bytes: &[u8], are: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, &byte| all & are(byte))
}

/// A text as it will stand in a token, which is ASCII.
pub(crate) enum Text {
    Short(ArrayVec<u8, SHORT>),
    Long(Vec<u8>),
}

impl Text {
    /// Makes room for so many bytes more, which can then be appended without fail.
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

    /// Puts these parts in place of what is there. On an error, nothing changes.
    ///
    /// A short text is written where it stays: a processor waits where one that was just
    /// written is moved.
    #[inline]
    pub(crate) fn set(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        let length = parts
            .iter()
            .fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        match self {
            Self::Short(short) if length <= SHORT => short.clear(),
            _ => {
                let mut new = Self::default();
                new.reserve(length)?;
                *self = new;
            }
        }
        parts.iter().try_for_each(|part| self.append(part))
    }

    /// Appends, and makes room if there is none.
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

    /// Drops all but the first so many bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        match self {
            Self::Short(short) => short.truncate(length),
            Self::Long(long) => long.truncate(length),
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

impl Default for Text {
    fn default() -> Self {
        Self::Short(ArrayVec::new())
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(short) => short,
            Self::Long(long) => long,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_whole_wherever_it_grows_out_of_its_place() {
        for first in 0..2 * SHORT {
            for second in [0, 1, 2, SHORT, 2 * SHORT] {
                let (mut text, mut expected) = (Text::default(), Vec::new());
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
    fn room_that_cannot_be_had_is_an_error_and_changes_nothing() {
        for length in [3, 2 * SHORT] {
            let mut text = Text::of(&"x".repeat(length));
            assert_eq!(text.reserve(usize::MAX), Err(Error::OutOfMemory));
            assert_eq!(text.into_string(), "x".repeat(length));
        }
    }
}
