//! The Debian packages of `make deb`, and docs/install.md: in clean Debian systems without Rust.
//! `make dist deb && cargo test --test it packages:: -- --ignored` runs this, as root, after
//! `sh scripts/setup.sh archives`.

#![cfg(not(miri))]
#![expect(
    clippy::print_stdout,
    reason = "the times are figures of docs/assurance.md"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::support::document::document;
use crate::support::header::declared;
use crate::support::install::{isolated, root, run, target_folder};

const PACKAGES: [&str; 4] = [
    "captoken",
    "libcaptoken-dev",
    "libcaptoken0",
    "php-captoken",
];
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

fn package(name: &str, architecture: &str) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    let file = format!("dist/{name}_{version}-1_{architecture}.deb");
    target_folder().join(file)
}

fn packaging(name: &str) -> String {
    let file = root().join("packaging/debian").join(name);
    fs::read_to_string(file).expect("a file")
}

#[test]
fn symbols_file_lists_the_functions_of_the_header() {
    let symbols = packaging("libcaptoken0.symbols");
    let names: BTreeSet<String> = symbols
        .lines()
        .filter_map(|line| line.strip_prefix(" "))
        .map(|line| line.split_once("@Base ").expect("a version").0.to_owned())
        .collect();
    assert_eq!(names, declared("captoken.h"));
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    let start = format!("libcaptoken.so.{major} libcaptoken{major} #MINVER#\n");
    assert!(symbols.starts_with(&start), "{symbols}");
}

/// The page is written by hand, because only the package has it.
#[test]
fn man_page_of_doctor_has_all_options() {
    let page = packaging("captoken-doctor.1").replace(['\\', '"'], "");
    let file = root().join("php/src/Internal/Doctor/Command.php");
    let source = fs::read_to_string(file).expect("a file");
    let usage = source.split("END").nth(1).expect("the usage");
    let options: BTreeSet<&str> = usage
        .split(|letter: char| !letter.is_ascii_lowercase() && letter != '-')
        .filter(|word| word.starts_with("--"))
        .collect();
    assert_eq!(options.len(), 4, "{options:?}");
    for option in options {
        assert!(page.contains(option), "{option}");
    }
}

/// The fields of a package.
fn fields(file: &Path) -> BTreeMap<String, String> {
    let text = run(isolated("dpkg-deb").arg("--field").arg(file));
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
#[ignore = "needs make deb"]
fn packages_need_only_an_old_c_library() {
    for architecture in ARCHITECTURES {
        for name in PACKAGES {
            let fields = fields(&package(name, architecture));
            let libc = "libc6 (>= 2.17)";
            let expected = match name {
                "libcaptoken-dev" => concat!("libcaptoken0 (= ", env!("CARGO_PKG_VERSION"), "-1)"),
                "php-captoken" => "php-cli, php-common (>= 2:93), php-ffi, libc6 (>= 2.17)",
                _ => libc,
            };
            assert_eq!(fields["Depends"], expected, "{name}");
            assert_eq!(fields["Architecture"], architecture, "{name}");
        }
    }
}

/// The first packages close no bug of Debian's. FORTIFY is for C. Versions of strip differ.
#[test]
#[ignore = "needs make deb and lintian"]
fn lintian_finds_nothing() {
    let mut lintian = isolated("lintian");
    lintian
        .args(["--display-info", "--pedantic", "--allow-root"])
        .args(["--fail-on", "error,warning,info,pedantic"])
        .args(["--suppress-tags", "initial-upload-closes-no-bugs"])
        .args(["--suppress-tags", "hardening-no-fortify-functions"])
        .args(["--suppress-tags", "static-library-has-unneeded-sections"]);
    for architecture in ARCHITECTURES {
        lintian.args(PACKAGES.map(|name| package(name, architecture)));
    }
    assert_eq!(run(&mut lintian), "");
}

/// Debian can install both architectures of a package.
#[test]
#[ignore = "needs make deb"]
fn shared_files_of_both_architectures_are_equal() {
    for name in PACKAGES {
        let folders = ARCHITECTURES.map(|architecture| {
            let folder = format!("package {name} {architecture}");
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
            let _ = fs::remove_dir_all(&folder);
            let file = package(name, architecture);
            run(isolated("dpkg-deb").arg("--extract").args([&file, &folder]));
            folder
        });
        if fields(&package(name, "amd64")).get("Multi-Arch") != Some(&"same".to_owned()) {
            continue;
        }
        let mut find = isolated("find");
        find.args([".", "-type", "f", "-not", "-path", "./usr/lib/*"]);
        let files = run(find.current_dir(&folders[0]));
        assert!(files.lines().count() >= 3, "{files}");
        for file in files.lines() {
            let [amd64, arm64] = folders
                .each_ref()
                .map(|folder| fs::read(folder.join(file)).expect("a file"));
            assert!(amd64 == arm64, "{file}");
        }
    }
}

/// The tests share the clean systems.
static SYSTEMS: Mutex<()> = Mutex::new(());

/// Runs commands in a clean system, which finds the packages in /mnt.
fn in_clean_system(suite: &str, commands: &str) -> String {
    let _guard = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut clean = isolated("sh");
    clean
        .args(["scripts/clean-root.sh", suite, commands])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder());
    run(&mut clean)
}

