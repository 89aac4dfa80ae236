//! The exported functions, in header order. Their documentation is the header's
//! and speaks to C.
//!
//! # Safety
//!
//! What every function asks of its caller stands once, here and at the top of the
//! header (`cbindgen.toml`). A pointer is NULL or points to what its type says. A
//! text ends in a NUL. A `cap_token *` came from [`cap_new`] and is not freed; a
//! `const` one is not changed meanwhile, another is used by nobody else.

#![expect(
    clippy::missing_safety_doc,
    reason = "said once for all functions, above and in the header"
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
mod handle;
mod libcap;
mod output;
mod status;
mod strings;

/// Makes a handle for capability tokens of one account and stores it in `*out`.
/// It allows nothing yet.
///
/// `account_sid` and `auth_token` are those of the Twilio console. The bytes of
/// the auth token are the key that signs. Either may be NULL to take what
/// cap_configure() has set. Neither is checked for a prefix or a length, as in
/// Twilio's own libraries.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// Otherwise `*out` is NULL.
/// CAP_STATUS_NO_CREDENTIALS: an argument is NULL and nothing is configured.
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

/// Makes a handle for access tokens of one account and stores it in `*out`. It
/// allows nothing yet. This is AccessToken of Twilio's own libraries: the token
/// that Twilio recommends, that works in all its regions and with its libraries
/// for phones.
///
/// `api_key_sid` and `api_key_secret` are those of an API key of the account,
/// as the Twilio console makes it (not one of its restricted keys); the bytes
/// of the secret are the key that signs. None of the three may be NULL:
/// cap_configure() has no part in this. None is checked for a prefix or a
/// length.
///
/// Every function except the two for event streams also works on access tokens.
/// To migrate, replace cap_new() by this call.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// Otherwise `*out` is NULL.
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

/// Lets the browser or phone that holds the token be called, under a client
/// name (`<Client>` in TwiML). Calls that it makes come from that name, too.
///
/// A second call replaces the name. Any text but "" is taken and arrives as it
/// is. Twilio's pages disagree on what a name may be: see
/// cap_check_client_name().
///
/// An access token has one name, its `identity`, for all that it allows; its
/// voice grant says here that calls may come in (`incoming.allow`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_incoming(
    token: *mut CapToken,
    client_name: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, client_name, Token::allow_incoming) }
}

/// Lets the browser or phone that holds the token make calls, which the TwiML
/// application with this SID handles.
///
/// A second call replaces the application and drops the parameters of the
/// first.
///
/// In an access token, this is `outgoing.application_sid` of the voice grant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_outgoing(
    token: *mut CapToken,
    application_sid: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, application_sid, Token::allow_outgoing) }
}

/// Adds a parameter that Twilio hands to the application with every outgoing
/// call; the holder of the token cannot change it.
///
/// Parameters keep the order of the calls, a key may repeat, and key and value
/// may be "". Whatever characters they contain, the application receives this
/// one key and this one value.
///
/// In an access token, parameters are members of an object (`outgoing.params`
/// of the voice grant): a key that is added again keeps its place and takes the
/// new value. Values are strings. To pass a nested object, encode it as JSON.
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
/// Any non-empty name is accepted. Twilio's newer libraries take such a name
/// with the outgoing scope.
///
/// An access token has one name, its `identity`: this call sets it for all that
/// the token allows, and so does cap_allow_incoming(). Where incoming calls are
/// allowed, they reach the name that was set last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_client_name(
    token: *mut CapToken,
    client_name: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, client_name, Token::set_client_name) }
}

/// Checks that every Twilio product accepts a client name. No other function
/// does; call it for names that come from users.
///
/// The rule is 1 to 256 ASCII letters, digits and underscores. Twilio's pages
/// differ on it; that of the JavaScript SDK allows at most 121 characters.
/// Other names may fail with Twilio's error 31105.
///
/// CAP_STATUS_INVALID_CLIENT_NAME: the name has other characters, or is longer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_check_client_name(client_name: *const c_char) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL or a string.
        let client_name = unsafe { strings::non_empty(client_name) }?;
        Ok(check_client_name(client_name)?)
    })
}

