//! Calls of the library that use the secret.

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;

use captoken::ffi::*;

use crate::secrets::{ACCOUNT_SID, AUTH_TOKEN, FORGED};

pub(crate) fn new(account_sid: *const c_char, auth_token: *const c_char) -> *mut CapToken {
    let mut token = null_mut();
    // SAFETY: NULL or strings, and a valid `out`.
    let status = unsafe { cap_new(account_sid, auth_token, &mut token) };
    assert_eq!(status, Status::Ok);
    token
}

/// A handle for access tokens, with the same secret.
pub(crate) fn new_access() -> *mut CapToken {
    let mut token = null_mut();
    let (sid, secret) = (ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
    // SAFETY: three strings, and a valid `out`.
    let status = unsafe { cap_new_access(sid, sid, secret, &mut token) };
    assert_eq!(status, Status::Ok);
    token
}

pub(crate) fn generate(token: *const CapToken) -> [u8; 1024] {
    let mut jwt = [0; 1024];
    let buffer = jwt.as_mut_ptr().cast::<c_char>();
    // SAFETY: a handle, and a buffer of 1024 bytes.
    let status = unsafe { cap_generate_at(token, 1_400_000_000, 3600, buffer, 1024, null_mut()) };
    assert_eq!(status, Status::Ok);
    jwt
}

/// Two tokens of a handle. The second one continues from the cached state.
pub(crate) fn two_tokens(token: *mut CapToken) -> [[u8; 1024]; 2] {
    // SAFETY: a handle and a string.
    let status = unsafe { cap_allow_incoming(token, c"Alice".as_ptr()) };
    assert_eq!(status, Status::Ok);
    let tokens = [generate(token), generate(token)];
    free(token);
    tokens
}

/// Verifies a token that the auth token signed.
pub(crate) fn verify_genuine() {
    let token = new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
    let jwt = generate(token);
    free(token);
    // SAFETY: two strings, and NULL for the buffer and the length.
    let status = unsafe {
        let (jwt, secret) = (jwt.as_ptr().cast(), AUTH_TOKEN.as_ptr());
        cap_verify(jwt, secret, 1_400_000_000, null_mut(), 0, null_mut())
    };
    assert_eq!(status, Status::Ok);
}

/// A token minted by `cap_mint`.
pub(crate) fn mint_in_one_call() -> [u8; 1024] {
    let (status, jwt) = mint(
        c"{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\",\"outgoing\":\
          {\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}",
        3600,
    );
    assert_eq!(status, Status::Ok);
    jwt
}

/// Fails after the key was derived, because the time to live is wrong.
pub(crate) fn fail_to_mint() {
    let (status, _) = mint(c"{\"account_sid\":\"AC123123\"}", 0);
    assert_eq!(status, Status::InvalidTtl);
}

fn mint(request: &CStr, ttl: i64) -> (Status, [u8; 1024]) {
    let mut jwt = [0; 1024];
    let buffer = jwt.as_mut_ptr().cast();
    // SAFETY: two strings, and a buffer of 1024 bytes.
    let status = unsafe {
        let (secret, request) = (AUTH_TOKEN.as_ptr(), request.as_ptr());
        cap_mint(
            secret,
            request,
            1_400_000_000,
            ttl,
            buffer,
            1024,
            null_mut(),
        )
    };
    (status, jwt)
}

/// Fails, because the account SID is empty.
pub(crate) fn fail_to_make_a_handle() {
    let mut token = null_mut();
    // SAFETY: two strings, and a valid `out`.
    let status = unsafe { cap_new(c"".as_ptr(), AUTH_TOKEN.as_ptr(), &mut token) };
    assert_eq!((status, token), (Status::EmptyArgument, null_mut()));
}

/// Verifies a token with a wrong signature.
pub(crate) fn verify_forged() {
    // SAFETY: two strings, and NULL for the buffer and the length.
    let status = unsafe {
        let (jwt, secret) = (FORGED.as_ptr(), AUTH_TOKEN.as_ptr());
        cap_verify(jwt, secret, 1_400_000_000, null_mut(), 0, null_mut())
    };
    assert_eq!(status, Status::TokenSignature);
}

pub(crate) fn free(token: *mut CapToken) {
    // SAFETY: NULL or a handle that is not used again.
    unsafe { cap_token_free(token) };
}

pub(crate) fn configure(account_sid: *const c_char, auth_token: *const c_char) {
    // SAFETY: NULL or strings.
    let status = unsafe { cap_configure(account_sid, auth_token) };
    assert_eq!(status, Status::Ok);
}