/// Writes the packages of an older version. Their files are those of this one, but PHP's library has
/// another name, as that of every build.
fn write_previous_packages() {
    let mut build = isolated("sh");
    build
        .args(["scripts/deb.sh"])
        .arg(target_folder().join("dist/previous"))
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder())
        .env("VERSION", "0.0.9")
        .env(
            "SONAME",
            concat!("libcaptoken.so.", env!("CARGO_PKG_VERSION_MAJOR")),
        );
    run(&mut build);
}

#[test]
#[ignore = "needs make dist deb and root"]
fn page_works_in_clean_systems() {
    write_previous_packages();
    for suite in ["bookworm", "trixie"] {
        let out = in_clean_system(
            suite,
            "sudo: sudo apt-get -qq update && sudo apt-get -qq install -y python3 > /dev/null && \
             python3 -B tests/install.py",
        );
        for line in out.lines().filter(|line| line.starts_with("  ")) {
            if !line.starts_with("    ") {
                println!("{suite}: {line}");
            }
        }
    }
}

/// Debian 11 has an older C library, and a PHP that php-captoken does not support.
#[test]
#[ignore = "needs make deb and root"]
fn packages_work_on_debian_11() {
    let out = in_clean_system(
        "bullseye",
        "apt-get -qq update; apt-get -qq install -y gcc libc6-dev pkg-config \
         /mnt/captoken_*_amd64.deb /mnt/libcaptoken*_amd64.deb > /dev/null 2>&1; \
         TWILIO_AUTH_TOKEN=secret captoken mint --account AC123123; \
         sed -n '/^```c$/,/^```$/{/^```/d;p}' docs/install.md > /tmp/token.c; \
         cc /tmp/token.c $(pkg-config --cflags --libs captoken) -o /tmp/token; /tmp/token; \
         ! apt-get install -y /mnt/php-captoken_*_amd64.deb",
    );
    assert_eq!(
        out.lines().filter(|line| line.starts_with("eyJ")).count(),
        2,
        "{out}"
    );
    let page = document("docs/troubleshooting.md");
    let tables = page.tables_below("Debian packages");
    let cells = tables[0].iter().flatten();
    let mut messages = cells.filter_map(|cell| cell.strip_prefix("`php-captoken : "));
    let message = messages
        .next()
        .expect("the error of Debian 11")
        .trim_end_matches('`');
    assert!(out.contains(&format!("php-captoken : {message}")), "{out}");
}

#[test]
#[ignore = "needs make dist deb and root"]
fn dockerfiles_build_images_that_mint() {
    in_clean_system("trixie", "true");
    let _guard = SYSTEMS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut python = isolated("python3");
    python
        .args(["-B", "tests/dockerfiles.py"])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder());
    println!("{}", run(&mut python));
}
