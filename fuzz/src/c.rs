//! Safe wrappers of the C functions, and the rules for their buffers.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use captoken::ffi::{self, CapToken, Status};

use crate::input::Field;

/// A string argument, NUL-terminated for as long as this lives.
struct Argument(Option<CString>);

impl Argument {
    fn new(field: Field<'_>) -> Self {
        // A field of the verify target can have a NUL, where the string ends.
        let until_nul = |field: &[u8]| field.split(|&byte| byte == 0).next().map(CString::new);
        Self(field.and_then(until_nul).and_then(Result::ok))
    }

    fn pointer(&self) -> *const c_char {
        self.0.as_deref().map_or(null(), CStr::as_ptr)
    }
}

/// A handle, NULL or an even address.
pub(crate) struct Handle(*mut CapToken);

/// An even address, in memory that libcap's `cap_free` may look at.
static EVEN: [u64; 4] = [0; 4];

impl Handle {
    pub(crate) const NULL: Self = Self(null_mut());

    pub(crate) fn even() -> Self {
        Self((&raw const EVEN).wrapping_byte_add(16).cast_mut().cast())
    }

    pub(crate) fn is_null(&self) -> bool {
        self.0.is_null()
    }

    pub(crate) fn new(strings: [Field<'_>; 2]) -> (Status, Self) {
        let [account, secret] = strings.map(Argument::new);
        let mut handle = Self::even();
        // SAFETY: NULL or strings, and a variable.
        let status = unsafe { ffi::cap_new(account.pointer(), secret.pointer(), &mut handle.0) };
        (status, handle)
    }

    pub(crate) fn access(strings: [Field<'_>; 3]) -> (Status, Self) {
        let [account, api_key, secret] = strings.map(Argument::new);
        let [account, api_key, secret] = [&account, &api_key, &secret].map(Argument::pointer);
        let mut handle = Self::even();
        // SAFETY: NULL or strings, and a variable.
        let status = unsafe { ffi::cap_new_access(account, api_key, secret, &mut handle.0) };
        (status, handle)
    }

    /// Frees with `cap_free`, and returns its result.
    pub(crate) fn free(mut self) -> c_int {
        let pointer = std::mem::replace(&mut self.0, null_mut());
        // SAFETY: NULL, a handle that is gone now, or an address that is not libcap's either.
        unsafe { ffi::cap_free(pointer.cast::<c_void>()) }
    }

    /// Calls a setter that takes one string.
    pub(crate) fn set(
        &mut self,
        function: unsafe extern "C" fn(*mut CapToken, *const c_char) -> Status,
        [string]: [Field<'_>; 1],
    ) -> Status {
        let string = Argument::new(string);
        // SAFETY: NULL, an even address or a handle; NULL or a string.
        unsafe { function(self.0, string.pointer()) }
    }

    /// Calls a setter that takes two strings.
    pub(crate) fn add(
        &mut self,
        function: unsafe extern "C" fn(*mut CapToken, *const c_char, *const c_char) -> Status,
        strings: [Field<'_>; 2],
    ) -> Status {
        let [first, second] = strings.map(Argument::new);
        // SAFETY: NULL, an even address or a handle; NULL or strings.
        unsafe { function(self.0, first.pointer(), second.pointer()) }
    }

    pub(crate) fn set_not_before(&mut self, not_before: i64) -> Status {
        // SAFETY: NULL, an even address or a handle.
        unsafe { ffi::cap_set_not_before(self.0, not_before) }
    }

    pub(crate) fn allow_event_stream(&mut self) -> Status {
        // SAFETY: NULL, an even address or a handle.
        unsafe { ffi::cap_allow_event_stream(self.0) }
    }

    pub(crate) fn generate(&self, ttl: i64, size: Size) -> Outcome {
        call(size, true, |buffer, size, length| {
            // SAFETY: NULL, an even address or a handle; `call` makes the rest.
            unsafe { ffi::cap_generate(self.0, ttl, buffer, size, length) }
        })
    }

    pub(crate) fn generate_at(&self, now: i64, ttl: i64, size: Size, with_length: bool) -> Outcome {
        call(size, with_length, |buffer, size, length| {
            // SAFETY: NULL, an even address or a handle; `call` makes the rest.
            unsafe { ffi::cap_generate_at(self.0, now, ttl, buffer, size, length) }
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: NULL, an even address, or a handle that is gone now.
        unsafe { ffi::cap_token_free(self.0) };
    }
}

pub(crate) fn mint(
    secret: Field<'_>,
    request: Field<'_>,
    now: i64,
    ttl: i64,
    size: Size,
) -> Outcome {
    let [secret, request] = [secret, request].map(Argument::new);
    call(size, true, |buffer, size, length| {
        // SAFETY: NULL or strings; `call` makes the rest.
        unsafe {
            ffi::cap_mint(
                secret.pointer(),
                request.pointer(),
                now,
                ttl,
                buffer,
                size,
                length,
            )
        }
    })
}

pub(crate) fn verify(jwt: Field<'_>, secret: Field<'_>, now: i64, size: Size) -> Outcome {
    let [jwt, secret] = [jwt, secret].map(Argument::new);
    call(size, true, |buffer, size, length| {
        // SAFETY: NULL or strings; `call` makes the rest.
        unsafe { ffi::cap_verify(jwt.pointer(), secret.pointer(), now, buffer, size, length) }
    })
}

pub(crate) fn check_client_name(name: Field<'_>) -> Status {
    let name = Argument::new(name);
    // SAFETY: NULL or a string.
    unsafe { ffi::cap_check_client_name(name.pointer()) }
}

pub(crate) fn configure(strings: [Field<'_>; 2]) -> Status {
    let [account, secret] = strings.map(Argument::new);
    // SAFETY: NULL or strings.
    unsafe { ffi::cap_configure(account.pointer(), secret.pointer()) }
}

pub(crate) fn version() -> &'static CStr {
    // SAFETY: a constant string.
    unsafe { CStr::from_ptr(ffi::cap_version()) }
}

pub(crate) fn strerror(status: c_int) -> &'static CStr {
    let message = ffi::cap_strerror(status);
    assert!(!message.is_null());
    // SAFETY: not NULL, so a constant string.
    unsafe { CStr::from_ptr(message) }
}

/// The arguments `buffer` and `size`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    pub(crate) is_null: bool,
}

impl Size {
    /// NULL and 0, to query a length.
    pub(crate) const NULL: Self = Self {
        bytes: 0,
        is_null: true,
    };

    /// More would only cost time: no token of an input is longer.
    const MOST: u64 = 1 << 16;

    /// A buffer of that size. -1 stands for NULL and 0, -2 for NULL and 1, and so on.
    pub(crate) fn new(size: i64) -> Self {
        let bytes = if size < 0 { !size } else { size };
        Self {
            bytes: bytes.unsigned_abs().min(Self::MOST) as usize,
            is_null: size < 0,
        }
    }

    pub(crate) fn of(bytes: usize) -> Self {
        Self {
            bytes,
            is_null: false,
        }
    }
}

/// How a call ended that writes into a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    /// `None` if the call got NULL in its place.
    pub(crate) length: Option<usize>,
    /// The string in the buffer. `None` if there is no buffer, or if its size is 0.
    pub(crate) contents: Option<Vec<u8>>,
}

/// The buffer and the length before a call, and the bytes after the buffer.
const FILLER: u8 = 0x55;

/// Makes a call with a buffer of this size, and asserts that the bytes after it do not change.
fn call(
    size: Size,
    with_length: bool,
    function: impl FnOnce(*mut c_char, usize, *mut usize) -> Status,
) -> Outcome {
    const GUARD: usize = 16;
    let mut bytes = if size.is_null {
        Vec::new()
    } else {
        vec![FILLER; size.bytes + GUARD]
    };
    let buffer = if size.is_null {
        null_mut()
    } else {
        bytes.as_mut_ptr().cast()
    };
    let mut length = usize::MAX;
    let length_pointer = if with_length {
        &raw mut length
    } else {
        null_mut()
    };
    let status = function(buffer, size.bytes, length_pointer);

    let (result, after) = bytes.split_at(size.bytes.min(bytes.len()));
    assert!(
        after.iter().all(|&byte| byte == FILLER),
        "written after the buffer"
    );
    let contents = (!result.is_empty()).then(|| {
        let string = CStr::from_bytes_until_nul(result).expect("no NUL in the buffer");
        string.to_bytes().to_vec()
    });
    Outcome {
        status,
        length: with_length.then_some(length),
        contents,
    }
}