/// Lets the holder of the token follow the account's events.
///
/// A second call drops the filters of the first.
///
/// CAP_STATUS_UNSUPPORTED: an access token has no such permission.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_allow_event_stream(token: *mut CapToken) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
        Ok(unsafe { handle::borrow_mut(token) }?.allow_event_stream()?)
    })
}

/// Adds a filter for the events that the holder of the token may follow.
///
/// Filters keep the order of the calls, a key may repeat, and key and value may
/// be "", as with cap_add_outgoing_param().
///
/// CAP_STATUS_UNSUPPORTED: an access token has no filters.
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

/// Adds a claim of the program's own: with it, one token serves the program's
/// own interface, too.
///
/// `json` is one JSON value, such as `"text"` with its quotes, `42` or
/// `{"a":[true]}`, nested at most 127 levels deep. The order of its keys, keys
/// that repeat and the spelling of its numbers are kept; white space is
/// dropped, and strings are spelled anew, in ASCII. Half of a surrogate pair is
/// an error. A claim that is added again keeps its place and takes the new
/// value. Claims come before those of the library. Some names have a meaning
/// (RFC 7519, section 4.1): readers such as PyJWT refuse a token with an `aud`
/// that they were not told of, or with a `sub` or `jti` that is not a string.
///
/// CAP_STATUS_RESERVED_NAME: `name` is scope, iss, exp, nbf or iat; or, for an
/// access token, jti, sub or grants.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_claim(
    token: *mut CapToken,
    name: *const c_char,
    json: *const c_char,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        // SAFETY: the caller promises NULL or a string.
        let name = unsafe { strings::non_empty(name) }?;
        token.check_claim_name(name)?;
        // SAFETY: the caller promises NULL or a string.
        let json = unsafe { strings::required(json) }?;
        Ok(token.add_claim(name, json)?)
    })
}

/// Sets when tokens begin to be valid (the claim nbf), in seconds since
/// 1970-01-01 00:00 UTC. 0 removes what was set.
///
/// Without this call, a token says nothing about it and is valid at once.
/// Twilio's newer libraries say that it begins now, and tokens fail where the
/// clock that made them is ahead of Twilio's (twilio-python#390). The time to
/// live is not counted from here but from when a token is generated.
///
/// CAP_STATUS_INVALID_TIME: `not_before` is negative, or above 2^53 - 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_not_before(token: *mut CapToken, not_before: i64) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
        let token = unsafe { handle::borrow_mut(token) }?;
        Ok(token.set_not_before(not_before)?)
    })
}

/// Sets the region of Twilio's that takes an access token, such as "ie1" (`twr`
/// in the token's header). Without it, that is the one in the United States. A
/// second call replaces the region.
///
/// API keys and applications belong to a region: those of cap_new_access() and
/// cap_allow_outgoing() must be from this one.
///
/// CAP_STATUS_UNSUPPORTED: a capability token works in the United States only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_region(token: *mut CapToken, region: *const c_char) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, region, Token::set_region) }
}

/// Has calls announced to a phone by push notifications, sent with the
/// credential that has this SID (`push_credential_sid` of the voice grant). A
/// second call replaces it.
///
/// CAP_STATUS_UNSUPPORTED: a capability token has no push credential.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_set_push_credential(
    token: *mut CapToken,
    push_credential_sid: *const c_char,
) -> Status {
    // SAFETY: the caller's promises are the same.
    unsafe { with_string(token, push_credential_sid, Token::set_push_credential) }
}

