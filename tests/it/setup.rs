//! The messages of `scripts/setup.sh` if it cannot install packages.

#![cfg(not(miri))]

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::install::{outcome, root};

/// The PATH of this machine, after a new folder of programs that only exit with a status.
fn path_with(folder: &str, programs: &[(&str, i32)]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).expect("a folder");
    for (program, status) in programs {
        write_program(&path, program, *status);
    }
    let path = path.to_str().expect("UTF-8");
    format!("{path}:{}", env::var("PATH").expect("a PATH"))
}

fn write_program(folder: &Path, name: &str, status: i32) {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\nexit {status}\n")).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("executable");
}

/// Runs setup.sh with nothing but basic programs and some that only exit with a status.
fn setup_with(folder: &str, programs: &[(&str, i32)]) -> (String, String) {
    setup_in(folder, programs, "/tmp")
}

fn setup_in(folder: &str, programs: &[(&str, i32)], temporary: &str) -> (String, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).expect("a folder");
    for program in ["cmp", "grep", "head", "mktemp", "rm", "sed", "sort"] {
        symlink(Path::new("/usr/bin").join(program), path.join(program)).expect("a link");
    }
    for (program, status) in programs {
        write_program(&path, program, *status);
    }
    let mut setup = Command::new("/bin/sh");
    setup
        .arg(root().join("scripts/setup.sh"))
        .env("PATH", path)
        .env("TMPDIR", temporary)
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

/// A compiler with options is no missing package.
#[test]
fn setup_accepts_a_compiler_with_options() {
    let mut setup = Command::new("/bin/sh");
    setup
        .args(["scripts/setup.sh", "build"])
        .current_dir(root())
        .env("CC", "cc -O1")
        .env(
            "PATH",
            path_with("compiler", &[("apt-get", 1), ("sudo", 1)]),
        );
    assert_eq!(outcome(&mut setup), (Some(0), String::new(), String::new()));
}

#[test]
fn setup_names_a_missing_temporary_folder() {
    let (_, err) = setup_in("no TMPDIR", &[("apt-get", 0)], "/no/such/folder");
    assert!(err.contains("Unset TMPDIR"), "{err}");
}

/// apt translates "Candidate" into the user's language.
#[test]
fn rust_package_is_found_in_every_language() {
    let path = path_with("translated apt", &[]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("translated apt");
    let apt = folder.join("apt-cache");
    let script = "#!/bin/sh\ncase $LC_ALL in C) echo '  Candidate: 99.0' ;; \
                  *) echo '  Installationskandidat: 99.0' ;; esac\n";
    fs::write(&apt, script).expect("written");
    fs::set_permissions(&apt, Permissions::from_mode(0o755)).expect("executable");
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", ". scripts/rust.sh && rust_package"])
        .current_dir(root())
        .env("PATH", path)
        .env("LC_ALL", "de_DE.UTF-8");
    let expected = (Some(0), "cargo\n".to_owned(), String::new());
    assert_eq!(outcome(&mut shell), expected);
}
