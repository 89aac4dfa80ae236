//! Every allocation failure is a status, changes nothing and leaks nothing. A separate program,
//! because its global allocator can fail.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use captoken::ffi::*;

#[path = "support/configure_lock.rs"]
mod configure_lock;
#[path = "support/token.rs"]
mod token;

use configure_lock::lock_defaults;
use token::parts;

thread_local! {
    /// The number of allocations of this thread before one fails. Later ones succeed.
    static UNTIL_FAILURE: Cell<Option<usize>> = const { Cell::new(None) };

    /// The number of blocks that this thread has allocated minus those it has freed.
    static BLOCKS: Cell<isize> = const { Cell::new(0) };
}

struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

fn fails() -> bool {
    let left = UNTIL_FAILURE.get();
    UNTIL_FAILURE.set(left.and_then(|left| left.checked_sub(1)));
    left == Some(0)
}

// SAFETY: every call goes to the system's allocator or fails, which is allowed.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return null_mut();
        }
        BLOCKS.set(BLOCKS.get() + 1);
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.set(BLOCKS.get() - 1);
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) };
    }
}

const NOW: i64 = 1_400_000_000;

const LONG: &CStr = c"longer than any string that is stored in place: \xc3\xa9 & = + %";

/// JSON of every type, longer than its compact form.
const JSON: &CStr = c" { \"\xc3\xa9\\n\" : [ 1.50 , true , null , \"\\ud83d\\ude00\" ] } ";

/// A sequence of calls that build a token.
struct Script {
    calls: usize,
    /// The calls that allocate nothing: their strings are short, or the capacity suffices.
    without_memory: &'static [usize],
    /// Makes the call with this number.
    call: fn(usize, &mut *mut CapToken) -> Status,
    /// Makes a call without allocation that must precede the call with this number.
    before: fn(usize, *mut CapToken),
}

const CAPABILITY: Script = Script {
    calls: 14,
    without_memory: &[2, 3, 4, 9, 10, 11],
    call: capability_call,
    before: allow_events_before_filters,
};

const ACCESS: Script = Script {
    calls: 16,
    without_memory: &[1, 3, 9, 13],
    call: access_call,
    before: |_, _| {},
};

/// The first call that needs an event stream.
const FILTER: usize = 8;

fn capability_call(number: usize, token: &mut *mut CapToken) -> Status {
    let handle = *token;
    // SAFETY: strings, a valid `out`, and the handle once it is there.
    unsafe {
        match number {
            0 => cap_configure(c"AC123123".as_ptr(), c"secret".as_ptr()),
            1 => cap_new(null(), null(), token),
            2 => cap_allow_incoming(handle, c"Alice".as_ptr()),
            3 => cap_allow_outgoing(handle, c"AP123123".as_ptr()),
            4 => cap_add_outgoing_param(handle, c"Foo".as_ptr(), c"Bar".as_ptr()),
            5 => cap_add_outgoing_param(handle, LONG.as_ptr(), LONG.as_ptr()),
            6 => cap_allow_incoming(handle, LONG.as_ptr()),
            7 => cap_allow_outgoing(handle, LONG.as_ptr()),
            FILTER => cap_add_event_filter(handle, LONG.as_ptr(), LONG.as_ptr()),
            9 => cap_add_event_filter(handle, c"Foo".as_ptr(), c"Bar".as_ptr()),
            10 => cap_set_client_name(handle, c"Bob".as_ptr()),
            11 => cap_allow_incoming(handle, c"Carol".as_ptr()),
            12 => cap_add_claim(handle, LONG.as_ptr(), JSON.as_ptr()),
            _ => cap_add_claim(handle, LONG.as_ptr(), c"42".as_ptr()),
        }
    }
}

fn access_call(number: usize, token: &mut *mut CapToken) -> Status {
    let handle = *token;
    let (sid, short, long) = (c"AC123123".as_ptr(), c"Foo".as_ptr(), LONG.as_ptr());
    // SAFETY: strings, a valid `out`, and the handle once it is there.
    unsafe {
        match number {
            0 => cap_new_access(sid, c"SK123123".as_ptr(), c"secret".as_ptr(), token),
            1 => cap_allow_incoming(handle, c"Alice".as_ptr()),
            2 => cap_set_client_name(handle, long),
            3 => cap_allow_outgoing(handle, sid),
            4 => cap_add_outgoing_param(handle, short, c"Bar".as_ptr()),
            5 => cap_add_outgoing_param(handle, long, long),
            6 => cap_add_outgoing_param(handle, short, long),
            7 => cap_set_region(handle, short),
            8 => cap_set_region(handle, long),
            9 => cap_set_push_credential(handle, short),
            10 => cap_set_push_credential(handle, long),
            11 => cap_add_grant(handle, short, JSON.as_ptr()),
            12 => cap_add_grant(handle, long, JSON.as_ptr()),
            13 => cap_add_grant(handle, short, c"{}".as_ptr()),
            14 => cap_allow_outgoing(handle, long),
            _ => cap_add_claim(handle, long, JSON.as_ptr()),
        }
    }
}