/// Adds a grant to an access token: what its holder may do besides calling. The
/// fields are those of Twilio's own libraries:
///
///     cap_add_grant(token, "video", "{\"room\":\"standup\"}");
///     cap_add_grant(token, "chat", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "data_sync", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "task_router",
///                   "{\"workspace_sid\":\"WS...\",\"worker_sid\":\"WK...\","
///                   "\"role\":\"worker\"}");
///     cap_add_grant(token, "player", playback_grant); // as Twilio's API gives it
///
/// `name` may be any other, too, so that a grant to come needs no new version
/// of this library; but not "identity", which cap_allow_incoming() and
/// cap_set_client_name() write, or "voice", of which this library writes
/// `incoming`, `outgoing` and `push_credential_sid`.
///
/// `json` is one JSON object, kept as cap_add_claim() keeps a value, and nested
/// as deep at most. What is in it is not checked. A grant that is added again
/// keeps its place and takes the new value.
///
/// CAP_STATUS_RESERVED_NAME: `name` is identity or voice.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON object.
/// CAP_STATUS_UNSUPPORTED: a capability token has no grants.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_add_grant(
    token: *mut CapToken,
    name: *const c_char,
    json: *const c_char,
) -> Status {
    run(|| {
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
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
/// the system clock. The handle stays as it is and can make any number of
/// tokens.
///
/// `ttl` is 1 to CAP_TTL_MAX; CAP_TTL_DEFAULT is an hour. `size` is the size of
/// `buffer` in bytes, with the NUL. `*length` receives the length of the token,
/// without the NUL; `length` may be NULL. The token is ASCII: a JSON Web Token
/// (RFC 7519) signed with HS256. Its claims are those of cap_add_claim(), then
/// scope, iss (the account SID), exp, and nbf if cap_set_not_before() was
/// called. In an access token, those of cap_add_claim() are followed by jti
/// (the API key SID and the time), iss (the API key SID), sub (the account
/// SID), exp, nbf as above, and grants.
///
/// CAP_STATUS_BUFFER_TOO_SMALL: `*length` says what `size` must exceed.
/// `buffer` NULL with `size` 0 asks for it. On any other failure `*length` is
/// 0. Every failure sets `buffer` to "", unless `size` is 0.
/// CAP_STATUS_INVALID_TTL: `ttl` is out of range.
/// CAP_STATUS_INVALID_TIME: the clock is before 1970.
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
        // SAFETY: the caller promises NULL, even, or a handle that no thread changes.
        let token = unsafe { handle::borrow(token) }?;
        // The clock is no argument: all of those are checked first.
        check_ttl(ttl)?;
        output.check()?;
        let mut payload = PayloadBuffer::default();
        output.sign(&token.unsigned(now()?, ttl, &mut payload)?)
    })
}

/// Does what cap_generate() does, at a time of the caller's: the same handle,
/// `now` and `ttl` give the same token, byte for byte.
///
/// `now` is in seconds since 1970-01-01 00:00 UTC.
///
/// CAP_STATUS_INVALID_TIME: `now` is negative, or it or `now + ttl` is above
/// 2^53 - 1, the largest integer that all readers of JSON agree on (RFC 8259,
/// section 6). The other statuses are those of cap_generate().
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
        // SAFETY: the caller promises NULL, even, or a handle that no thread changes.
        let token = unsafe { handle::borrow(token) }?;
        let mut payload = PayloadBuffer::default();
        output.sign(&token.unsigned(now, ttl, &mut payload)?)
    })
}

/// Mints one token in one call, without a handle. Made for languages in which a
/// call of C is expensive.
///
/// `secret` is the auth token, or the API key secret of an access token. It
/// must not be NULL: cap_configure() has no effect here. `request` is a JSON
/// object:
///
///     cap_mint(auth_token,
///              "{\"account_sid\":\"AC...\",\"incoming\":\"alice\","
///              "\"outgoing\":{\"application_sid\":\"AP...\","
///              "\"params\":[[\"user_id\",\"42\"],[\"plan\",\"gold\"]]}}",
///              time(NULL), CAP_TTL_DEFAULT, token, sizeof token, NULL);
///
/// The members of `request`, of which only `account_sid` is required:
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
/// The token is byte for byte the one that these calls and cap_generate_at()
/// make, whatever the order of the members. `params` and `filters` may be
/// missing; their keys and values are strings. `now` is in seconds since
/// 1970-01-01 00:00 UTC, as time() returns it. `ttl`, `buffer`, `size` and
/// `length` are as for cap_generate().
///
/// The form of the whole request is checked before any value.
/// CAP_STATUS_INVALID_REQUEST: `request` is not one JSON object, has an unknown
/// or a repeated member or a value of another type, lacks `account_sid` or
/// `application_sid`, or has a string with a NUL or half of a surrogate pair.
/// The values of `claims` and `grants` may have any strings; a name that
/// repeats there is replaced. The other statuses are those of the calls, in the
/// order of this list, and then those of cap_generate_at(). An integer beyond
/// int64_t is CAP_STATUS_INVALID_TIME.
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

