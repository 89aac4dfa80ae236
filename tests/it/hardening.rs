//! The libraries have the protections that linkers offer, and need no other libraries. The
//! tests of the command line check the program.

#![cfg(not(miri))]

use crate::support::c_compiler::{Language, Linkage, Program, compile};
use crate::support::elf::{needed_beyond_libc, weaknesses};
use crate::support::install::{root, stage};

#[test]
fn shared_library_is_protected() {
    let library = stage().join("lib/libcaptoken.so");
    assert_eq!(weaknesses(&library), [""; 0]);
}

#[test]
fn shared_library_needs_only_libc() {
    let library = stage().join("lib/libcaptoken.so");
    assert_eq!(needed_beyond_libc(&library), [""; 0]);
}

/// A plug-in that contains the archive.
fn plugin(arguments: &[&str]) -> Program {
    let source = root().join("tests/c/protections.c");
    let always = ["-shared", "-fPIC", "-Wl,-z,relro,-z,now", "captoken"];
    compile(
        &source,
        Language::C99,
        Linkage::Static,
        &[&always, arguments].concat(),
    )
}

#[test]
fn archive_weakens_no_plugin() {
    assert_eq!(weaknesses(&plugin(&[]).path), [""; 0]);
}

#[test]
fn every_missing_protection_is_found() {
    for (argument, weakness) in [
        ("-Wl,-z,norelro", "no RELRO"),
        (
            "-Wl,-z,lazy",
            "lazy binding, so the table of addresses stays writable",
        ),
        ("-Wl,-z,execstack", "executable stack"),
        ("-DTEXT_RELOCATION", "text relocations"),
        ("-DWRITABLE_CODE", "a segment is writable and executable"),
        ("-Wl,-rpath,/tmp", "a search path for libraries"),
    ] {
        let found = weaknesses(&plugin(&[argument]).path);
        assert!(found.contains(&weakness), "{argument}: {found:?}");
    }
}
