//! The libraries and the header declare exactly the same functions.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::support::elf::readelf;
use crate::support::header::{self, declared, in_order};
use crate::support::install::{root, run, stage};

/// The symbols of a library, each with nm's letter for its type.
fn symbols(arguments: &[&str], library: &str) -> Vec<(String, String)> {
    let mut nm = Command::new("nm");
    nm.args(arguments).arg(stage().join("lib").join(library));
    run(&mut nm)
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            match fields.as_slice() {
                [_, kind, name] | [kind, name] => Some(((*name).to_owned(), (*kind).to_owned())),
                _ => None,
            }
        })
        .collect()
}

#[test]
fn both_headers_declare_the_same_functions() {
    assert_eq!(declared("captoken.h").len(), 23);
    assert_eq!(declared("captoken.h"), declared("captoken.ffi.h"));
}

/// The functions that a file names.
fn named(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(file)).expect("a file");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("cap_") && !["cap_status", "cap_token"].contains(word))
        .map(str::to_owned)
        .collect()
}

/// A Go Token has no secret for `cap_mint`, and `cap_token_free` stands for `cap_free`.
#[test]
fn go_calls_every_function_except_two() {
    let mut functions = named("go/cgo.go");
    for function in ["cap_free", "cap_mint"] {
        assert!(functions.insert(function.to_owned()), "{function}");
    }
    assert_eq!(functions, declared("captoken.h"));
}

#[test]
fn header_index_lists_functions_in_order() {
    let listed: Vec<String> = header::text("captoken.h")
        .lines()
        .filter_map(|line| line.strip_prefix(" *     cap_")?.split_once("()  "))
        .map(|(name, _)| format!("cap_{name}"))
        .collect();
    assert_eq!(listed, in_order("captoken.h"));
}

#[test]
fn shared_library_exports_exactly_the_header() {
    let exported = symbols(&["-D", "--defined-only"], "libcaptoken.so");
    let names = exported.iter().map(|(name, _)| name.clone());
    assert_eq!(names.collect::<BTreeSet<_>>(), declared("captoken.h"));
    assert!(exported.iter().all(|(_, kind)| kind == "T"), "{exported:?}");
}

/// Rust's runtime must be hidden, because another Rust archive contains it, too.
#[test]
fn archive_defines_header_and_weak_cap_free() {
    let defined = symbols(&["--defined-only", "--extern-only"], "libcaptoken.a");
    let names = defined.iter().map(|(name, _)| name.clone());
    assert_eq!(names.collect::<BTreeSet<_>>(), declared("captoken.h"));
    for (function, kind) in defined {
        let expected = if function == "cap_free" { "W" } else { "T" };
        assert_eq!(kind, expected, "{function}");
    }
}

/// A removed caller must not leave an undefined symbol. Rust's runtime refers to functions of
/// newer C libraries weakly, and static linking would otherwise require them.
#[test]
fn archive_needs_no_unused_symbols() {
    let undefined = symbols(&["--undefined-only"], "libcaptoken.a");
    let names: BTreeSet<_> = undefined.into_iter().map(|(name, _)| name).collect();
    assert!(names.contains("malloc"), "{names:?}");
    for name in ["pidfd_spawnp", "copy_file_range", "getaddrinfo", "socket"] {
        assert!(!names.contains(name), "{name}");
    }
}

#[test]
fn soname_is_the_major_version() {
    let dynamic = readelf("--dynamic", &stage().join("lib/libcaptoken.so"));
    let soname = format!("[libcaptoken.so.{}]", env!("CARGO_PKG_VERSION_MAJOR"));
    let line = dynamic.lines().find(|line| line.contains("(SONAME)"));
    assert!(
        line.is_some_and(|line| line.ends_with(&soname)),
        "{dynamic}"
    );
}
