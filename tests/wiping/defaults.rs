//! The configured defaults contain no secret after they are cleared or replaced.

use std::collections::BTreeSet;
use std::fs;
use std::ptr::null;

use crate::allocator::{SEEN, start_looking_for, stop_looking};
use crate::calls::configure;
use crate::configure_lock::lock_defaults;
use crate::mappings::{mappings, read};
use crate::secrets::{ACCOUNT_SID, AUTH_TOKEN, STATES, Search};

#[test]
fn replaced_defaults_are_wiped() {
    let _lock = lock_defaults();
    let search = Search::new(AUTH_TOKEN, &[]).with_account();
    let search: &'static Search = Box::leak(Box::new(search));
    let others = (c"ACother".as_ptr(), c"other".as_ptr());
    for (account_sid, auth_token) in [(null(), null()), others] {
        start_looking_for(search);
        configure(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
        assert_eq!(SEEN.get().expect("looking").freed, 0);
        assert_eq!(search.names(&static_memory()), BTreeSet::from(STATES));

        start_looking_for(search);
        configure(account_sid, auth_token);
        let seen = stop_looking();
        // The account SID is on the heap: wiped, then freed.
        assert_eq!((seen.freed, seen.with_secret), (1, 0));
        // The key is in a static variable. A debug build overwrites it anyway, so that this
        // proves the wiping only in a release build.
        assert_eq!(search.names(&static_memory()), BTreeSet::new());
    }
    configure(null(), null());
}

/// The writable static memory of this program: the writable mappings of its file, and the
/// anonymous mapping directly after them.
fn static_memory() -> Vec<u8> {
    let program = fs::read_link("/proc/self/exe").expect("a link");
    let mut statics = Vec::new();
    let mut end_of_program = 0;
    for mapping in mappings("self") {
        let of_program = program.as_os_str() == mapping.name.as_str();
        let follows_program = mapping.name.is_empty() && mapping.addresses.start == end_of_program;
        if mapping.is_writable && (of_program || follows_program) {
            end_of_program = mapping.addresses.end;
            statics.extend(read("self", &mapping.addresses));
        }
    }
    assert!(!statics.is_empty());
    statics
}
