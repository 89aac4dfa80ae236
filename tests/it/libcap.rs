//! `cap_free` in programs that also use Linux's libcap: every object is freed once.

#![cfg(not(miri))]

use crate::support::c_compiler::{Language, Linkage, Program, compile};
use crate::support::install::{root, run};

/// Frees objects of both libraries through the `cap_free` of `winner`.
fn free_both(linkage: Linkage, order: &[&str], winner: &str) {
    let source = root().join("tests/c/libcap.c");
    for language in [Language::C99, Language::Cpp17] {
        let program = compile(&source, language, linkage, order);
        run(program.command().arg(winner));
        run(program.watched().arg(winner));
    }
}

#[test]
fn shared_before_libcap_frees_both() {
    free_both(Linkage::Shared, &["captoken", "-lcap"], "captoken");
}

/// The dynamic linker always takes the first definition. libcap's refuses our handles
/// without touching them.
#[test]
fn shared_after_libcap_needs_cap_token_free() {
    free_both(Linkage::Shared, &["-lcap", "captoken"], "libcap");
}

#[test]
fn archive_with_shared_libcap_frees_both() {
    free_both(Linkage::Static, &["captoken", "-lcap"], "captoken");
    free_both(Linkage::Static, &["-lcap", "captoken"], "captoken");
}

/// Our definition is weak, so that the linker takes libcap's.
#[test]
fn linked_archives_need_cap_token_free() {
    free_both(Linkage::FullyStatic, &["captoken", "-lcap"], "libcap");
    free_both(Linkage::FullyStatic, &["-lcap", "captoken"], "libcap");
}

fn load(program: &Program, libcap: &str) {
    run(program.command().args([libcap, "20"]));
    run(program.watched().args([libcap, "20"]));
}

#[test]
fn dlopened_library_frees_both_and_unloads() {
    let source = root().join("tests/c/dlopen.c");
    let alone = compile(&source, Language::C99, Linkage::Shared, &[]);
    load(&alone, "absent");
    load(&alone, "loaded");

    let linked = ["-DLIBCAP_LINKED", "-lcap"];
    let linked = compile(&source, Language::C99, Linkage::Shared, &linked);
    load(&linked, "linked");
}

/// A plug-in that contains the archive calls its own.
#[test]
fn plugin_with_shared_library_uses_cap_free_of_its_host() {
    let source = root().join("tests/c/plugin.c");
    let host = |arguments: &[&str]| {
        let arguments = [&["-DHOST"], arguments].concat();
        compile(&source, Language::C99, Linkage::Shared, &arguments)
    };
    for (linkage, winner) in [(Linkage::Shared, "libcap"), (Linkage::Static, "captoken")] {
        let plugin = ["-shared", "-fPIC", "captoken"];
        let plugin = compile(&source, Language::C99, linkage, &plugin);
        run(host(&[]).watched().arg(&plugin.path).arg("captoken"));
        let with_libcap = host(&["-DWITH_LIBCAP", "-lcap"]);
        run(with_libcap.watched().arg(&plugin.path).arg(winner));
    }
}

/// captoken forwards foreign pointers to the next definition, in any library.
#[test]
fn foreign_pointers_reach_the_next_cap_free() {
    let source = root().join("tests/c/next.c");
    let other = ["-DOTHER", "-shared", "-fPIC"];
    let other = compile(&source, Language::C99, Linkage::Shared, &other);
    let other = other.path.to_str().expect("a path of UTF-8");
    for linkage in [Linkage::Shared, Linkage::Static] {
        let order = ["-Wl,--no-as-needed", "captoken", other];
        let program = compile(&source, Language::C99, linkage, &order);
        run(&mut program.watched());
    }
    for linkage in [Linkage::Shared, Linkage::Static, Linkage::FullyStatic] {
        let program = compile(&source, Language::C99, linkage, &["-DNO_OTHER", "captoken"]);
        run(&mut program.watched());
    }
}
