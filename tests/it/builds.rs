//! Programs find the installed library through pkg-config, CMake and meson, with each compiler.
//! `cargo test --test it builds:: -- --ignored` runs this, after `sh scripts/setup.sh builds`.

#![cfg(not(miri))]

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::support::document::document;
use crate::support::elf::needed;
use crate::support::examples::{assert_example_works, server_sources};
use crate::support::install::{isolated, make, outcome, root, run, target_folder};

/// An installation in its own folder, which is removed at the end.
struct Installed(PathBuf);

impl Installed {
    /// The name has no space, which a prefix may not have, but TMPDIR.
    fn empty(name: &str) -> Self {
        let folder = Path::new("/tmp").join(format!("captoken-{name}-{}", process::id()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    fn new(name: &str) -> Self {
        let installed = Self::empty(name);
        let mut install = make("install-lib");
        // Any DESTDIR prevents `ldconfig`, which would change the system.
        install
            .arg("DESTDIR=/")
            .arg(format!("PREFIX={}", installed.0.join("prefix").display()));
        run(&mut install);
        installed
    }

    /// The installed files and links, without those for CMake.
    fn files(&self) -> Vec<String> {
        let mut find = isolated("find");
        find.arg(self.0.join("prefix"))
            .args(["-not", "-type", "d", "-not", "-path", "*/cmake/*"])
            .args(["-printf", "%P\n"]);
        let mut files: Vec<String> = run(&mut find).lines().map(str::to_owned).collect();
        files.sort();
        files
    }

    fn lib(&self) -> PathBuf {
        self.0.join("prefix/lib")
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = isolated(program);
        command
            .current_dir(&self.0)
            .env("PKG_CONFIG_PATH", self.lib().join("pkgconfig"))
            .env("CMAKE_PREFIX_PATH", self.0.join("prefix"))
            .env("LD_LIBRARY_PATH", self.lib());
        command
    }

    fn pkg_config(&self, arguments: &[&str]) -> Vec<String> {
        let flags = run(self.command("pkg-config").args(arguments));
        flags.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether a program needs the shared library at run time.
fn is_shared(program: &Path) -> bool {
    needed(program).contains(&"libcaptoken.so.0".to_owned())
}

/// How a program is linked. The first is the default, for which there is no option.
const MODES: [&str; 3] = ["-shared", "-static", "-static-pie"];

struct Compiler<'a> {
    command: &'a [&'a str],
    standards: &'a [&'a [&'a str]],
    /// The first of [`MODES`].
    modes: usize,
}

/// Builds an example with nothing but what pkg-config says, and runs it.
fn build(installed: &Installed, compiler: &[&str], standard: &[&str], mode: &str, name: &str) {
    let program = installed.0.join("program");
    let mut command = installed.command(compiler[0]);
    command.args(&compiler[1..]).args(standard).arg("-pthread");
    command.arg(root().join("examples-c").join(format!("{name}.c")));
    let mut flags = vec!["--cflags", "--libs", "captoken"];
    if name == "token_server" {
        command.args(server_sources());
        flags.push("libmicrohttpd");
    }
    if mode != "-shared" {
        command.arg(mode);
        flags.push("--static");
    }
    // The libraries are no C++.
    if standard.contains(&"c++") {
        command.args(["-x", "none"]);
    }
    run(command
        .args(installed.pkg_config(&flags))
        .arg("-o")
        .arg(&program));
    assert_eq!(is_shared(&program), mode == "-shared", "{command:?}");
    assert_example_works(installed.command(&program), name);
}

/// tcc cannot link the archive: it knows neither the unwinder nor all relocations. zig has no
/// `-static-pie`. Debian's libmicrohttpd needs libraries that have no archive.
#[test]
#[ignore = "needs more compilers"]
fn every_compiler_builds_every_example_through_pkg_config() {
    let installed = Installed::new("compilers");
    let zig = target_folder().join("zig/ziglang/zig");
    let zig = [zig.to_str().expect("UTF-8"), "cc"];
    let c: &[&[&str]] = &[&["-std=c99"]];
    let cpp: &[&[&str]] = &[&["-x", "c++", "-std=c++11"], &["-x", "c++", "-std=c++2b"]];
    let compiler = |command, standards, modes| Compiler {
        command,
        standards,
        modes,
    };
    let compilers = [
        compiler(&["gcc"], c, 3),
        compiler(&["g++"], cpp, 3),
        compiler(&["clang"], c, 3),
        compiler(&["clang++"], cpp, 3),
        compiler(&["tcc"], c, 1),
        compiler(&zig, c, 2),
    ];
    for compiler in &compilers {
        for standard in compiler.standards {
            for mode in &MODES[..compiler.modes] {
                for name in ["mint", "check", "voice_app", "token_server"] {
                    if name != "token_server" || *mode == "-shared" {
                        build(&installed, compiler.command, standard, mode, name);
                    }
                }
            }
        }
    }
}

/// The guide's program, in the installation's folder.
fn write_guide_program(installed: &Installed) {
    let mint = root().join("examples-c/mint.c");
    fs::copy(mint, installed.0.join("phone.c")).expect("copied");
}

/// The guide's lines for CMake.
fn configure_with_cmake(installed: &Installed, version: &str, target: &str) -> Option<i32> {
    let lines = document("docs/c.md").block("cmake", "find_package");
    let lines = lines
        .replace("REQUIRED", &format!("{version} REQUIRED"))
        .replace("captoken::captoken", target);
    let lists = format!("cmake_minimum_required(VERSION 3.16)\nproject(phone C)\n{lines}");
    fs::write(installed.0.join("CMakeLists.txt"), lists).expect("written");
    let _ = fs::remove_dir_all(installed.0.join("build"));
    outcome(installed.command("cmake").args(["-S", ".", "-B", "build"])).0
}

#[test]
#[ignore = "needs CMake"]
fn cmake_finds_both_libraries() {
    let installed = Installed::new("cmake");
    // No path in it is absolute.
    let moved = Installed(installed.0.with_extension("moved"));
    fs::rename(&installed.0, &moved.0).expect("moved");
    write_guide_program(&moved);
    let version = env!("CARGO_PKG_VERSION");
    for right in ["0.0.9...<1", &format!("0...{version}")] {
        let found = configure_with_cmake(&moved, right, "captoken::captoken");
        assert_eq!(found, Some(0), "{right}");
    }
    let below = format!("0...<{version}");
    for wrong in [
        "0.99",
        "1.0",
        "0.0.9 EXACT",
        "0.0.1...0.0.9",
        &below,
        "0.99...1",
    ] {
        assert_eq!(
            configure_with_cmake(&moved, wrong, "captoken::captoken"),
            Some(1),
            "{wrong}"
        );
    }
    for (target, shared) in [("captoken::captoken", true), ("captoken::static", false)] {
        let version = format!("{version} EXACT");
        assert_eq!(configure_with_cmake(&moved, &version, target), Some(0));
        run(moved.command("cmake").args(["--build", "build"]));
        let program = moved.0.join("build/phone");
        assert_eq!(is_shared(&program), shared);
        assert_example_works(moved.command(&program), "mint");
    }
}

#[test]
#[ignore = "needs meson"]
fn meson_finds_both_libraries() {
    let installed = Installed::new("meson");
    write_guide_program(&installed);
    let lines = document("docs/c.md").block("meson", "captoken =");
    for (arguments, shared) in [("'captoken'", true), ("'captoken', static: true", false)] {
        let definition = format!(
            "project('phone', 'c', default_options: ['c_std=c99'])\n{}",
            lines.replace("('captoken')", &format!("({arguments})"))
        );
        fs::write(installed.0.join("meson.build"), definition).expect("written");
        let _ = fs::remove_dir_all(installed.0.join("build"));
        run(installed.command("meson").args(["setup", "build"]));
        run(installed.command("meson").args(["compile", "-C", "build"]));
        let program = installed.0.join("build/phone");
        assert_eq!(is_shared(&program), shared);
        assert_example_works(installed.command(&program), "mint");
    }
}

/// cargo-c cannot write files for CMake, which contain the folders. Its captoken.pc lists libgcc_s,
/// which has no archive.
#[test]
#[ignore = "needs cargo-c"]
fn cargo_cinstall_installs_the_same_files() {
    let installed = Installed::empty("cargo-c");
    let path = format!(
        "{}:{}",
        target_folder().join("cargo-c/bin").display(),
        env::var("PATH").expect("UTF-8")
    );
    let mut install = isolated("cargo-capi");
    install
        .env("PATH", path)
        .args(["capi", "install", "--locked", "--offline", "--libdir=lib"])
        .arg("--prefix")
        .arg(installed.0.join("prefix"))
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder().join("cinstall"));
    run(&mut install);
    assert_eq!(installed.files(), Installed::new("make").files());
    build(&installed, &["gcc"], &["-std=c99"], MODES[0], "mint");
}
