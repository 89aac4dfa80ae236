//! The exported functions, in the order of the header. Their documentation becomes the
//! header's, so it addresses C programmers.
//!
//! # Safety
//!
//! The rules for callers hold for every function, so they stand once, here and at the top
//! of the header (`cbindgen.toml`):
//!
//! - A pointer is NULL or points to a value of its type.
//! - A string is NUL-terminated.
//! - A `cap_token *` was returned by [`cap_new`] or [`cap_new_access`] and is not freed.
//! - No other thread uses a `cap_token *` during the call, and none changes a
//!   `const cap_token *`.

#![expect(
    clippy::missing_safety_doc,
    reason = "the rules are the same for all functions: see above"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::time::{SystemTime, UNIX_EPOCH};

use self::boundary::{catch, run};
use self::credentials::Credentials;
pub use self::handle::CapToken;
use self::handle::HandleSlot;
use self::output::Output;
pub use self::status::Status;
use crate::error::Error;
use crate::jws::{Key, PayloadBuffer};
use crate::request::Request;
use crate::token::{Token, check_client_name};
pub use crate::validity::Ttl;
use crate::validity::{self, check_time, check_ttl};

mod boundary;
mod credentials;
mod defaults;
mod errno;
mod handle;
#[cfg_attr(not(target_os = "linux"), path = "ffi/no_libcap.rs")]
mod libcap;
mod output;
mod status;
mod strings;

/// Creates a handle for capability tokens and stores it in `*out`. It allows
/// nothing yet.
///
/// `account_sid` and `auth_token` come from the Twilio console. If one of them
/// is NULL, the default of cap_configure() is used. Any non-empty string is
/// accepted; neither prefix nor length is checked.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// On failure `*out` is NULL.
///
/// CAP_STATUS_NO_CREDENTIALS: an argument is NULL and nothing is configured. It
/// is reported in the place of CAP_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_new(
    account_sid: *const c_char,
    auth_token: *const c_char,
    out: *mut *mut CapToken,
) -> Status {
    // SAFETY: the caller promises NULL or a writable variable.
    let out = unsafe { HandleSlot::new(out) };
    run(|| {
        // SAFETY: the caller promises NULL or strings.
        let credentials = unsafe { Credentials::new(account_sid, auth_token) }?;
        out?.store(|token| credentials.apply_to(token))
    })
}

/// Creates a handle for access tokens and stores it in `*out`. It allows nothing
/// yet. Twilio recommends access tokens: they work in all of its regions and
/// with its libraries for phones.
///
/// `api_key_sid` and `api_key_secret` belong to an API key of the account. A
/// restricted key does not work. No argument may be NULL: cap_configure() has no
/// effect. Any non-empty string is accepted.
///
/// Every function except the two for event streams also works on access tokens.
/// To migrate from capability tokens, replace cap_new() by this call.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// On failure `*out` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_new_access(
    account_sid: *const c_char,
    api_key_sid: *const c_char,
    api_key_secret: *const c_char,
    out: *mut *mut CapToken,
) -> Status {
    // SAFETY: the caller promises NULL or a writable variable.
    let out = unsafe { HandleSlot::new(out) };
    run(|| {
        // SAFETY: the caller promises NULL or a string.
        let account_sid = unsafe { strings::non_empty(account_sid) }?;
        // SAFETY: the caller promises NULL or a string.
        let api_key_sid = unsafe { strings::non_empty(api_key_sid) }?;
        // SAFETY: the caller promises NULL or a string.
        let secret = unsafe { strings::non_empty(api_key_secret) }?;
        out?.store(|token| {
            token.set_account(account_sid)?;
            token.make_access(api_key_sid)?;
            token.key_mut().set(secret);
            Ok(())
        })
    })
}

/// Frees a handle and wipes its secret. NULL and even addresses are ignored:
/// this function forwards nothing to libcap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_token_free(token: *mut CapToken) {
    // SAFETY: the caller promises NULL, an even address, or a handle that is never used again.
    // Neither of the first two is an error here.
    run(|| unsafe { handle::free(token) });
}

