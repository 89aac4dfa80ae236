//! Several copies of captoken in one process: each caller reaches its own.

#![cfg(not(miri))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::c_compiler::{Language, Linkage, Program, compile, compiler};
use crate::support::header::declared;
use crate::support::install::{root, run, stage};

fn compiled(linkage: Linkage, arguments: &[&str]) -> Program {
    let source = root().join("tests/c/copies.c");
    compile(&source, Language::C99, linkage, arguments)
}

/// Another version of the library: its functions end the program, except for `cap_version`.
fn another_version() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("another version");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder");
    let source = folder.join("another.c");
    let mut program = "void abort(void);\n".to_owned();
    for function in declared("captoken.h") {
        program += &if function == "cap_version" {
            "const char *cap_version(void) { return \"another version\"; }\n".to_owned()
        } else {
            format!("void {function}(void) {{ abort(); }}\n")
        };
    }
    fs::write(&source, program).expect("written");
    let library = folder.join("libcaptoken.so.0");
    let mut cc = compiler(
        "CC",
        "cc",
        &["-shared", "-fPIC", "-Wl,-soname,libcaptoken.so.0"],
    );
    run(cc.arg(source).arg("-o").arg(&library));
    library
}

#[test]
fn plugin_with_the_archive_calls_its_own_copy() {
    let another = another_version();
    let folder = another.parent().expect("a folder").to_owned();
    let another = another.to_str().expect("a path of UTF-8");
    let plugin = compiled(Linkage::Static, &["-shared", "-fPIC", "captoken"]);
    let exported = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(&plugin.path));
    assert_eq!(exported.matches(" T ").count(), 1, "{exported}");

    let plugin = plugin.path.to_str().expect("a path of UTF-8");
    let host = compiled(Linkage::Shared, &["-DHOST"]);
    run(host.command().args([another, plugin]));
    run(host.command().args([plugin, another]));
    // The host exports its own functions, too.
    let linked = compiled(
        Linkage::Static,
        &["-DHOST", "-DLINKED", "-rdynamic", another],
    );
    let mut linked = linked.command();
    run(linked.arg(plugin).env("LD_LIBRARY_PATH", folder));
}

/// A program that contains the archive leaves plug-ins their shared library.
#[test]
fn program_with_the_archive_exports_no_functions() {
    let program = compiled(
        Linkage::Static,
        &["-DHOST", "-rdynamic", "-Wl,-u,cap_new", "captoken"],
    );
    let exported = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(&program.path));
    assert!(!exported.contains("cap_"), "{exported}");
    let plugin = compiled(Linkage::Shared, &["-shared", "-fPIC", "captoken"]);
    let mut program = program.command();
    program.env("LD_LIBRARY_PATH", stage().join("lib"));
    run(program.arg(&plugin.path));
}
