//! Memory that runs out at any moment is a status, and loses nothing.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use captoken::ffi::*;

#[path = "support/token.rs"]
mod token;
#[path = "support/turn.rs"]
mod turn;

use token::parts;
use turn::turn;

thread_local! {
    /// How many more allocations of this thread succeed before one fails. Those
    /// behind it succeed again.
    static UNTIL_FAILURE: Cell<Option<usize>> = const { Cell::new(None) };

    /// How many blocks this thread has taken, less those that it has given back.
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

// SAFETY: hands everything to the system's allocator, or fails, which is allowed.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return null_mut();
        }
        BLOCKS.set(BLOCKS.get() + 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.set(BLOCKS.get() - 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(block, layout) };
    }
}

const NOW: i64 = 1_400_000_000;

const LONG: &CStr = c"more text than fits what was reserved before: \xc3\xa9 & = + %";

/// JSON of everything that there is, longer than it will be.
const JSON: &CStr = c" { \"\xc3\xa9\\n\" : [ 1.50 , true , null , \"\\ud83d\\ude00\" ] } ";

/// All calls for a token that take memory.
struct Script {
    calls: usize,
    /// Those that take no memory, since their texts are short, or there is room left.
    without_memory: &'static [usize],
    /// Makes one of them, by its number.
    call: fn(usize, &mut *mut CapToken) -> Status,
    /// Makes one that takes no memory and changes the token, if it is to stand before
    /// the one with this number.
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
    // SAFETY: texts, a place for the handle, and the handle once it is there.
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
    // SAFETY: texts, a place for the handle, and the handle once it is there.
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

/// The token of a handle; of NULL, that of a handle with what is configured.
fn mint(token: *const CapToken) -> [u8; 4096] {
    let mut jwt = [0_u8; 4096];
    let buffer = jwt.as_mut_ptr().cast::<c_char>();
    let mut configured = null_mut();
    // SAFETY: a place for a handle, a handle, and a buffer of the size that is said.
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

/// Starts from other credentials, so that a failure could lose them.
fn configure_others() {
    // SAFETY: two texts.
    let status = unsafe { cap_configure(c"ACother".as_ptr(), c"other".as_ptr()) };
    assert_eq!(status, Status::Ok);
}

/// This takes no memory, and changes the token.
fn allow_events_before_filters(number: usize, token: *mut CapToken) {
    if number == FILTER {
        // SAFETY: a handle.
        let status = unsafe { cap_allow_event_stream(token) };
        assert_eq!(status, Status::Ok);
    }
}

/// Makes all calls; where the allocation of that number belongs to one, it fails,
/// changes nothing, and succeeds when it is repeated. Returns which one that was,
/// and the token in the end.
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
            assert!(mint(token) == before, "call {number} has changed something");
            assert_eq!((script.call)(number, &mut token), Status::Ok);
        } else {
            assert_eq!(status, Status::Ok);
        }
        // A new handle with what is configured mints what one had minted before.
        assert!(mint(token) != before || number == 1);
    }
    let whole = mint(token);
    // SAFETY: the handle is not used again.
    unsafe { cap_token_free(token) };
    (failed, whole)
}

