//! Status messages and the version.

use std::ffi::{CStr, c_int};

use captoken::ffi::*;

#[test]
fn status_messages_are_distinct() {
    let strerror = |status: c_int| {
        // SAFETY: a constant string.
        let string = unsafe { CStr::from_ptr(cap_strerror(status)) };
        string.to_str().unwrap()
    };
    let header = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/include/captoken.h"));
    let mut strings: Vec<&str> = header
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CAP_STATUS_"))
        .map(|line| {
            let (_, number) = line.trim_end_matches(',').split_once(" = ").unwrap();
            strerror(number.parse().unwrap())
        })
        .collect();
    assert_eq!(strings.len(), 22);
    let unknown = strerror(22);
    for other in [-1, 23, 255, 256, c_int::MIN, c_int::MAX] {
        assert_eq!(strerror(other), unknown);
    }
    strings.push(unknown);
    for string in &strings {
        assert!(!string.is_empty() && !string.contains('\n') && !string.ends_with('.'));
    }
    strings.sort_unstable();
    strings.dedup();
    assert_eq!(strings.len(), 23);
}

#[test]
fn version_is_the_package_version() {
    // SAFETY: a constant string.
    let version = unsafe { CStr::from_ptr(cap_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}