/// Frees a handle like cap_token_free(). Linux's libcap has a function of the
/// same name and prototype. In a program with both libraries, the linker binds
/// all callers to one of the two.
///
/// - This function forwards foreign pointers to libcap.
/// - libcap's function refuses the handles of this library. It returns -1, and
///   the handle and its secret stay in memory.
///
/// The linker chooses libcap's function
///
/// - in a program that is linked with `-lcap -lcaptoken`,
/// - in a program that links both libraries statically,
/// - in a plug-in that is linked with the shared library, and whose host has loaded
///   libcap, perhaps through libsystemd.
///
/// Prefer cap_token_free(): it is always right.
///
/// Returns 0 for NULL and for a handle. For another even address it returns the
/// result of libcap, or -1 with `errno` EINVAL if there is no libcap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_free(token: *mut c_void) -> c_int {
    if token.is_null() {
        0
    } else if handle::is_ours(token) {
        // SAFETY: the caller promises a handle that is never used again.
        match run(|| unsafe { handle::free(token.cast()) }) {
            Status::Ok => 0,
            _ => -1,
        }
    } else {
        // SAFETY: not ours, so the caller promises that it is libcap's.
        catch(-1, || unsafe { libcap::free(token) })
    }
}

/// Allows incoming calls to `client_name` (`<Client>` in TwiML). Outgoing calls
/// use the name as well. A later call replaces the name.
///
/// Any non-empty name is accepted; see cap_check_client_name().
///
/// Access tokens: sets `identity` and `voice.incoming.allow`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_incoming(
    token: *mut CapToken,
    client_name: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, client_name, Token::allow_incoming) }
}

/// Allows outgoing calls through the TwiML application `application_sid`. A
/// later call replaces the application and drops its parameters.
///
/// Access tokens: sets `voice.outgoing.application_sid`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_outgoing(
    token: *mut CapToken,
    application_sid: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, application_sid, Token::allow_outgoing) }
}

/// Adds a parameter that Twilio passes to the application with every outgoing
/// call. The holder of the token cannot change it.
///
/// Parameters keep the order of the calls, and a key may repeat. `key` and
/// `value` may be "". The application receives exactly these strings, whatever
/// characters they contain.
///
/// Access tokens: adds a member to `voice.outgoing.params`. A key that is added
/// again keeps its position and takes the new value. To pass a nested object,
/// encode it as JSON in the value.
///
/// CAP_STATUS_MISSING_SCOPE: call cap_allow_outgoing() first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_outgoing_param(
    token: *mut CapToken,
    key: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_pair(token, key, value, Token::add_outgoing_param) }
}

/// Sets the client name of outgoing calls without allowing incoming ones. If
/// cap_allow_incoming() is called too, the last call decides the outgoing name.
/// Any non-empty name is accepted.
///
/// Access tokens: sets `identity`, the only name of an access token. If incoming
/// calls are allowed, they reach this name too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_client_name(
    token: *mut CapToken,
    client_name: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, client_name, Token::set_client_name) }
}

/// Adds a private claim, so that one token also serves the program's own API.
///
/// `json` is one JSON value, such as `"string"` with its quotes, `42` or
/// `{"a":[true]}`, nested at most 127 levels deep. Key order, repeated keys and
/// the spelling of numbers are kept. White space outside strings is dropped, and
/// strings are written in ASCII.
///
/// A claim that is added again keeps its position and takes the new value.
/// Private claims come before the claims of the library. RFC 7519, section 4.1,
/// gives some names a meaning. Readers such as PyJWT reject a token with an
/// unexpected `aud`, or with a `sub` or `jti` that is not a string.
///
/// CAP_STATUS_RESERVED_NAME: `name` is scope, iss, exp, nbf or iat; in an access
/// token also jti, sub or grants.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON value, is nested deeper, or
/// has an unpaired surrogate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_claim(
    token: *mut CapToken,
    name: *const c_char,
    json: *const c_char,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        // SAFETY: the caller promises NULL or a string.
        let name = unsafe { strings::non_empty(name) }?;
        token.check_claim_name(name)?;
        // SAFETY: the caller promises NULL or a string.
        let json = unsafe { strings::required(json) }?;
        Ok(token.add_claim(name, json)?)
    })
}

/// Sets when tokens begin to be valid, the claim `nbf`. 0 removes the claim.
///
/// Without this call a token has no `nbf`. Set one only if you need it: Twilio
/// rejects the token if your clock is ahead of Twilio's. The time to live starts
/// when the token is generated, not at `not_before`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_not_before(token: *mut CapToken, not_before: i64) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        Ok(token.set_not_before(not_before)?)
    })
}

/// Allows following the account's events. A later call drops the filters.
///
/// CAP_STATUS_UNSUPPORTED: the handle is for access tokens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_event_stream(token: *mut CapToken) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        Ok(unsafe { handle::borrow_mut(token) }?.allow_event_stream()?)
    })
}

