//! `make` honours the user's settings of cargo.

#![cfg(not(miri))]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::support::elf::readelf;
use crate::support::install::{make, outcome, root, run, stage};

/// The checkout in a new folder, by links, so that this folder's settings of cargo count.
fn checkout_in(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    let checkout = folder.join("checkout");
    fs::create_dir_all(&checkout).expect("folders");
    fs::create_dir(folder.join(".cargo")).expect("a folder");
    for entry in fs::read_dir(root()).expect("the repository") {
        let entry = entry.expect("an entry");
        if entry.file_name() != "target" {
            symlink(entry.path(), checkout.join(entry.file_name())).expect("a link");
        }
    }
    (folder, checkout)
}

fn host() -> String {
    let version = run(Command::new("rustc").arg("-vV"));
    let mut lines = version.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    host.expect("a target").to_owned()
}

#[test]
#[ignore = "builds twice: make test-deep runs it"]
fn target_profile_and_flags_are_honoured() {
    let (folder, checkout) = checkout_in("settings of cargo");
    let target = folder.join("target");
    let shared = target.join("release/libcaptoken.so");
    let archive = target.join("release/libcaptoken.a");
    let build = |settings: &str| {
        let settings = format!(
            "[profile.release]\nopt-level = 0\n\
             [build]\nrustflags = [\"-C\", \"link-arg=-Wl,-rpath,/of/the/user\"]\n{settings}"
        );
        fs::write(folder.join(".cargo/config.toml"), settings).expect("written");
        let mut make = make("all");
        make.current_dir(&checkout).env("CARGO_TARGET_DIR", &target);
        let said = run(&mut make);
        assert!(readelf("--dynamic", &shared).contains("/of/the/user"));
        let hidden = readelf("--symbols", &archive).matches("HIDDEN").count();
        assert!(hidden >= 23, "the archive is not packed");
        (said, fs::read(&shared).expect("a library"))
    };
    let (said, plain) = build("");
    assert_eq!(said, "");
    let host = host();
    let (said, other) = build(&format!("target = \"{host}\""));
    assert!(said.contains(&format!("Building for {host}")), "{said}");
    let built = target.join(&host).join("release/libcaptoken.so");
    assert!(other == fs::read(built).expect("a library"));
    // An interrupted copy, or the result of another cargo.
    fs::write(&shared, "cut").expect("written");
    let (_, again) = build(&format!("target = \"{host}\""));
    assert!(again == other, "the library was not repaired");
    let (_, again) = build("");
    assert!(again == plain, "the library is still that of the target");

    // An installation takes what was built, unless something else is asked for.
    let install = |flags: Option<&str>| {
        let mut make = make("install");
        make.current_dir(&checkout)
            .env("CARGO_TARGET_DIR", &target)
            .arg("CARGO=no-cargo-here")
            .arg(format!("DESTDIR={}", folder.join("installed").display()));
        if let Some(flags) = flags {
            make.env("RUSTFLAGS", flags);
        }
        outcome(&mut make)
    };
    assert_eq!(install(None).0, Some(0));
    let (code, _, err) = install(Some("-C target-cpu=native"));
    assert!(err.contains("no-cargo-here was not found"), "{err}");
    assert_eq!(code, Some(2));
    fs::remove_file(&shared).expect("removed");
    fs::write(&shared, "of another cargo").expect("written");
    assert_eq!(install(None).0, Some(2));
}

#[test]
fn abort_on_panic_is_refused() {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .args(["-C", "panic=abort", "-o", "/dev/null"]);
    let (code, _, err) = outcome(rustc.arg(root().join("src/lib.rs")));
    assert_eq!(code, Some(1));
    assert!(err.contains("needs panic = \"unwind\""), "{err}");
}

/// Panics name their source file, which is in the builder's home directory.
#[test]
fn files_name_no_folder_of_this_machine() {
    run(&mut make("cli"));
    let release = stage()
        .ancestors()
        .nth(2)
        .expect("a folder")
        .join("release");
    let home = env::var("HOME").expect("a home directory");
    let cargo = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let root = root().to_str().expect("UTF-8");
    for file in [
        release.join("captoken"),
        stage().join("lib/libcaptoken.so"),
        stage().join("lib/libcaptoken.a"),
    ] {
        let contents = fs::read(&file).expect("a file");
        assert!(
            contains(&contents, "/library/core/src/"),
            "no panic names its file"
        );
        for folder in [&cargo, root] {
            assert!(
                !contains(&contents, &format!("{folder}/")),
                "{} contains {folder}",
                file.display()
            );
        }
    }
}

#[test]
#[ignore = "builds twice: make test-deep runs it"]
fn builds_in_two_folders_are_identical() {
    let home = env::var("HOME").expect("a home directory");
    let cargo = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let build = |name: &str| {
        let (folder, checkout) = checkout_in(name);
        // Another path to the same crates.
        let cargo_home = folder.join("home of cargo");
        fs::create_dir(&cargo_home).expect("a folder");
        symlink(
            Path::new(&cargo).join("registry"),
            cargo_home.join("registry"),
        )
        .expect("a link");
        let target = folder.join("target");
        let toolchains = env::var("RUSTUP_HOME").unwrap_or_else(|_| format!("{home}/.rustup"));
        for goal in ["all", "cli"] {
            let mut make = make(goal);
            make.current_dir(&checkout)
                .env("CARGO_TARGET_DIR", &target)
                .env("CARGO_HOME", &cargo_home)
                .env("RUSTUP_HOME", &toolchains)
                .env("HOME", &folder);
            run(&mut make);
        }
        let files = ["libcaptoken.so", "libcaptoken.a", "captoken"];
        files.map(|file| fs::read(target.join("release").join(file)).expect("a file"))
    };
    assert!(build("first folder") == build("another, longer folder"));
}

fn contains(contents: &[u8], text: &str) -> bool {
    let mut windows = contents.windows(text.len());
    windows.any(|window| window == text.as_bytes())
}
