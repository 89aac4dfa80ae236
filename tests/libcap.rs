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

/// The dynamic linker takes the first definition, and nothing that a library can
/// say of itself changes that: libcap's refuses what is ours, and harms nothing.
#[test]
fn shared_behind_libcap_leaves_ours_to_cap_token_free() {
    free_both(Linkage::Shared, &["-lcap", "captoken"], "libcap");
}

#[test]
fn archive_with_shared_libcap_frees_both_in_either_order() {
    free_both(Linkage::Static, &["captoken", "-lcap"], "captoken");
    free_both(Linkage::Static, &["-lcap", "captoken"], "captoken");
}

/// Two definitions in one program: ours is weak and gives way.
#[test]
fn two_archives_link_in_either_order_and_leave_ours_to_cap_token_free() {
    free_both(Linkage::FullyStatic, &["captoken", "-lcap"], "libcap");
    free_both(Linkage::FullyStatic, &["-lcap", "captoken"], "libcap");
}

fn load(program: &Program, libcap: &str) {
    run(program.command().arg(libcap));
    run(program.watched().arg(libcap));
}

#[test]
fn loaded_by_name_frees_both_and_unloads() {
    let source = root().join("tests/c/dlopen.c");
    let alone = compile(&source, Language::C99, Linkage::Shared, &[]);
    load(&alone, "absent");
    load(&alone, "loaded");

    let linked = ["-DLIBCAP_LINKED", "-lcap"];
    let linked = compile(&source, Language::C99, Linkage::Shared, &linked);
    load(&linked, "linked");
}

#[test]
fn a_plug_in_gets_libcap_s_cap_free_where_its_host_has_libcap() {
    let source = root().join("tests/c/plugin.c");
    let host = |arguments: &[&str]| {
        let arguments = [&["-DHOST"], arguments].concat();
        compile(&source, Language::C99, Linkage::Shared, &arguments)
    };
    for linkage in [Linkage::Shared, Linkage::Static] {
        let plugin = ["-shared", "-fPIC", "captoken"];
        let plugin = compile(&source, Language::C99, linkage, &plugin);
        run(host(&[]).watched().arg(&plugin.path).arg("captoken"));
        let with_libcap = host(&["-DWITH_LIBCAP", "-lcap"]);
        run(with_libcap.watched().arg(&plugin.path).arg("libcap"));
    }
}

/// Whoever has the next definition gets what is not ours, whatever its library is
/// called.
#[test]
fn what_is_not_ours_goes_to_the_next_cap_free_or_to_nobody() {
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
        let program = compile(&source, Language::C99, linkage, &["-DNOBODY", "captoken"]);
        run(&mut program.watched());
    }
}
