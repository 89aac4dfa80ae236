//! A payload, gathered from its pieces on the stack, so that it is encoded at once; and
//! in parts, if it is too long for that.

use std::io::{self, Write};

use arrayvec::ArrayVec;

use super::base64url::encode;
use crate::error::Error;

/// As many bytes as most payloads have, and a multiple of three, so that the parts of
/// one that is longer are encoded each for itself.
const SIZE: usize = 768;

/// A text, as far as it is short, and its length in any case.
#[derive(Default)]
pub(super) struct Gathered {
    text: ArrayVec<u8, SIZE>,
    length: usize,
}

impl Gathered {
    /// The length of what was written; if no address could count it, one that none
    /// could.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// What was written, unless it is too long.
    pub(super) fn text(&self) -> Option<&[u8]> {
        (self.text.len() == self.length).then_some(&self.text)
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // A text that does not fit is left out. Its length is not.
        let _ = self.text.try_extend_from_slice(bytes);
        self.length = self.length.saturating_add(bytes.len());
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Encodes what is written to it.
pub(super) struct Encoder<'a> {
    text: ArrayVec<u8, SIZE>,
    out: &'a mut [u8],
}

impl<'a> Encoder<'a> {
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        let text = ArrayVec::new();
        Self { text, out }
    }

    /// Encodes what is left, and returns what is behind it.
    pub(super) fn finish(self) -> Result<&'a mut [u8], Error> {
        encode(&self.text, self.out)
    }
}

impl Write for Encoder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.is_full() {
            let out = std::mem::take(&mut self.out);
            self.out = encode(&self.text, out).map_err(|_| io::ErrorKind::WriteZero)?;
            self.text.clear();
        }
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