#[test]
fn every_allocation_that_fails_is_a_status_and_changes_nothing() {
    let _turn = turn();
    for script in [CAPABILITY, ACCESS] {
        let (failed, undisturbed) = calls_with_failure(&script, None);
        assert_eq!(failed, None);

        let mut failed_calls = Vec::new();
        for allocation in 0.. {
            let (failed, token) = calls_with_failure(&script, Some(allocation));
            assert!(token == undisturbed);
            // Until the calls are over before their allocation is due.
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
fn a_handle_that_cannot_be_made_gives_back_what_it_took() {
    let _turn = turn();
    let (sid, secret) = (LONG.as_ptr(), c"secret".as_ptr());
    // SAFETY: texts, and a place for the handle.
    let capability = |token: &mut *mut CapToken| unsafe { cap_new(sid, secret, token) };
    // SAFETY: texts, and a place for the handle.
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
                assert!(allocation > 1, "the handle, and a text");
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

/// Names that come before, between and behind each other, more than memory is taken for
/// at once.
const NAMES: [&CStr; 12] = [
    c"m", c"a", c"z", c"c", c"b", c"k", c"x", c"d", c"y", c"l", c"e", c"f",
];

/// A member for which there was no memory is not there, and the others are still found
/// under their names: what a failure leaves behind can be seen in later calls alone.
#[test]
fn a_name_that_found_no_memory_is_in_nobody_s_way() {
    let _turn = turn();
    for allocation in 0.. {
        let mut token = null_mut();
        assert_eq!(access_call(0, &mut token), Status::Ok);
        let mut kept = Vec::with_capacity(NAMES.len());
        UNTIL_FAILURE.set(Some(allocation));
        for name in NAMES {
            // SAFETY: a handle and two texts.
            match unsafe { cap_add_grant(token, name.as_ptr(), c"{}".as_ptr()) } {
                Status::Ok => kept.push(name),
                status => assert_eq!(status, Status::OutOfMemory),
            }
        }
        let is_over = UNTIL_FAILURE.take().is_some();

        let mut expected = Vec::new();
        for name in &kept {
            // SAFETY: a handle and two texts.
            let status = unsafe { cap_add_grant(token, name.as_ptr(), c"{\"a\":1}".as_ptr()) };
            assert_eq!(status, Status::Ok);
            expected.push(format!(r#"{name:?}:{{"a":1}}"#));
        }
        let jwt = mint(token);
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(token) };
        let jwt = CStr::from_bytes_until_nul(&jwt).expect("a text");
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

/// Up to the size of the payload buffer, generating needs no memory. Freeing never does.
#[test]
fn generating_usual_tokens_takes_no_memory() {
    let _turn = turn();
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
fn generating_long_tokens_returns_out_of_memory() {
    let _turn = turn();
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
            // SAFETY: a handle, a buffer of the size that is said, and a place for the
            // length.
            let status = unsafe { cap_generate_at(token, NOW, 3600, buffer, 4096, &mut length) };
            let is_over = UNTIL_FAILURE.take().is_some();
            assert_eq!(BLOCKS.get(), before, "leaked");
            if is_over {
                assert!(allocation > 0);
                assert_eq!(status, Status::Ok);
                break;
            }
            assert_eq!((status, jwt[0], length), (Status::OutOfMemory, 0, 0));
            assert!(mint(token) == expected, "the handle has changed");
        }
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(token) };
    }
}

/// A request of short strings needs none. Longer strings, escapes and JSON need some.
#[test]
fn mint_returns_a_token_or_out_of_memory() {
    let _turn = turn();
    let mint = |request: &CStr| {
        let (mut jwt, mut length) = ([0x55_u8; 4096], 0x5555);
        let (secret, request) = (c"secret".as_ptr(), request.as_ptr());
        let buffer = jwt.as_mut_ptr().cast();
        // SAFETY: two strings, a buffer of the size that is said, and a place for the
        // length.
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
fn a_check_that_finds_no_memory_is_a_status_and_says_nothing_of_the_token() {
    let _turn = turn();
    // Its header is read, while that of a capability token is known.
    let token = whole_handle(&ACCESS);
    let jwt = mint(token);
    // SAFETY: the handle is not used again.
    unsafe { cap_token_free(token) };

    let mut failures = 0;
    loop {
        let (mut payload, mut length) = ([0x55_u8; 4096], 0x5555);
        UNTIL_FAILURE.set(Some(failures));
        // SAFETY: two texts, a buffer of the size that is said, and a place for the
        // length.
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
    // Header, payload and signature, decoded; and the claim whose name has an escape.
    assert_eq!(failures, 4);
}