/// The token of a handle, or, for NULL, of a new handle with the configured defaults.
fn mint(token: *const CapToken) -> [u8; 4096] {
    let mut jwt = [0_u8; 4096];
    let buffer = jwt.as_mut_ptr().cast::<c_char>();
    let mut configured = null_mut();
    // SAFETY: a valid `out`, a handle, and a buffer of 4096 bytes.
    unsafe {
        if token.is_null() {
            assert_eq!(cap_new(null(), null(), &mut configured), Status::Ok);
        }
        let token = if token.is_null() { configured } else { token };
        let status = cap_generate_at(token, 1_400_000_000, 3600, buffer, 4096, null_mut());
        assert_eq!(status, Status::Ok);
        cap_token_free(configured);
    }
    jwt
}

/// Sets other credentials first, so that a failure would be seen to lose them.
fn configure_others() {
    // SAFETY: two strings.
    let status = unsafe { cap_configure(c"ACother".as_ptr(), c"other".as_ptr()) };
    assert_eq!(status, Status::Ok);
}

/// Changes the token without allocation.
fn allow_events_before_filters(number: usize, token: *mut CapToken) {
    if number == FILTER {
        // SAFETY: a handle.
        let status = unsafe { cap_allow_event_stream(token) };
        assert_eq!(status, Status::Ok);
    }
}

/// Makes all calls while one allocation fails. Checks that the call with this allocation
/// changes nothing and succeeds when repeated. Returns its number and the final token.
fn calls_with_failure(script: &Script, allocation: Option<usize>) -> (Option<usize>, [u8; 4096]) {
    configure_others();
    let mut token = null_mut();
    let mut failed = None;
    let mut until_failure = allocation;
    for number in 0..script.calls {
        (script.before)(number, token);
        let before = mint(token);
        UNTIL_FAILURE.set(until_failure);
        let status = (script.call)(number, &mut token);
        until_failure = UNTIL_FAILURE.take();
        if status == Status::OutOfMemory {
            assert_eq!((failed, until_failure), (None, None));
            failed = Some(number);
            assert!(mint(token) == before, "call {number} changed the token");
            assert_eq!((script.call)(number, &mut token), Status::Ok);
        } else {
            assert_eq!(status, Status::Ok);
        }
        // Call 1 makes a handle with the defaults, which mints the same token as before.
        assert!(mint(token) != before || number == 1);
    }
    let whole = mint(token);
    // SAFETY: the handle is not used again.
    unsafe { cap_token_free(token) };
    (failed, whole)
}

#[test]
fn failed_allocations_change_nothing() {
    let _lock = lock_defaults();
    for script in [CAPABILITY, ACCESS] {
        let (failed, undisturbed) = calls_with_failure(&script, None);
        assert_eq!(failed, None);

        let mut failed_calls = Vec::new();
        for allocation in 0.. {
            let (failed, token) = calls_with_failure(&script, Some(allocation));
            assert!(token == undisturbed);
            // Ends when the calls need fewer allocations.
            let Some(call) = failed else { break };
            failed_calls.push(call);
        }
        failed_calls.dedup();
        let takes_memory = |call: &usize| !script.without_memory.contains(call);
        let expected: Vec<usize> = (0..script.calls).filter(takes_memory).collect();
        assert_eq!(failed_calls, expected);
    }
}

