//! Output buffers: filled or emptied, never overrun.

use std::ptr::null_mut;

use captoken::ffi::*;

use super::fixtures::{Buffer, NOW, assert_unchanged, handle, whole_token};
use crate::support::safe_handle::{c_string, verify};

#[test]
fn generate_fills_or_empties_any_buffer() {
    let mut handle = handle();
    let token = whole_token();
    let needed = token.len() + 1;
    for size in sizes_up_to(needed + 1) {
        let mut buffer = Buffer::new(size);
        let status = buffer.generate_at(handle.0, NOW, 3600);
        assert_eq!(buffer.length, token.len());
        if size < needed {
            assert_eq!(status, Status::BufferTooSmall);
            if size > 0 {
                assert_eq!(buffer.string(), "");
            } else {
                assert_eq!(buffer.bytes, [0x55; 8]);
            }
        } else {
            assert_eq!(status, Status::Ok);
            assert_eq!(buffer.string(), token);
        }

        let start = buffer.bytes.as_mut_ptr().cast();
        // SAFETY: a handle, a buffer, and NULL for the length.
        let again = unsafe { cap_generate_at(handle.0, NOW, 3600, start, size, null_mut()) };
        assert_eq!(again, status);
    }

    let mut length = 0;
    // SAFETY: a handle, NULL for the buffer, and a length.
    let status = unsafe { cap_generate_at(handle.0, NOW, 3600, null_mut(), 0, &mut length) };
    assert_eq!((status, length), (Status::BufferTooSmall, token.len()));
    // SAFETY: a handle, and NULL for the buffer and the length.
    let status = unsafe { cap_generate(handle.0, 3600, null_mut(), 0, null_mut()) };
    assert_eq!(status, Status::BufferTooSmall);

    let mut buffer = Buffer::new(needed);
    let start = buffer.bytes.as_mut_ptr().cast();
    // SAFETY: the buffer is smaller than `usize::MAX`, but holds the token. The function
    // writes nothing after the token.
    let status = unsafe { cap_generate_at(handle.0, NOW, 3600, start, usize::MAX, null_mut()) };
    assert_eq!((status, buffer.string()), (Status::Ok, token.as_str()));
    assert_unchanged(&mut handle);
}

#[test]
fn verify_fills_or_empties_any_buffer() {
    let (jwt, secret) = (c_string(&whole_token()), c_string("secret"));
    let payload = verify(&whole_token(), "secret", NOW).unwrap();
    for size in sizes_up_to(payload.len() + 2) {
        let mut buffer = Buffer::new(size);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), NOW);
        assert_eq!(buffer.length, payload.len());
        if size > payload.len() {
            assert_eq!((status, buffer.string()), (Status::Ok, payload.as_str()));
        } else {
            assert_eq!(status, Status::BufferTooSmall);
            assert!(size == 0 || buffer.string().is_empty());
        }
        // An error of the token comes before the buffer.
        let mut buffer = Buffer::new(size);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), NOW + 3600);
        assert_eq!((status, buffer.length), (Status::TokenExpired, 0));
        assert!(size == 0 || buffer.string().is_empty());
    }

    // Without a buffer the token is only checked, for any size; the length is optional.
    for size in [0, 1, usize::MAX] {
        let check = |now, length| {
            // SAFETY: two strings, NULL for the buffer, and a length or NULL.
            unsafe { cap_verify(jwt.as_ptr(), secret.as_ptr(), now, null_mut(), size, length) }
        };
        let mut length = 0x5555;
        assert_eq!(check(NOW, &mut length), Status::Ok);
        assert_eq!(length, payload.len());
        assert_eq!(check(NOW, null_mut()), Status::Ok);
        assert_eq!(check(NOW + 3600, &mut length), Status::TokenExpired);
        assert_eq!(length, 0);
        assert_eq!(check(NOW - 1, null_mut()), Status::TokenNotYetValid);
    }
}

/// All buffer sizes. Miri is slow, so that it gets only the sizes at both ends.
fn sizes_up_to(last: usize) -> impl Iterator<Item = usize> {
    (0..=last).filter(move |size| !cfg!(miri) || *size < 3 || *size + 3 > last)
}
