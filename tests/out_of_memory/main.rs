//! Every allocation failure is a status, changes nothing and leaks nothing. A separate program,
//! because its global allocator can fail.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::ptr::{null, null_mut};

use captoken::ffi::*;

mod allocator;
mod cases;
#[path = "../support/configure_lock.rs"]
mod configure_lock;
#[path = "../support/header.rs"]
mod header;
#[path = "../support/install.rs"]
mod install;
#[path = "../support/token.rs"]
mod token;

use allocator::{Failing, blocks};
use cases::{Buffer, CASES, Call, Case, access, generate};
use configure_lock::lock_defaults;

#[test]
fn every_function_has_a_case() {
    let functions = CASES.iter().map(|case| case.function.to_owned());
    assert_eq!(
        functions.collect::<BTreeSet<_>>(),
        header::declared("captoken.h")
    );
}

#[test]
fn failed_allocation_changes_and_leaks_nothing() {
    let _lock = lock_defaults();
    for case in CASES {
        // The first calls also make the static strings.
        let undisturbed = check(case, Failing::None).1;
        for failing in [Failing::One, Failing::AllFrom] {
            for number in 0.. {
                let before = blocks();
                let (failed, results) = check(case, failing(number));
                let leaked = blocks() - before;
                let context = format!("{}, {:?}", case.function, failing(number));
                assert!(results == undisturbed, "{context}");
                assert_eq!(leaked, 0, "{context}");
                if !failed {
                    assert_eq!(number > 0, case.allocates, "{context}");
                    break;
                }
            }
        }
    }
}

/// The results of a call: the token of the handle, that of the defaults, and the written ones.
type Results = [Option<Buffer>; 3];

/// Makes the call of a case while allocations fail. A failed call must change nothing, and
/// succeed when it is repeated. Returns whether an allocation failed, and the results.
fn check(case: &Case, failing: Failing) -> (bool, Results) {
    configure_default();
    let mut handle = (case.handle)();
    let mut new = null_mut();
    let mut buffer = Buffer::new();
    let before = (token(handle), default_token());
    let (status, failed) = allocator::with(failing, || {
        case.call.make(&mut handle, &mut new, &mut buffer)
    });
    if failed {
        let context = format!("{}, {failing:?}", case.function);
        assert_eq!(status, Status::OutOfMemory, "{context}");
        assert!(new.is_null(), "{context}");
        if let Call::Write(_) = case.call {
            assert_eq!((buffer.bytes[0], buffer.length), (0, 0), "{context}");
        }
        let after = (token(handle), default_token());
        assert!(
            after == before,
            "{context} changes the handle or the defaults"
        );
        buffer = Buffer::new();
        let repeated = case.call.make(&mut handle, &mut new, &mut buffer);
        assert_eq!(repeated, Status::Ok, "{context}");
    } else {
        assert_eq!(status, Status::Ok, "{}", case.function);
    }
    let written = if new.is_null() {
        Some(buffer)
    } else {
        token(new)
    };
    let results = [token(handle), default_token(), written];
    // SAFETY: NULL, or handles that are not used again; NULL clears the defaults.
    unsafe {
        cap_token_free(handle);
        cap_token_free(new);
        assert_eq!(cap_configure(null(), null()), Status::Ok);
    }
    (failed, results)
}

fn configure_default() {
    // SAFETY: two strings.
    let status = unsafe { cap_configure(c"ACdefault".as_ptr(), c"default".as_ptr()) };
    assert_eq!(status, Status::Ok);
}

/// The token of a handle; `None` for NULL.
fn token(handle: *mut CapToken) -> Option<Buffer> {
    let mut buffer = Buffer::new();
    (!handle.is_null()).then(|| {
        assert_eq!(generate(handle, &mut buffer), Status::Ok);
        buffer
    })
}

/// The token of a new handle with the defaults; `None` if nothing is configured.
fn default_token() -> Option<Buffer> {
    let mut handle = null_mut();
    // SAFETY: NULL, a valid `out`, and a handle that is not used again.
    unsafe {
        let status = cap_new(null(), null(), &mut handle);
        assert!([Status::Ok, Status::NoCredentials].contains(&status));
        let token = token(handle);
        cap_token_free(handle);
        token
    }
}

/// Names in no sorted order, more than one allocation has room for.
const NAMES: [&CStr; 12] = [
    c"m", c"a", c"z", c"c", c"b", c"k", c"x", c"d", c"y", c"l", c"e", c"f",
];

/// A name whose allocation failed is absent, and the others are still found. Only later calls
/// can show damage in `src/json/names.rs`.
#[test]
fn failed_name_leaves_other_names_intact() {
    let _lock = lock_defaults();
    for number in 0.. {
        let handle = access();
        let add = |name: &CStr, json: &CStr| {
            // SAFETY: a handle and two strings.
            unsafe { cap_add_grant(handle, name.as_ptr(), json.as_ptr()) }
        };
        let mut kept = Vec::with_capacity(NAMES.len());
        let ((), failed) = allocator::with(Failing::One(number), || {
            for name in NAMES {
                match add(name, c"{}") {
                    Status::Ok => kept.push(name),
                    status => assert_eq!(status, Status::OutOfMemory),
                }
            }
        });
        let mut expected = Vec::new();
        for name in &kept {
            assert_eq!(add(name, c"{\"a\":1}"), Status::Ok);
            expected.push(format!(r#"{name:?}:{{"a":1}}"#));
        }
        let jwt = token(handle).expect("a token").bytes;
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(handle) };
        let jwt = CStr::from_bytes_until_nul(&jwt).expect("a string");
        let [_, payload] = token::parts(jwt.to_str().expect("ASCII"));
        let grants = format!(r#""grants":{{{}}}}}"#, expected.join(","));
        assert!(payload.ends_with(&grants), "{payload}");

        assert_eq!(kept.len(), NAMES.len() - usize::from(failed));
        if !failed {
            break;
        }
    }
}
