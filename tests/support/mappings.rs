//! The memory of a process, read through proc(5).

#![allow(dead_code, reason = "not every program uses all of it")]

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// An entry of /proc/PID/maps.
pub(crate) struct Mapping {
    pub(crate) addresses: Range<u64>,
    pub(crate) is_writable: bool,
    /// The file, a name such as `[stack]`, or nothing.
    pub(crate) name: String,
}

/// The mappings of a process: a number, or `self`.
pub(crate) fn mappings(process: &str) -> Vec<Mapping> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the mappings");
    let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
    let mapping = |line: &str| {
        // The name is padded, may contain spaces, and may be absent.
        let fields: Vec<&str> = line.splitn(6, ' ').collect();
        let (start, end) = fields[0].split_once('-').expect("a range");
        Mapping {
            addresses: address(start)..address(end),
            is_writable: fields[1].starts_with("rw"),
            name: fields.get(5).unwrap_or(&"").trim_start().to_owned(),
        }
    };
    maps.lines().map(mapping).collect()
}

/// The bytes of a process at these addresses.
pub(crate) fn read(process: &str, addresses: &Range<u64>) -> Vec<u8> {
    let memory = File::open(format!("/proc/{process}/mem")).expect("the memory");
    let size = addresses.end - addresses.start;
    let mut bytes = vec![0; usize::try_from(size).expect("a size")];
    let result = memory.read_exact_at(&mut bytes, addresses.start);
    result.unwrap_or_else(|error| panic!("{addresses:x?}: {error}"));
    bytes
}

/// The parts of these addresses that are in memory. The others were never written, and may be
/// gigabytes. Bit 63 of a page's entry in pagemap says that it is present, bit 62 that it is
/// swapped out.
pub(crate) fn written(process: &str, addresses: &Range<u64>) -> Vec<Range<u64>> {
    const PAGE: u64 = 4096;
    let pagemap = File::open(format!("/proc/{process}/pagemap")).expect("the page map");
    let pages = (addresses.end - addresses.start) / PAGE;
    let mut entries = vec![0; usize::try_from(pages * 8).expect("a size")];
    let result = pagemap.read_exact_at(&mut entries, addresses.start / PAGE * 8);
    result.expect("the entries");
    let mut parts: Vec<Range<u64>> = Vec::new();
    for (page, entry) in (addresses.start..).step_by(4096).zip(entries.chunks(8)) {
        let entry = u64::from_ne_bytes(entry.try_into().expect("an entry"));
        match parts.last_mut() {
            _ if entry >> 62 == 0 => {}
            Some(part) if part.end == page => part.end += PAGE,
            _ => parts.push(page..page + PAGE),
        }
    }
    parts
}