/// Adds a filter for the events. Filters keep the order of the calls, and a key
/// may repeat. `key` and `value` may be "".
///
/// CAP_STATUS_UNSUPPORTED: the handle is for access tokens.
/// CAP_STATUS_MISSING_SCOPE: call cap_allow_event_stream() first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_event_filter(
    token: *mut CapToken,
    key: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_pair(token, key, value, Token::add_event_filter) }
}

/// Sets the Twilio region that accepts the token, such as "ie1" (`twr` in the
/// header of the token). The default is the United States. A later call replaces
/// the region.
///
/// API keys and applications belong to a region. Those of cap_new_access() and
/// cap_allow_outgoing() must belong to this one.
///
/// CAP_STATUS_UNSUPPORTED: the handle is for capability tokens, which work only
/// in the United States.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_region(token: *mut CapToken, region: *const c_char) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, region, Token::set_region) }
}

/// Sets the credential for the push notifications that announce calls to a phone
/// (`voice.push_credential_sid`). A later call replaces the credential.
///
/// CAP_STATUS_UNSUPPORTED: the handle is for capability tokens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_push_credential(
    token: *mut CapToken,
    push_credential_sid: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, push_credential_sid, Token::set_push_credential) }
}

/// Adds a grant other than voice, such as:
///
///     cap_add_grant(token, "video", "{\"room\":\"standup\"}");
///     cap_add_grant(token, "chat", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "data_sync", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "task_router",
///                   "{\"workspace_sid\":\"WS...\",\"worker_sid\":\"WK...\","
///                   "\"role\":\"worker\"}");
///     cap_add_grant(token, "player", playback_grant); // from Twilio's API
///
/// `name` may be any other name, so that grants of the future need no new
/// version of this library. `json` is one JSON object, with the rules of
/// cap_add_claim(). Its members are not checked. A grant that is added again
/// keeps its position and takes the new value.
///
/// CAP_STATUS_RESERVED_NAME: `name` is identity or voice. cap_allow_incoming(),
/// cap_set_client_name() and cap_allow_outgoing() write them.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON object, is nested deeper, or
/// has an unpaired surrogate.
/// CAP_STATUS_UNSUPPORTED: the handle is for capability tokens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_grant(
    token: *mut CapToken,
    name: *const c_char,
    json: *const c_char,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        // SAFETY: the caller promises NULL or a string.
        let name = unsafe { strings::non_empty(name) }?;
        Token::check_grant_name(name)?;
        // SAFETY: the caller promises NULL or a string.
        let json = unsafe { strings::required(json) }?;
        Ok(token.add_grant(name, json)?)
    })
}

/// Writes a signed token into `buffer`. It expires `ttl` seconds from now, by
/// the system clock. The handle does not change and can generate any number of
/// tokens. The first one is the slowest: later ones reuse its hash state.
///
/// The token is ASCII: a JSON Web Token (RFC 7519) signed with HS256. Its claims
/// are, in this order:
///
/// - capability token: private claims, scope, iss (the account SID), exp, nbf
/// - access token: private claims, jti (the API key SID and the time), iss (the
///   API key SID), sub (the account SID), exp, nbf, grants
///
/// nbf is only there if cap_set_not_before() has set it.
///
/// CAP_STATUS_INVALID_TIME: the system clock is before 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_generate(
    token: *const CapToken,
    ttl: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller promises NULL or `size` bytes, and NULL or a writable variable.
    let output = unsafe { Output::new(buffer, size, length) };
    output.run(|output| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no thread changes.
        let token = unsafe { handle::borrow(token) }?;
        // Read the clock last: errors in arguments come first.
        check_ttl(ttl)?;
        output.check()?;
        let mut payload = PayloadBuffer::default();
        output.sign(&token.unsigned(now()?, ttl, &mut payload)?)
    })
}

/// Does what cap_generate() does, at the time `now`. The same handle, `now` and
/// `ttl` give the same token byte for byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_generate_at(
    token: *const CapToken,
    now: i64,
    ttl: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller promises NULL or `size` bytes, and NULL or a writable variable.
    let output = unsafe { Output::new(buffer, size, length) };
    output.run(|output| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no thread changes.
        let token = unsafe { handle::borrow(token) }?;
        let mut payload = PayloadBuffer::default();
        output.sign(&token.unsigned(now, ttl, &mut payload)?)
    })
}

