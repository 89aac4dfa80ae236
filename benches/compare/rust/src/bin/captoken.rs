//! Ours from Rust: the functions of C, called without C.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null_mut;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::*;
use compare::{Outcome, input, obey, text, work};

const TTL: i64 = 3600;

struct Input {
    account: CString,
    secret: CString,
    application: CString,
    client: CString,
    key: CString,
    value: CString,
    token: CString,
}

impl Input {
    fn read() -> Outcome<Self> {
        let text = |name| Ok::<_, Box<dyn std::error::Error>>(CString::new(input(name)?)?);
        Ok(Self {
            account: text("BENCH_ACCOUNT")?,
            secret: text("BENCH_SECRET")?,
            application: text("BENCH_APPLICATION")?,
            client: text("BENCH_CLIENT")?,
            key: text("BENCH_KEY")?,
            value: text("BENCH_VALUE")?,
            token: text("BENCH_TOKEN")?,
        })
    }
}

/// A text in a place of its caller, as C has it.
struct Buffer([c_char; 1024]);

impl AsRef<str> for Buffer {
    fn as_ref(&self) -> &str {
        // SAFETY: the library has ended it by a NUL, within the array.
        let text = unsafe { CStr::from_ptr(self.0.as_ptr()) };
        text.to_str().expect("the library writes ASCII here")
    }
}

fn check(status: Status) -> Outcome<()> {
    match status {
        Status::Ok => Ok(()),
        status => Err(format!("status {status:?}").into()),
    }
}

fn mint(input: &Input) -> Outcome<Buffer> {
    let mut buffer = Buffer([0; 1024]);
    let mut token = null_mut();
    // SAFETY: texts, a place for the handle, the handle, a buffer and its size.
    unsafe {
        check(cap_new(
            input.account.as_ptr(),
            input.secret.as_ptr(),
            &mut token,
        ))?;
        check(cap_allow_incoming(token, input.client.as_ptr()))?;
        check(cap_allow_outgoing(token, input.application.as_ptr()))?;
        check(cap_add_outgoing_param(
            token,
            input.key.as_ptr(),
            input.value.as_ptr(),
        ))?;
        let out = buffer.0.as_mut_ptr();
        check(cap_generate(token, TTL, out, buffer.0.len(), null_mut()))?;
        cap_token_free(token);
    }
    Ok(buffer)
}

fn verify(input: &Input) -> Outcome<Buffer> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut buffer = Buffer([0; 1024]);
    let (jwt, secret) = (input.token.as_ptr(), input.secret.as_ptr());
    let out = buffer.0.as_mut_ptr();
    // SAFETY: texts, a buffer and its size.
    check(unsafe {
        cap_verify(
            jwt,
            secret,
            now.try_into()?,
            out,
            buffer.0.len(),
            null_mut(),
        )
    })?;
    Ok(buffer)
}

fn main() -> Outcome<()> {
    let input = Input::read()?;
    obey(&[
        work("s1", || mint(&input), text),
        work("verify", || verify(&input), text),
    ])
}
