//! The messages of `scripts/setup.sh` if it cannot install packages.

#![cfg(not(miri))]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::install::{outcome, root};

/// Runs setup.sh with nothing but basic programs and some that only exit with a status.
fn setup_with(folder: &str, programs: &[(&str, i32)]) -> (String, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).expect("a folder");
    for program in ["cmp", "grep", "head", "mktemp", "rm", "sed", "sort"] {
        symlink(Path::new("/usr/bin").join(program), path.join(program)).expect("a link");
    }
    for (program, status) in programs {
        let file = path.join(program);
        fs::write(&file, format!("#!/bin/sh\nexit {status}\n")).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("executable");
    }
    let mut setup = Command::new("/bin/sh");
    setup
        .arg(root().join("scripts/setup.sh"))
        .env("PATH", path)
        .env_remove("HOME")
        .env_remove("CARGO");
    let (code, out, err) = outcome(&mut setup);
    assert_eq!(code, Some(1), "{out}{err}");
    (out, err)
}

/// Without apt-get, setup.sh names the packages to install.
#[test]
fn setup_lists_missing_packages() {
    let (out, err) = setup_with("no apt-get", &[]);
    for package in [
        "gcc",
        "g++",
        "binutils",
        "pkg-config",
        "valgrind",
        "php-cli",
    ] {
        assert!(out.contains(package), "{out}");
    }
    assert!(err.contains("There is no apt-get here."), "{err}");
    assert!(err.contains("Install Rust"), "{err}");
}

/// A user whom sudo refuses reads what root can type.
#[test]
fn setup_says_what_root_can_type() {
    // `id` prints no 0.
    for refusing in [
        &[("apt-get", 0), ("id", 0)][..],
        &[("apt-get", 0), ("id", 0), ("sudo", 1)],
    ] {
        let (_, err) = setup_with(&format!("refused {}", refusing.len()), refusing);
        assert!(
            err.contains("Run as root: apt-get update && apt-get install gcc"),
            "{err}"
        );
    }
}
