//! Programs that were compiled with an older header still work: nothing in the C interface
//! was removed or changed. Functions and statuses may be appended.
//!
//! `tests/data/libcaptoken.abi` has the functions, types and numbers of the last release, as
//! abidw (libabigail) reads them. abidiff finds incompatible changes. `BLESS=1` rewrites the
//! file, which is right only for a release with another SONAME, or with appended functions.
//!
//! Rust's debug information has Rust's types, whose layout differs between compilers. So abidw
//! reads a C library that is made from the headers. `header.rs` and `symbols.rs` compare the headers with
//! the functions in Rust and with the real library.

#![cfg(not(miri))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::support::c_compiler::compiler;
use crate::support::header;
use crate::support::install::{outcome, root, run};

/// A folder for the files of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("abi")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Makes a C library with the functions of the flat header, which PHP reads. The compiler
/// requires that captoken.h declares them with the same types.
fn library(folder: &Path, captoken_h: &str, flat_header: &str) -> PathBuf {
    let functions = &flat_header[flat_header.find("cap_status cap_new(").expect("cap_new")..];
    let functions = functions.replace(");\n", ") { __builtin_trap(); }\n");
    // No function has an argument of this type.
    let source = format!("#include \"captoken.h\"\ncap_ttl ttl;\n{functions}");
    fs::write(folder.join("captoken.h"), captoken_h).expect("written");
    fs::write(folder.join("captoken.c"), source).expect("written");
    let arguments = ["-std=c99", "-g", "-shared", "-fPIC", "captoken.c", "-o"];
    let library = folder.join("libcaptoken.so");
    run(compiler("CC", "cc", &arguments)
        .arg(&library)
        .current_dir(folder));
    library
}

fn released() -> PathBuf {
    root().join("tests/data/libcaptoken.abi")
}

/// The exit code and the report of abidiff.
fn compare_with_release(library: &Path) -> (Option<i32>, String) {
    let mut abidiff = Command::new("abidiff");
    abidiff.args(["--no-added-syms", "--no-architecture"]);
    let (code, out, err) = outcome(abidiff.arg(released()).arg(library));
    (code, out + &err)
}

#[test]
fn interface_is_compatible_with_the_last_release() {
    let library = library(
        &folder("now"),
        &header::text("captoken.h"),
        &header::text("captoken.ffi.h"),
    );
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        let mut abidw = Command::new("abidw");
        abidw.args(["--no-architecture", "--no-comp-dir-path"]);
        abidw.args(["--no-corpus-path", "--no-elf-needed", "--no-show-locs"]);
        fs::write(released(), run(abidw.arg(&library))).expect("written");
    }
    let (code, report) = compare_with_release(&library);
    assert_eq!(
        code,
        Some(0),
        "{report}\nCompiled programs would break. Append instead: CONTRIBUTING.md, Headers."
    );
}

/// A change to both headers, and the name that the report must contain. No name: the change
/// is compatible.
const CHANGES: [(&str, &str, &str); 9] = [
    (
        "void cap_token_free(cap_token *token);\n",
        "",
        "cap_token_free",
    ),
    (
        "int cap_free(void *token)",
        "void cap_free(void *token)",
        "cap_free",
    ),
    (
        "cap_status cap_set_region(",
        "cap_status cap_set_edge(",
        "cap_set_region",
    ),
    ("int64_t not_before", "int not_before", "cap_set_not_before"),
    (
        "cap_strerror(int status)",
        "cap_strerror(int status, int language)",
        "cap_strerror",
    ),
    (
        "CAP_STATUS_INVALID_TTL = 4,",
        "CAP_STATUS_INVALID_TTL = 40,",
        "CAP_STATUS_INVALID_TTL",
    ),
    (
        "CAP_TTL_MAX = 86400,",
        "CAP_TTL_MAX = 86401,",
        "CAP_TTL_MAX",
    ),
    (
        "CAP_STATUS_INVALID_REQUEST = 21,",
        "CAP_STATUS_INVALID_REQUEST = 21, CAP_STATUS_NEW = 22,",
        "",
    ),
    (
        "const char *cap_version(void);\n",
        "const char *cap_version(void);\n\nint cap_new_function(void);\n",
        "",
    ),
];

#[test]
fn only_appending_is_compatible() {
    let headers = ["captoken.h", "captoken.ffi.h"].map(header::text);
    for (number, (old, new, name)) in CHANGES.into_iter().enumerate() {
        let [captoken_h, flat_header] = headers.each_ref().map(|header| {
            assert_eq!(header.matches(old).count(), 1, "{old}");
            header.replace(old, new)
        });
        let library = library(&folder(&number.to_string()), &captoken_h, &flat_header);
        let (code, report) = compare_with_release(&library);
        if name.is_empty() {
            assert_eq!(code, Some(0), "{new}: {report}");
        } else {
            // Bits: 4 for a change, 8 for one that is surely incompatible.
            assert!(matches!(code, Some(4 | 12)), "{old}: {code:?} {report}");
            assert!(report.contains(name), "{old}: {report}");
        }
    }
}