/// Mints one token without a handle. One call replaces many, for languages in
/// which a C call is expensive.
///
/// `secret` is the auth token, or the API key secret of an access token. It must
/// not be NULL: cap_configure() has no effect. `request` is a JSON object:
///
///     cap_mint(auth_token,
///              "{\"account_sid\":\"AC...\",\"incoming\":\"alice\","
///              "\"outgoing\":{\"application_sid\":\"AP...\","
///              "\"params\":[[\"user_id\",\"42\"],[\"plan\",\"gold\"]]}}",
///              time(NULL), CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL);
///
/// It has these members, in any order. Only `account_sid` is required.
///
///     account_sid          string          cap_new(), or with
///     api_key_sid          string          cap_new_access()
///     incoming             string          cap_allow_incoming()
///     client_name          string          cap_set_client_name(), after it
///     outgoing             object:
///       application_sid    string          cap_allow_outgoing()
///       params             [[key, value]]  cap_add_outgoing_param() for each
///     event_stream         object:         cap_allow_event_stream()
///       filters            [[key, value]]  cap_add_event_filter() for each
///     claims               object          cap_add_claim() for each member
///     not_before           integer         cap_set_not_before()
///     region               string          cap_set_region()
///     push_credential_sid  string          cap_set_push_credential()
///     grants               object          cap_add_grant() for each member
///
/// `params` and `filters` are optional; their keys and values are strings. A
/// name that repeats in `claims` or `grants` takes the last value.
///
/// These calls and cap_generate_at() make the same token, byte for byte. The
/// checks, in this order:
///
/// - `secret`
/// - the form of the request: CAP_STATUS_INVALID_REQUEST
/// - the values in the order of this list, with the statuses of the calls
/// - `now`, `ttl` and `buffer`
///
/// CAP_STATUS_INVALID_REQUEST means one of:
///
/// - `request` is not one JSON object, or a claim or grant is nested more than
///   128 levels deep.
/// - A member is unknown or repeated, or its value has another type.
/// - `account_sid` or `application_sid` is missing.
/// - A string has a NUL or an unpaired surrogate. Strings inside the values of
///   `claims` and `grants` may have a NUL.
///
/// CAP_STATUS_INVALID_TIME: `not_before` does not fit into int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_mint(
    secret: *const c_char,
    request: *const c_char,
    now: i64,
    ttl: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller promises NULL or `size` bytes, and NULL or a writable variable.
    let output = unsafe { Output::new(buffer, size, length) };
    output.run(|output| {
        // SAFETY: the caller promises NULL or a string.
        let secret = unsafe { strings::non_empty(secret) }?;
        // SAFETY: the caller promises NULL or a string.
        let request = Request::parse(unsafe { strings::required(request) }?)?;
        let mut token = Token::default();
        request.apply_to(&mut token)?;
        token.key_mut().set(secret);
        let mut payload = PayloadBuffer::default();
        output.sign(&token.unsigned(now, ttl, &mut payload)?)
    })
}

/// Verifies a token of either kind, minted by this library or by Twilio's.
/// Writes its payload into `payload`: JSON in UTF-8, byte for byte as it was
/// signed. Check the result: the payload is written only if the token is valid.
///
/// `secret` is the auth token, or the API key secret of an access token. `now`
/// is usually time(NULL). If `payload` is NULL, the token is only checked, and
/// `*length` receives the length of its payload. A buffer of the size of `jwt`
/// is always large enough. Memory use grows with the length of `jwt`.
///
/// After the arguments, the token is checked in this order:
///
/// - CAP_STATUS_TOKEN_MALFORMED: not three parts, or a part that is not
///   canonical base64url without padding. A header that is not a JSON object,
///   repeats alg or typ, has crit, or has a typ other than JWT, ignoring case.
/// - CAP_STATUS_TOKEN_ALGORITHM: alg is not HS256.
/// - CAP_STATUS_TOKEN_SIGNATURE: another secret, or a changed token. The
///   comparison runs in constant time.
/// - CAP_STATUS_TOKEN_MALFORMED: a payload that is not a JSON object or repeats
///   exp or nbf. No exp, or one that is not a time.
/// - CAP_STATUS_TOKEN_EXPIRED: `now` is at or after exp.
/// - CAP_STATUS_TOKEN_MALFORMED: nbf is not a time.
/// - CAP_STATUS_TOKEN_NOT_YET_VALID: `now` is before nbf.
/// - CAP_STATUS_BUFFER_TOO_SMALL: the token is valid; see Buffers.
///
/// Such a time is a number of at most 1,000 characters that fits into a double.
/// A fraction and negative numbers are allowed. It may also be a string of at
/// most 20 digits, which twilio-java 4 writes. Times are compared as doubles.
///
/// Header and payload are also malformed if a string has an unpaired surrogate,
/// or if a member is nested more than 128 levels deep.
///
/// If the clocks of two computers differ, read `now` once, and ask again with
/// a leeway in seconds:
///
///     status = cap_verify(jwt, secret, now, payload, size, NULL);
///     if (status == CAP_STATUS_TOKEN_NOT_YET_VALID)
///         status = cap_verify(jwt, secret, now + leeway, payload, size, NULL);
///     else if (status == CAP_STATUS_TOKEN_EXPIRED)
///         status = cap_verify(jwt, secret, now > leeway ? now - leeway : 0,
///                             payload, size, NULL);
///
/// This is right for tokens that live longer than the leeway. It refuses other
/// tokens in part of the leeway, sometimes with the opposite status.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_verify(
    jwt: *const c_char,
    secret: *const c_char,
    now: i64,
    payload: *mut c_char,
    size: usize,
    length: *mut usize,
) -> Status {
    // SAFETY: the caller promises NULL or `size` bytes, and NULL or a writable variable.
    let output = unsafe { Output::new(payload, size, length) };
    output.run(|output| {
        // SAFETY: the caller promises NULL or a string.
        let jwt = unsafe { strings::required(jwt) }?;
        // SAFETY: the caller promises NULL or a string.
        let secret = unsafe { strings::non_empty(secret) }?;
        check_time(now)?;
        let mut key = Key::default();
        key.set(secret);
        let payload = key.verify(jwt)?;
        validity::check(&payload, now)?;
        output.copy_if_wanted(&payload)
    })
}

