//! Calls of every function of the header, on handles in different states.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem;
use std::ptr::{null, null_mut};
use std::sync::LazyLock;

use captoken::ffi::*;

use self::Call::{Change, Free, New, Other, Write};
use crate::token::sign;

const NOW: i64 = 1_400_000_000;

/// One call of a function.
pub(crate) struct Case {
    /// Its name in the header.
    pub(crate) function: &'static str,
    /// Whether it must allocate. Otherwise it must not.
    pub(crate) allocates: bool,
    /// Makes the handle, if the call needs one.
    pub(crate) handle: fn() -> *mut CapToken,
    pub(crate) call: Call,
}

pub(crate) enum Call {
    /// Changes a handle or the defaults.
    Change(fn(*mut CapToken) -> Status),
    /// Makes another handle.
    New(fn(*mut *mut CapToken) -> Status),
    /// Writes into a buffer.
    Write(fn(*mut CapToken, &mut Buffer) -> Status),
    /// Frees the handle.
    Free(fn(*mut CapToken)),
    /// Has no status.
    Other(fn()),
}

impl Call {
    /// Returns `Ok` if the function has no status. A handle that it freed becomes NULL.
    pub(crate) fn make(
        &self,
        handle: &mut *mut CapToken,
        new: &mut *mut CapToken,
        buffer: &mut Buffer,
    ) -> Status {
        match self {
            Self::Change(call) => return call(*handle),
            Self::New(call) => return call(new),
            Self::Write(call) => return call(*handle, buffer),
            Self::Free(call) => call(mem::replace(handle, null_mut())),
            Self::Other(call) => call(),
        }
        Status::Ok
    }
}

/// A buffer with its length.
#[derive(PartialEq)]
pub(crate) struct Buffer {
    pub(crate) bytes: [u8; 8192],
    pub(crate) length: usize,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self {
            bytes: [0x55; 8192],
            length: 0x5555,
        }
    }

    /// Makes a call with the buffer, its size and its length.
    fn fill(&mut self, call: impl FnOnce(*mut c_char, usize, *mut usize) -> Status) -> Status {
        let size = self.bytes.len();
        call(self.bytes.as_mut_ptr().cast(), size, &mut self.length)
    }
}

const SHORT: &CStr = c"short";
const LONG: &CStr = c"longer than any string that is stored in place: \xc3\xa9 & = + %";

/// JSON of every type, longer than its compact form.
const JSON: &CStr = c" { \"\xc3\xa9\\n\" : [ 1.50 , true , null , \"\\ud83d\\ude00\" ] } ";

const USUAL_REQUEST: &CStr = c"{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\",\"outgoing\":\
    {\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}";

/// A request with these members and those of both kinds of token. Strings with escapes are
/// copied.
fn request(members: &str) -> CString {
    let request = r#"{"account_sid":"LONG","incoming":"ESCAPED","client_name":"LONG",
        "outgoing":{"application_sid":"LONG","params":[["ESCAPED","LONG"]]},
        "claims":{"ESCAPED":JSON,"LONG":JSON},"not_before":1,MEMBERS}"#;
    let request = request
        .replace("MEMBERS", members)
        .replace("ESCAPED", &r"\u00e9".repeat(60))
        .replace("LONG", LONG.to_str().expect("UTF-8"))
        .replace("JSON", JSON.to_str().expect("UTF-8"));
    CString::new(request).expect("no NUL")
}

