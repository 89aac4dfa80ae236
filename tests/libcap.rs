//! `cap_free` in programs that have Linux's libcap too: everything is freed, once.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/native.rs"]
mod native;
#[path = "support/program.rs"]
mod program;

use native::{root, run};
use program::{Language, Linkage, Program, compile};

/// Frees objects of both through the `cap_free` of `winner`.
fn free_both(linkage: Linkage, libraries: &[&str], winner: &str) {
    let source = root().join("tests/c/libcap.c");
    for language in [Language::C99, Language::Cpp17] {
        let program = compile(&source, language, linkage, libraries);
        run(program.command().arg(winner));
        run(program.valgrind().arg(winner));
    }
}

#[test]
fn shared_before_libcap_frees_both() {
    free_both(Linkage::Shared, &["captoken", "cap"], "captoken");
}

/// The dynamic linker takes the first definition, and nothing that a library can
/// say of itself changes that: libcap's refuses what is ours, and harms nothing.
#[test]
fn shared_behind_libcap_leaves_ours_to_cap_token_free() {
    free_both(Linkage::Shared, &["cap", "captoken"], "libcap");
}

#[test]
fn archive_with_shared_libcap_frees_both_in_either_order() {
    free_both(Linkage::Static, &["captoken", "cap"], "captoken");
    free_both(Linkage::Static, &["cap", "captoken"], "captoken");
}

/// Two definitions in one program: ours is weak and gives way.
#[test]
fn two_archives_link_in_either_order_and_leave_ours_to_cap_token_free() {
    free_both(Linkage::FullyStatic, &["captoken", "cap"], "libcap");
    free_both(Linkage::FullyStatic, &["cap", "captoken"], "libcap");
}

fn load(program: &Program, libcap: &str) {
    run(program.command().arg(libcap));
    run(program.valgrind().arg(libcap));
}

#[test]
fn loaded_by_name_frees_both_and_unloads() {
    let source = root().join("tests/c/dlopen.c");
    let alone = compile(&source, Language::C99, Linkage::Shared, &[]);
    load(&alone, "absent");
    load(&alone, "loaded");

    let linked = root().join("tests/c/dlopen_linked.c");
    let linked = compile(&linked, Language::C99, Linkage::Shared, &["cap"]);
    load(&linked, "linked");
}
