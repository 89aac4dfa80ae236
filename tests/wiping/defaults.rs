//! The configured defaults contain no secret after they are cleared or replaced.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::ptr::null;

use crate::allocator::{SEEN, start_looking_for, stop_looking};
use crate::calls::configure;
use crate::configure_lock::lock_defaults;
use crate::secrets::{ACCOUNT_SID, AUTH_TOKEN, contains, inverted, secret, states};

#[test]
fn replaced_defaults_are_wiped() {
    let _lock = lock_defaults();
    let (account, [inner, outer]) = (inverted(ACCOUNT_SID.to_bytes()), states());
    let others = (c"ACother".as_ptr(), c"other".as_ptr());
    for (account_sid, auth_token) in [(null(), null()), others] {
        start_looking_for([account, secret(), inner, outer]);
        configure(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
        assert_eq!(SEEN.get().expect("looking").freed, 0);
        assert!(contains(&static_memory(), &[inner]));
        assert!(contains(&static_memory(), &[outer]));

        start_looking_for([account, secret(), inner, outer]);
        configure(account_sid, auth_token);
        let seen = stop_looking();
        // The account SID is on the heap: wiped, then freed.
        assert_eq!((seen.freed, seen.with_secret), (1, 0));
        // The key is in a static variable. A debug build overwrites it anyway, so that this
        // proves the wiping only in a release build.
        assert!(!contains(&static_memory(), &[secret(), inner, outer]));
    }
    configure(null(), null());
}

/// The writable static memory of this program: the writable mappings of its file, and the
/// anonymous mapping directly after them (/proc/self/maps, proc(5)).
fn static_memory() -> Vec<u8> {
    let program = fs::read_link("/proc/self/exe").expect("a link");
    let maps = fs::read_to_string("/proc/self/maps").expect("the mappings");
    let memory = File::open("/proc/self/mem").expect("the memory");
    let address = |text| u64::from_str_radix(text, 16).expect("an address");
    let mut statics = Vec::new();
    let mut end_of_program = 0;
    for line in maps.lines() {
        // The name is padded, may contain spaces, and may be absent.
        let fields: Vec<&str> = line.splitn(6, ' ').collect();
        let (start, end) = fields[0].split_once('-').expect("a range");
        let (start, end) = (address(start), address(end));
        let name = fields.get(5).unwrap_or(&"").trim_start();
        let of_program = program.as_os_str() == name;
        let follows_program = name.is_empty() && start == end_of_program;
        if fields[1].starts_with("rw") && (of_program || follows_program) {
            end_of_program = end;
            let mut part = vec![0; usize::try_from(end - start).expect("a size")];
            memory.read_exact_at(&mut part, start).expect("readable");
            statics.extend(part);
        }
    }
    assert!(!statics.is_empty());
    statics
}