static CAPABILITY_REQUEST: LazyLock<CString> =
    LazyLock::new(|| request(r#""event_stream":{"filters":[["ESCAPED","ESCAPED"]]}"#));

static ACCESS_REQUEST: LazyLock<CString> = LazyLock::new(|| {
    request(
        r#""api_key_sid":"ESCAPED","region":"ESCAPED","push_credential_sid":"ESCAPED",
        "grants":{"ESCAPED":JSON,"video":JSON}"#,
    )
});

/// A token whose header must be read, and has a key with an escape.
static TOKEN: LazyLock<CString> = LazyLock::new(|| {
    let header = br#"{"alg":"HS256","\u0074yp":"JWT"}"#;
    let payload = br#"{"\u0065xp":1500000000}"#;
    CString::new(sign(header, payload, "secret")).expect("no NUL")
});

fn no_handle() -> *mut CapToken {
    null_mut()
}

fn capability() -> *mut CapToken {
    let mut handle = null_mut();
    let status = new(SHORT.as_ptr(), c"secret".as_ptr(), &mut handle);
    assert_eq!(status, Status::Ok);
    handle
}

pub(crate) fn access() -> *mut CapToken {
    let mut handle = null_mut();
    assert_eq!(new_access(SHORT, &mut handle), Status::Ok);
    handle
}

fn with_call(handle: *mut CapToken, call: fn(*mut CapToken) -> Status) -> *mut CapToken {
    assert_eq!(call(handle), Status::Ok);
    handle
}

/// Allows incoming and outgoing calls, with a parameter.
fn with_calls(handle: *mut CapToken) -> *mut CapToken {
    let handle = with_call(handle, |h| incoming(h, SHORT));
    let handle = with_call(handle, |h| outgoing(h, SHORT));
    with_call(handle, |h| param(h, SHORT, SHORT))
}

fn usual_capability() -> *mut CapToken {
    with_call(with_calls(capability()), events)
}

/// Its outgoing calls have another client name.
fn other_caller() -> *mut CapToken {
    with_call(usual_capability(), |h| client_name(h, c"Bob"))
}

fn usual_access() -> *mut CapToken {
    with_call(with_calls(access()), |h| grant(h, SHORT, c"{}"))
}

/// An object that is longer than the buffer on the stack.
static LONG_JSON: LazyLock<CString> = LazyLock::new(|| {
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
    CString::new(json).expect("no NUL")
});

fn long_capability() -> *mut CapToken {
    with_call(usual_capability(), |h| claim(h, LONG, &LONG_JSON))
}

fn long_access() -> *mut CapToken {
    with_call(usual_access(), |h| grant(h, LONG, &LONG_JSON))
}

/// Adds as many members as one allocation has room for.
fn filled(handle: *mut CapToken, add: fn(*mut CapToken, &CStr, &CStr) -> Status) -> *mut CapToken {
    for name in [c"m", c"a", c"z", c"c"] {
        assert_eq!(add(handle, name, c"{}"), Status::Ok);
    }
    handle
}

fn full_claims() -> *mut CapToken {
    filled(capability(), claim)
}

fn full_grants() -> *mut CapToken {
    filled(access(), grant)
}

fn new(account_sid: *const c_char, auth_token: *const c_char, out: *mut *mut CapToken) -> Status {
    // SAFETY: strings or NULL, and a valid `out`.
    unsafe { cap_new(account_sid, auth_token, out) }
}

fn new_access(string: &CStr, out: *mut *mut CapToken) -> Status {
    let string = string.as_ptr();
    // SAFETY: three strings, and a valid `out`.
    unsafe { cap_new_access(string, string, string, out) }
}

fn token_free(handle: *mut CapToken) {
    // SAFETY: a handle that is not used again.
    unsafe { cap_token_free(handle) };
}

fn free(pointer: *mut c_void) {
    // SAFETY: a handle that is not used again, or an address that no library owns.
    unsafe { cap_free(pointer) };
}

/// An even address, which `cap_free` takes for libcap's.
fn foreign() -> *mut c_void {
    null_mut::<c_void>().wrapping_byte_add(2)
}

/// Wraps functions of a handle and strings.
macro_rules! with_strings {
    ($($name:ident = $function:ident($($string:ident),*);)*) => {$(
        fn $name(handle: *mut CapToken $(, $string: &CStr)*) -> Status {
            // SAFETY: a handle and strings.
            unsafe { $function(handle $(, $string.as_ptr())*) }
        }
    )*};
}

with_strings! {
    incoming = cap_allow_incoming(client_name);
    outgoing = cap_allow_outgoing(application_sid);
    param = cap_add_outgoing_param(key, value);
    client_name = cap_set_client_name(client_name);
    claim = cap_add_claim(name, json);
    events = cap_allow_event_stream();
    filter = cap_add_event_filter(key, value);
    region = cap_set_region(region);
    push_credential = cap_set_push_credential(push_credential_sid);
    grant = cap_add_grant(name, json);
}

fn not_before(handle: *mut CapToken) -> Status {
    // SAFETY: a handle.
    unsafe { cap_set_not_before(handle, NOW) }
}

fn check_client_name(client_name: &CStr) -> Status {
    // SAFETY: a string.
    unsafe { cap_check_client_name(client_name.as_ptr()) }
}

fn configure(account_sid: *const c_char, auth_token: *const c_char) -> Status {
    // SAFETY: strings or NULL.
    unsafe { cap_configure(account_sid, auth_token) }
}

pub(crate) fn generate(handle: *mut CapToken, out: &mut Buffer) -> Status {
    out.fill(|buffer, size, length| {
        // SAFETY: a handle, a buffer of `size` bytes, and a length.
        unsafe { cap_generate_at(handle, NOW, 3600, buffer, size, length) }
    })
}

/// The time is the clock's, so that the token is not compared.
fn generate_now(handle: *mut CapToken, out: &mut Buffer) -> Status {
    let status = out.fill(|buffer, size, length| {
        // SAFETY: a handle, a buffer of `size` bytes, and a length.
        unsafe { cap_generate(handle, 3600, buffer, size, length) }
    });
    if status == Status::Ok {
        *out = Buffer::new();
    }
    status
}

fn mint(request: &CStr, out: &mut Buffer) -> Status {
    let (secret, request) = (c"secret".as_ptr(), request.as_ptr());
    out.fill(|buffer, size, length| {
        // SAFETY: two strings, a buffer of `size` bytes, and a length.
        unsafe { cap_mint(secret, request, NOW, 60, buffer, size, length) }
    })
}

fn verify(jwt: &CStr, out: &mut Buffer) -> Status {
    let (jwt, secret) = (jwt.as_ptr(), c"secret".as_ptr());
    out.fill(|buffer, size, length| {
        // SAFETY: two strings, a buffer of `size` bytes, and a length.
        unsafe { cap_verify(jwt, secret, NOW, buffer, size, length) }
    })
}

const fn case(
    function: &'static str,
    allocates: bool,
    handle: fn() -> *mut CapToken,
    call: Call,
) -> Case {
    Case {
        function,
        allocates,
        handle,
        call,
    }
}

/// In the order of the header.
#[rustfmt::skip]
pub(crate) static CASES: &[Case] = &[
    case("cap_new", true, no_handle, New(|out| new(LONG.as_ptr(), LONG.as_ptr(), out))),
    case("cap_new", true, no_handle, New(|out| new(null(), null(), out))),
    case("cap_new_access", true, no_handle, New(|out| new_access(LONG, out))),
    case("cap_token_free", false, long_capability, Free(token_free)),
    case("cap_free", false, long_access, Free(|h| free(h.cast()))),
    case("cap_free", false, no_handle, Other(|| free(foreign()))),
    case("cap_allow_incoming", false, capability, Change(|h| incoming(h, SHORT))),
    case("cap_allow_incoming", true, usual_capability, Change(|h| incoming(h, LONG))),
    case("cap_allow_incoming", true, access, Change(|h| incoming(h, LONG))),
    case("cap_allow_incoming", true, other_caller, Change(|h| incoming(h, LONG))),
    case("cap_allow_outgoing", false, access, Change(|h| outgoing(h, SHORT))),
    case("cap_allow_outgoing", true, usual_capability, Change(|h| outgoing(h, LONG))),
    case("cap_allow_outgoing", true, usual_access, Change(|h| outgoing(h, LONG))),
    case("cap_allow_outgoing", true, access, Change(|h| outgoing(h, LONG))),
    case("cap_add_outgoing_param", false, usual_capability, Change(|h| param(h, SHORT, SHORT))),
    case("cap_add_outgoing_param", true, usual_capability, Change(|h| param(h, LONG, LONG))),
    case("cap_add_outgoing_param", true, usual_access, Change(|h| param(h, LONG, LONG))),
    case("cap_add_outgoing_param", true, usual_access, Change(|h| param(h, SHORT, LONG))),
    case("cap_set_client_name", false, usual_access, Change(|h| client_name(h, c"Bob"))),
    case("cap_set_client_name", true, usual_capability, Change(|h| client_name(h, LONG))),
    case("cap_set_client_name", true, usual_access, Change(|h| client_name(h, LONG))),
    case("cap_set_client_name", true, access, Change(|h| client_name(h, LONG))),
    case("cap_add_claim", true, capability, Change(|h| claim(h, SHORT, c"1"))),
    case("cap_add_claim", true, long_capability, Change(|h| claim(h, LONG, JSON))),
    case("cap_add_claim", true, full_claims, Change(|h| claim(h, c"b", JSON))),
    case("cap_add_claim", false, full_claims, Change(|h| claim(h, c"a", c"{ \"a\" : 1 }"))),
    case("cap_set_not_before", false, usual_access, Change(not_before)),
    case("cap_allow_event_stream", false, capability, Change(events)),
    case("cap_add_event_filter", false, usual_capability, Change(|h| filter(h, SHORT, SHORT))),
    case("cap_add_event_filter", true, usual_capability, Change(|h| filter(h, LONG, LONG))),
    case("cap_set_region", true, usual_access, Change(|h| region(h, SHORT))),
    case("cap_set_region", true, long_access, Change(|h| region(h, LONG))),
    case("cap_set_push_credential", false, access, Change(|h| push_credential(h, SHORT))),
    case("cap_set_push_credential", true, usual_access, Change(|h| push_credential(h, LONG))),
    case("cap_set_push_credential", true, access, Change(|h| push_credential(h, LONG))),
    case("cap_add_grant", true, access, Change(|h| grant(h, SHORT, c"{}"))),
    case("cap_add_grant", true, full_grants, Change(|h| grant(h, LONG, JSON))),
    case("cap_add_grant", false, full_grants, Change(|h| grant(h, c"z", c"{\"a\":1}"))),
    case("cap_generate", false, usual_capability, Write(generate_now)),
    case("cap_generate", true, long_access, Write(generate_now)),
    case("cap_generate_at", false, usual_access, Write(generate)),
    case("cap_generate_at", true, long_capability, Write(generate)),
    case("cap_generate_at", true, long_access, Write(generate)),
    case("cap_mint", false, no_handle, Write(|_, out| mint(USUAL_REQUEST, out))),
    case("cap_mint", true, no_handle, Write(|_, out| mint(&CAPABILITY_REQUEST, out))),
    case("cap_mint", true, no_handle, Write(|_, out| mint(&ACCESS_REQUEST, out))),
    case("cap_verify", true, no_handle, Write(|_, out| verify(&TOKEN, out))),
    case("cap_check_client_name", false, no_handle, Change(|_| check_client_name(SHORT))),
    case("cap_configure", true, no_handle, Change(|_| configure(SHORT.as_ptr(), LONG.as_ptr()))),
    case("cap_configure", false, no_handle, Change(|_| configure(null(), null()))),
    case("cap_version", false, no_handle, Other(|| { cap_version(); })),
    case("cap_strerror", false, no_handle, Other(|| { cap_strerror(14); })),
];