/// Checks a token, whichever of Twilio's libraries or this one has made it, and
/// writes its payload into `payload`: JSON in UTF-8, byte for byte as it was
/// signed.
///
/// `secret` is the auth token, or, for an access token, the API key secret.
/// `now` is in seconds since 1970-01-01 00:00 UTC, as time() returns it.
/// `payload`, `size` and `length` are as for cap_generate(), and a buffer of
/// the token's size is always large enough. But with `payload` NULL the token
/// is only checked, whatever `size` is, and `*length` receives the length all
/// the same. The memory that a check takes grows with the length of the token,
/// and is given back.
///
/// The signature must be an HMAC-SHA256 of the whole token, and no header can
/// ask for another. Its comparison takes the same time wherever a wrong one
/// differs.
///
/// A token must say when it expires (`exp`), and is refused from that second
/// on. It may say when it begins (`nbf`). Both are numbers, also with a
/// fraction, or strings of digits, as twilio-java 4.x writes them. Such a
/// number has at most 1,000 characters and fits into a double; such a string
/// has at most 20 digits. Times are compared as doubles.
///
/// The checks and their statuses, in this order:
///
/// - CAP_STATUS_TOKEN_MALFORMED: not three parts, or a part that is not
///   canonical base64url without padding; a header that is not a JSON object,
///   repeats alg or typ, or has crit, or a typ other than JWT in any case.
/// - CAP_STATUS_TOKEN_ALGORITHM: alg is not HS256.
/// - CAP_STATUS_TOKEN_SIGNATURE: another secret, or a changed token.
/// - CAP_STATUS_TOKEN_MALFORMED: a payload that is not a JSON object or repeats
///   exp or nbf; no exp, or one that cannot be read.
/// - CAP_STATUS_TOKEN_EXPIRED.
/// - CAP_STATUS_TOKEN_MALFORMED: an nbf that cannot be read.
/// - CAP_STATUS_TOKEN_NOT_YET_VALID.
///
/// Header and payload are malformed, too, if a string has half of a surrogate
/// pair, or a member is nested more than 128 levels deep.
///
/// CAP_STATUS_INVALID_TIME: `now` is negative, or above 2^53 - 1.
/// CAP_STATUS_BUFFER_TOO_SMALL: the token is valid, and `*length` says what
/// `size` must exceed.
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

/// Frees a handle and wipes its secret from memory. NULL and even addresses are
/// ignored; nothing is passed on to libcap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cap_token_free(token: *mut CapToken) {
    // SAFETY: the caller promises NULL, even, or a handle that is never used again.
    // Neither of the first two is an error here.
    run(|| unsafe { handle::free(token) });
}

/// Frees a handle as cap_token_free() does, under a name that Linux's libcap
/// has too, with the same prototype. In a program with both libraries one of
/// the two functions is called for all objects; this one passes libcap's on to
/// libcap.
///
/// libcap's function refuses handles of this library with -1 and leaves them as
/// they are. It is the one that is called in a program that names libcap before
/// this library (`-lcap -lcaptoken`), in one that links both statically, and in
/// a plug-in whose host has libcap, perhaps through libsystemd. Prefer
/// cap_token_free(): it is always right.
///
/// Returns 0 for NULL and for a handle, which it has freed; for any other even
/// address, what libcap returns, or -1 with `errno` EINVAL where there is no
/// libcap.
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

/// Sets the account SID and auth token that cap_new() takes where it is given
/// NULL, for the whole process, as `Twilio.configure` does in twilio-ruby. May
/// be called from any thread at any time; handles that exist stay as they are.
/// After a fork, the child must not call this function, nor cap_new() with a
/// NULL credential, if another thread was inside one of them.
///
/// NULL and NULL clear what was set, and wipe it from memory.
///
/// CAP_STATUS_NULL_ARGUMENT: only one is NULL.
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

/// Returns the version of the library that runs, as in "1.2.3". The text is
/// constant; do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn cap_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Returns what a status means, in one line of English without a full stop, as
/// strerror() does for `errno`. `status` may be any integer. Never NULL. The
/// text is constant; do not free it.
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
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
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
        // SAFETY: the caller promises NULL, even, or a handle that no other thread uses.
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