#[test]
fn failed_cap_new_leaks_nothing() {
    let _lock = lock_defaults();
    let (sid, secret) = (LONG.as_ptr(), c"secret".as_ptr());
    // SAFETY: strings, and a valid `out`.
    let capability = |token: &mut *mut CapToken| unsafe { cap_new(sid, secret, token) };
    // SAFETY: strings, and a valid `out`.
    let access = |token: &mut *mut CapToken| unsafe { cap_new_access(sid, sid, secret, token) };
    let calls: [&dyn Fn(&mut *mut CapToken) -> Status; 2] = [&capability, &access];
    for call in calls {
        for allocation in 0.. {
            let (mut token, before) = (null_mut(), BLOCKS.get());
            UNTIL_FAILURE.set(Some(allocation));
            let status = call(&mut token);
            let is_over = UNTIL_FAILURE.take().is_some();
            if is_over {
                assert_eq!(status, Status::Ok);
                assert!(allocation > 1, "the handle and a string");
            } else {
                assert_eq!((status, token), (Status::OutOfMemory, null_mut()));
            }
            // SAFETY: NULL, or a handle that is not used again.
            unsafe { cap_token_free(token) };
            assert_eq!(BLOCKS.get(), before);
            if is_over {
                break;
            }
        }
    }
}

/// Names in no sorted order, more than one allocation has room for.
const NAMES: [&CStr; 12] = [
    c"m", c"a", c"z", c"c", c"b", c"k", c"x", c"d", c"y", c"l", c"e", c"f",
];

/// A grant whose allocation failed is absent, and the others are still found by name. Only
/// later calls can show a damaged index.
#[test]
fn failed_grant_leaves_other_names_intact() {
    let _lock = lock_defaults();
    for allocation in 0.. {
        let mut token = null_mut();
        assert_eq!(access_call(0, &mut token), Status::Ok);
        let mut kept = Vec::with_capacity(NAMES.len());
        UNTIL_FAILURE.set(Some(allocation));
        for name in NAMES {
            // SAFETY: a handle and two strings.
            match unsafe { cap_add_grant(token, name.as_ptr(), c"{}".as_ptr()) } {
                Status::Ok => kept.push(name),
                status => assert_eq!(status, Status::OutOfMemory),
            }
        }
        let is_over = UNTIL_FAILURE.take().is_some();

        let mut expected = Vec::new();
        for name in &kept {
            // SAFETY: a handle and two strings.
            let status = unsafe { cap_add_grant(token, name.as_ptr(), c"{\"a\":1}".as_ptr()) };
            assert_eq!(status, Status::Ok);
            expected.push(format!(r#"{name:?}:{{"a":1}}"#));
        }
        let jwt = mint(token);
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(token) };
        let jwt = CStr::from_bytes_until_nul(&jwt).expect("a string");
        let [_, payload] = parts(jwt.to_str().expect("ASCII"));
        let grants = format!(r#""grants":{{{}}}}}"#, expected.join(","));
        assert!(payload.ends_with(&grants), "{payload}");

        assert_eq!(kept.len(), NAMES.len() - usize::from(!is_over));
        if is_over {
            break;
        }
    }
}

/// The handle after all calls of a script.
fn whole_handle(script: &Script) -> *mut CapToken {
    let mut token = null_mut();
    for number in 0..script.calls {
        (script.before)(number, token);
        assert_eq!((script.call)(number, &mut token), Status::Ok);
    }
    token
}

/// Payloads up to the size of the stack buffer need no allocation. Freeing never does.
#[test]
fn generate_allocates_nothing_for_usual_tokens() {
    let _lock = lock_defaults();
    let calls: [fn(&mut *mut CapToken); 2] = [
        |token| {
            for number in 1..5 {
                assert_eq!(capability_call(number, token), Status::Ok);
            }
        },
        |token| {
            for number in 0..5 {
                assert_eq!(access_call(number, token), Status::Ok);
            }
        },
    ];
    configure_others();
    for make in calls {
        let mut token = null_mut();
        make(&mut token);
        UNTIL_FAILURE.set(Some(0));
        mint(token);
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(token) };
        assert_eq!(UNTIL_FAILURE.take(), Some(0));
    }
}

/// A payload above the size of the buffer goes to the heap.
#[test]
fn generate_reports_failure_for_long_tokens() {
    let _lock = lock_defaults();
    for script in [CAPABILITY, ACCESS] {
        let token = whole_handle(&script);
        for name in [c"b", c"c", c"d", c"e"] {
            let json = CString::new(format!("\"{}\"", "x".repeat(200))).expect("no NUL");
            // SAFETY: a handle and two strings.
            let status = unsafe { cap_add_claim(token, name.as_ptr(), json.as_ptr()) };
            assert_eq!(status, Status::Ok);
        }
        let expected = mint(token);
        assert!(expected.iter().filter(|byte| **byte != 0).count() > 1200);
        for allocation in 0.. {
            let (mut jwt, mut length, before) = ([0x55_u8; 4096], 0x5555, BLOCKS.get());
            let buffer = jwt.as_mut_ptr().cast();
            UNTIL_FAILURE.set(Some(allocation));
            // SAFETY: a handle, a buffer of 4096 bytes, and a length.
            let status = unsafe { cap_generate_at(token, NOW, 3600, buffer, 4096, &mut length) };
            let is_over = UNTIL_FAILURE.take().is_some();
            assert_eq!(BLOCKS.get(), before, "leaked");
            if is_over {
                assert!(allocation > 0);
                assert_eq!(status, Status::Ok);
                break;
            }
            assert_eq!((status, jwt[0], length), (Status::OutOfMemory, 0, 0));
            assert!(mint(token) == expected, "the handle changed");
        }
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(token) };
    }
}