/// Checks that a client name is 1 to 256 ASCII letters, digits and underscores.
/// No other function checks this; call it for names that come from users. Other
/// names may fail with Twilio's error 31105.
///
/// Twilio's pages disagree on the rule. This one satisfies all of them, except
/// that the JavaScript SDK documents a limit of 121 characters.
///
/// CAP_STATUS_INVALID_CLIENT_NAME: the name is longer, or has other characters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_check_client_name(client_name: *const c_char) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL or a string.
        let client_name = unsafe { strings::non_empty(client_name) }?;
        Ok(check_client_name(client_name)?)
    })
}

/// Sets the account SID and auth token that cap_new() uses instead of NULL, for
/// the whole process. Existing handles do not change. If both arguments are
/// NULL, the default is cleared and wiped.
///
/// CAP_STATUS_NULL_ARGUMENT: only one argument is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_configure(
    account_sid: *const c_char,
    auth_token: *const c_char,
) -> Status {
    run(|| {
        if account_sid.is_null() && auth_token.is_null() {
            defaults::clear();
            return Ok(());
        }
        // SAFETY: the caller promises NULL or a string.
        let account_sid = unsafe { strings::non_empty(account_sid) }?;
        // SAFETY: the caller promises NULL or a string.
        let auth_token = unsafe { strings::non_empty(auth_token) }?;
        Ok(defaults::set(account_sid, auth_token)?)
    })
}

/// Returns the version of the loaded library, such as "1.2.3". CAPTOKEN_VERSION
/// is the version of the header. The string is constant; do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn cap_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Returns the message of a status: one line of English without a full stop.
/// `status` may be any integer. Never returns NULL. The string is constant; do
/// not free it.
#[unsafe(no_mangle)]
pub extern "C" fn cap_strerror(status: c_int) -> *const c_char {
    catch(c"unknown status", || status::message(status)).as_ptr()
}

/// Calls `set` with a token and a string that must not be empty.
unsafe fn with_string(
    token: *mut CapToken,
    string: *const c_char,
    set: impl FnOnce(&mut Token, &str) -> Result<(), Error>,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        // SAFETY: the caller promises NULL or a string.
        let string = unsafe { strings::non_empty(string) }?;
        Ok(set(token, string)?)
    })
}

/// Calls `add` with a token, a key and a value, which may be empty.
unsafe fn with_pair(
    token: *mut CapToken,
    key: *const c_char,
    value: *const c_char,
    add: impl FnOnce(&mut Token, &str, &str) -> Result<(), Error>,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, an even address, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        // SAFETY: the caller promises NULL or a string.
        let key = unsafe { strings::required(key) }?;
        // SAFETY: the caller promises NULL or a string.
        let value = unsafe { strings::required(value) }?;
        Ok(add(token, key, value)?)
    })
}

/// Seconds since 1970-01-01 UTC by the system clock.
fn now() -> Result<i64, Status> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since_1970.map_err(|_| Status::InvalidTime)?.as_secs();
    i64::try_from(seconds).map_err(|_| Status::InvalidTime)
}
