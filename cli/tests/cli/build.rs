//! make cli, and the dependencies of both packages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::elf::{needed_beyond_libc, weaknesses};
use crate::support::install::{make, outcome as command_outcome, root, run, stage};

/// The dependencies of a package, of the given kinds, with their features.
fn dependencies(package: &str, edges: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["tree", "--locked", "--offline", "--prefix=none"])
        .args(["--format={p} {f}", "--package", package, "--edges", edges])
        .current_dir(root());
    let tree = run(&mut cargo);
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_owned).collect()
}

#[test]
fn library_needs_no_cli_dependency() {
    let [library, cli] = ["captoken", "captoken-cli"].map(|name| dependencies(name, "normal"));
    let has = |tree: &BTreeSet<String>, name| tree.iter().any(|line| line.starts_with(name));
    for name in ["clap ", "humantime ", "form_urlencoded "] {
        assert!(has(&cli, name), "{name}");
        assert!(!has(&library, name), "{name}");
    }
    assert!(!has(&library, "serde "));
}

/// cargo would otherwise build another library into the target folder, which the next make
/// would install.
#[test]
fn cli_keeps_features_of_library_dependencies() {
    let [library, cli] = ["captoken", "captoken-cli"].map(|name| {
        // Build dependencies decide whether the build script runs again.
        dependencies(name, "normal,build")
    });
    let package = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let shared: BTreeSet<String> = library.iter().map(package).collect();
    assert!(shared.len() > 20, "{shared:?}");
    for line in &library {
        assert!(cli.contains(line), "{line}");
    }
    for line in cli.iter().filter(|line| shared.contains(&package(line))) {
        assert!(library.contains(line), "{line}");
    }
}

/// `sudo make install-cli` often has no cargo.
#[test]
fn make_installs_cli_without_rebuilding_library() {
    let target = stage().ancestors().nth(2).expect("the target folder");
    let libraries = || {
        ["libcaptoken.so", "libcaptoken.a"].map(|name| {
            let path = target.join("release").join(name);
            let time = fs::metadata(&path).and_then(|file| file.modified());
            (time.expect("a time"), fs::read(path).expect("a library"))
        })
    };
    let before = libraries();
    run(&mut make("cli"));
    assert!(libraries() == before, "make cli changed the library");
    run(&mut make("all"));
    assert!(libraries() == before, "make changed the library");

    let destination = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a destination of cli");
    // A run that failed leaves it.
    let _ = fs::remove_dir_all(&destination);
    let with_prefix = |target, prefix| {
        let mut command = make(target);
        command.arg(format!("DESTDIR={}", destination.display()));
        command.args([prefix, "CARGO=no-cargo-here"]);
        command
    };
    let (code, _, err) = command_outcome(&mut with_prefix("install-cli", "PREFIX=/with space"));
    assert_eq!(code, Some(2));
    assert!(err.contains("PREFIX must"), "{err}");
    run(&mut with_prefix("uninstall-cli", "PREFIX=/opt"));
    assert!(!destination.exists());

    run(&mut with_prefix("install-cli", "PREFIX=/opt"));
    let program = destination.join("opt/bin/captoken");
    let version = run(Command::new(&program).arg("--version"));
    assert_eq!(version, format!("captoken {}\n", env!("CARGO_PKG_VERSION")));
    let completions = destination.join("opt/share/bash-completion/completions/captoken");
    let script = "source \"$0\"; COMP_WORDS=(captoken mint --allow-o); COMP_CWORD=2; \
         _captoken captoken --allow-o mint; echo \"${COMPREPLY[@]}\"";
    let completed = run(Command::new("bash").args(["-c", script]).arg(completions));
    assert_eq!(completed, "--allow-outgoing\n");
    run(&mut with_prefix("uninstall-cli", "PREFIX=/opt"));
    assert!(!program.exists());
    fs::remove_dir_all(&destination).expect("removed");
}

#[test]
fn program_is_protected_and_needs_only_libc() {
    let program = Path::new(env!("CARGO_BIN_EXE_captoken"));
    assert_eq!(weaknesses(program), [""; 0]);
    assert_eq!(needed_beyond_libc(program), [""; 0]);
}