/// A request with short strings allocates nothing. Long strings, escapes and JSON do.
#[test]
fn mint_reports_allocation_failure() {
    let _lock = lock_defaults();
    let mint = |request: &CStr| {
        let (mut jwt, mut length) = ([0x55_u8; 4096], 0x5555);
        let (secret, request) = (c"secret".as_ptr(), request.as_ptr());
        let buffer = jwt.as_mut_ptr().cast();
        // SAFETY: two strings, a buffer of 4096 bytes, and a length.
        let status = unsafe { cap_mint(secret, request, NOW, 60, buffer, 4096, &mut length) };
        (status, jwt[0], length)
    };

    UNTIL_FAILURE.set(Some(0));
    let usual = c"{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\",\"outgoing\":\
                  {\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}";
    assert_eq!(mint(usual).0, Status::Ok);
    assert_eq!(UNTIL_FAILURE.take(), Some(0));

    let long = LONG.to_str().expect("UTF-8");
    let json = JSON.to_str().expect("UTF-8");
    let escaped = "\\u00e9".repeat(60);
    let all = |members: &str| {
        let request = format!(
            r#"{{"account_sid":"{long}","incoming":"{escaped}","client_name":"{long}",
            "outgoing":{{"application_sid":"{long}","params":[["{escaped}","{long}"]]}},
            "claims":{{"{escaped}":{json}}},{members}}}"#
        );
        CString::new(request).expect("no NUL")
    };
    let capability = all(&format!(
        r#""event_stream":{{"filters":[["{long}","{escaped}"]]}}"#
    ));
    let access = all(&format!(
        r#""api_key_sid":"{long}","region":"{long}","push_credential_sid":"{long}",
        "grants":{{"{escaped}":{json}}}"#
    ));
    for (request, least) in [(capability, 15), (access, 20)] {
        let mut failures = 0;
        loop {
            let before = BLOCKS.get();
            UNTIL_FAILURE.set(Some(failures));
            let outcome = mint(&request);
            let is_over = UNTIL_FAILURE.take().is_some();
            assert_eq!(BLOCKS.get(), before, "leaked");
            if is_over {
                assert_eq!(outcome.0, Status::Ok);
                break;
            }
            assert_eq!(outcome, (Status::OutOfMemory, 0, 0));
            failures += 1;
        }
        assert!(failures >= least, "{failures}");
    }
}

#[test]
fn verify_reports_allocation_failure() {
    let _lock = lock_defaults();
    // The header of an access token is parsed; that of a capability token is compared.
    let token = whole_handle(&ACCESS);
    let jwt = mint(token);
    // SAFETY: the handle is not used again.
    unsafe { cap_token_free(token) };

    let mut failures = 0;
    loop {
        let (mut payload, mut length) = ([0x55_u8; 4096], 0x5555);
        UNTIL_FAILURE.set(Some(failures));
        // SAFETY: two strings, a buffer of 4096 bytes, and a length.
        let status = unsafe {
            let (jwt, buffer) = (jwt.as_ptr().cast(), payload.as_mut_ptr().cast());
            let secret = c"secret".as_ptr();
            cap_verify(jwt, secret, 1_400_000_000, buffer, 4096, &mut length)
        };
        if UNTIL_FAILURE.take().is_some() {
            assert_eq!(status, Status::Ok);
            break;
        }
        assert_eq!((status, payload[0], length), (Status::OutOfMemory, 0, 0));
        failures += 1;
    }
    // The decoded header, payload and signature, and a claim name with an escape.
    assert_eq!(failures, 4);
}
