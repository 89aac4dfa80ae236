//! macOS and Windows: the library and the command line build for both, and C programs link with
//! both libraries. The Windows programs run under wine; nothing runs those for macOS.
//! `cargo test --test it other_systems:: -- --ignored` runs this, after
//! `sh scripts/setup.sh go systems`.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::support::document::document;
use crate::support::examples::assert_example_works;
use crate::support::header::declared;
use crate::support::install::{go, isolated, outcome, root, run, target_folder};
use crate::support::requests::assert_mints_every_case;
use crate::support::token::decode;

const MACHINES: [&str; 2] = ["x86_64", "aarch64"];
const INSTALL_NAME: &str = concat!(
    "@rpath/libcaptoken.",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".dylib"
);
const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";

/// A new empty folder. A space, because users have such folders.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("systems {name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder");
    folder
}

/// Builds, and returns the folder of the results. Each linker has its own folder, because tests
/// run concurrently.
fn built(linker: &str, target: &str, mut cargo: Command) -> PathBuf {
    let folder = target_folder().join("systems").join(linker);
    cargo
        .args(["--locked", "--release", "--target", target, "--target-dir"])
        .arg(&folder)
        .current_dir(root())
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut cargo);
    folder.join(target).join("release")
}

fn with_zig_cache(command: &mut Command) -> &mut Command {
    let cache = target_folder().join("zig-cache");
    command
        .env("CARGO_ZIGBUILD_ZIG_PATH", zig())
        .env("CARGO_ZIGBUILD_CACHE_DIR", cache.join("zigbuild"))
        .env("ZIG_GLOBAL_CACHE_DIR", cache.join("global"))
        .env("ZIG_LOCAL_CACHE_DIR", cache.join("local"))
}

fn zig() -> PathBuf {
    target_folder().join("zig/ziglang/zig")
}

/// The libraries and the command line for macOS, which zig links.
fn built_for_macos(machine: &str) -> PathBuf {
    let mut cargo = isolated(target_folder().join("zigbuild/bin/cargo-zigbuild"));
    cargo.args(["zigbuild", "--workspace"]).env("RUSTFLAGS", "");
    with_zig_cache(&mut cargo);
    built("zig", &format!("{machine}-apple-darwin"), cargo)
}

/// The libraries that a file for macOS needs, and its own name if it is one.
fn dylibs(file: &Path) -> Vec<String> {
    let mut objdump = isolated("llvm-objdump");
    let out = run(objdump.args(["--macho", "--dylibs-used"]).arg(file));
    let lines = out.lines().skip(1);
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The machine that the header of a file for macOS names.
fn machine(file: &Path) -> &'static str {
    let start = fs::read(file).expect("a file");
    match start.get(..8).expect("a header") {
        b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" => "x86_64",
        b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01" => "aarch64",
        other => panic!("{}: {other:x?}", file.display()),
    }
}

/// The compiler, with the warnings of the other tests.
fn with_warnings(mut compiler: Command) -> Command {
    compiler
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root().join("include"));
    compiler
}

#[test]
#[ignore = "needs zig and Rust's library for macOS"]
fn macos_programs_link_with_both_libraries() {
    for name in MACHINES {
        let built = built_for_macos(name);
        let folder = folder(&format!("macOS {name}"));
        assert_eq!(machine(&built.join("captoken")), name);
        assert!(dylibs(&built.join("captoken")).contains(&SYSTEM.to_owned()));
        for source in [
            "examples-c/mint.c",
            "examples-c/check.c",
            "examples-c/voice_app.c",
            "tests/c/requests.c",
        ] {
            for (library, expected) in [
                ("libcaptoken.dylib", &[SYSTEM, INSTALL_NAME][..]),
                ("libcaptoken.a", &[SYSTEM]),
            ] {
                let program = folder.join("program");
                let _ = fs::remove_file(&program);
                let mut compiler = isolated(zig());
                compiler.args(["cc", "-O2", "-pthread", "-target", &format!("{name}-macos")]);
                let mut compiler = with_warnings(compiler);
                compiler.arg(root().join(source)).arg(built.join(library));
                run(with_zig_cache(&mut compiler).arg("-o").arg(&program));
                assert_eq!(machine(&program), name);
                assert_eq!(dylibs(&program), expected, "{source} {library}");
            }
        }
    }
}

/// Links with Rust's linker.
#[test]
#[ignore = "needs Rust's library for macOS"]
fn macos_library_exports_exactly_the_header() {
    let sysroot = run(isolated("rustc").args(["--print", "sysroot"]));
    let version = run(isolated("rustc").arg("-vV"));
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a target");
    let lld = Path::new(sysroot.trim_end()).join(format!("lib/rustlib/{host}/bin/rust-lld"));
    for name in MACHINES {
        let target = format!("{name}-apple-darwin");
        let linker = root().join("tests/ld64.sh");
        let mut cargo = isolated("cargo");
        cargo
            .args(["rustc", "--lib", "--crate-type=cdylib"])
            .env("RUST_LLD", &lld)
            .env("RUSTFLAGS", "-Clinker-flavor=ld64.lld")
            .env(
                format!(
                    "CARGO_TARGET_{}_LINKER",
                    target.to_uppercase().replace('-', "_")
                ),
                linker,
            );
        let library = built("lld", &target, cargo).join("libcaptoken.dylib");
        let mut objdump = isolated("llvm-objdump");
        let id = run(objdump.args(["--macho", "--dylib-id"]).arg(&library));
        assert_eq!(id.lines().nth(1), Some(INSTALL_NAME), "{id}");
        let mut nm = isolated("llvm-nm");
        let exported = run(nm.args(["--extern-only", "--defined-only"]).arg(&library));
        let names: BTreeSet<String> = exported
            .lines()
            .map(|line| line.split_once(" T _").unwrap_or_else(|| panic!("{line}")))
            .map(|(_, name)| name.to_owned())
            .collect();
        assert_eq!(names, declared("captoken.h"));
    }
}

/// zig has no libresolv, which Go's runtime names.
const RESOLV: &str = "\
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: /usr/lib/libresolv.9.dylib
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _res_9_nclose, _res_9_ninit, _res_9_nsearch ]
...
";

/// Copies the two files that the package's message names.
#[test]
#[ignore = "needs zig, a current Go and Rust's library for macOS"]
fn go_programs_for_macos_contain_the_archive() {
    let folder = folder("Go");
    run(isolated("cp").arg("-r").arg(root().join("go")).arg(&folder));
    let package = folder.join("go");
    let _ = fs::remove_file(package.join("captoken.h"));
    fs::write(folder.join("libresolv.tbd"), RESOLV).expect("written");
    let tools = target_folder().join("go-current/go/bin");
    let path = format!("{}:{}", tools.display(), env::var("PATH").expect("UTF-8"));
    for (name, architecture) in [("x86_64", "amd64"), ("aarch64", "arm64")] {
        let command = |arguments: &[&str]| {
            let mut go = go(&package, arguments);
            go.env("PATH", &path)
                // Another cache could have the result of a run with the archive.
                .env("GOCACHE", folder.join("cache"))
                .env("GOOS", "darwin")
                .env("GOARCH", architecture)
                .env(
                    "CC",
                    format!("'{}' cc -target {name}-macos", zig().display()),
                )
                .env("CGO_LDFLAGS", format!("'-L{}'", folder.display()));
            with_zig_cache(&mut go);
            go
        };
        // -w, because this machine's strip knows no programs of macOS.
        let program = package.join("mint");
        let build = ["build", "-ldflags=-w", "-o", "mint", "./testdata/mint"];
        let archive = built_for_macos(name).join("libcaptoken.a");
        let header = root().join("include/captoken.h");
        for (missing, part) in [
            (header, "Copy include/captoken.h of"),
            (archive, "copy target/release/libcaptoken.a there"),
        ] {
            let (code, _, err) = outcome(&mut command(&build));
            assert!(code == Some(1) && err.contains(part), "{err}");
            let name = missing.file_name().expect("a name");
            fs::copy(&missing, package.join(name)).expect("copied");
        }
        run(&mut command(&["vet", "."]));
        run(&mut command(&build));
        assert_eq!(machine(&program), name);
        let symbols = run(isolated("llvm-nm").arg(&program));
        assert!(symbols.contains(" T _cap_generate_at\n"));
        fs::remove_file(package.join("libcaptoken.a")).expect("removed");
        fs::remove_file(package.join("captoken.h")).expect("removed");
    }
    fs::remove_dir_all(&folder).expect("removed");
}

/// The libraries and the command line for Windows.
fn built_for_windows() -> PathBuf {
    let mut cargo = isolated("cargo");
    cargo
        .args(["build", "--workspace"])
        .env("RUSTFLAGS", "")
        .env(
            "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER",
            "x86_64-w64-mingw32-gcc",
        );
    built("mingw", "x86_64-pc-windows-gnu", cargo)
}

/// The libraries of Windows that Rust's standard library needs, as `rustc --print
/// native-static-libs` lists them.
const WINDOWS: [&str; 4] = ["-lntdll", "-luserenv", "-lws2_32", "-ldbghelp"];

/// Compiles a C program for Windows next to captoken.dll.
fn compiled_for_windows(source: &str, arguments: &[&str], folder: &Path) -> PathBuf {
    let built = built_for_windows();
    fs::copy(built.join("captoken.dll"), folder.join("captoken.dll")).expect("copied");
    let program = folder.join("program.exe");
    let _ = fs::remove_file(&program);
    let mut compiler = with_warnings(isolated("x86_64-w64-mingw32-gcc"));
    compiler.arg(root().join(source)).args(arguments);
    // -static is for the libraries of the compiler, such as its threads.
    run(compiler
        .args(["-static", "-o"])
        .arg(&program)
        .current_dir(&built));
    program
}

/// The arguments that link with the shared library and with the static one.
fn windows_links() -> [Vec<&'static str>; 2] {
    [
        vec!["libcaptoken.dll.a"],
        [&["libcaptoken.a"][..], &WINDOWS].concat(),
    ]
}

/// The DLLs that a program needs.
fn dlls(program: &Path) -> BTreeSet<String> {
    let out = run(isolated("llvm-readobj").arg("--coff-imports").arg(program));
    let lines = out.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix("Name: "))
        .map(str::to_lowercase)
        .collect()
}

/// A command that runs a program for Windows, without a display and in its own copy of Windows.
fn wine(program: &Path) -> Command {
    static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
        let prefix = target_folder().join("wine");
        run(wine_in(&prefix).args(["wineboot", "--init"]));
        let random = prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
        if !random.exists() {
            let mut compiler = with_warnings(isolated("x86_64-w64-mingw32-gcc"));
            compiler
                .arg("-shared")
                .arg(root().join("tests/c/process_prng.c"));
            run(compiler.args(["-ladvapi32", "-o"]).arg(random));
        }
        prefix
    });
    let mut wine = wine_in(&PREFIX);
    wine.arg(program);
    wine
}

fn wine_in(prefix: &Path) -> Command {
    let mut wine = isolated("/usr/lib/wine/wine64");
    wine.env("WINEPREFIX", prefix)
        .env("WINEDEBUG", "-all")
        // Neither questions about .NET and HTML, nor entries in the user's menus.
        .env("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=")
        .env_remove("DISPLAY");
    wine
}

#[test]
#[ignore = "needs mingw-w64, wine and Rust's library for Windows"]
fn windows_programs_mint_every_case_under_wine() {
    let folder = folder("every case");
    for link in windows_links() {
        let program = compiled_for_windows("tests/c/requests.c", &link, &folder);
        let is_shared = link.len() == 1;
        assert_eq!(dlls(&program).contains("captoken.dll"), is_shared);
        assert_mints_every_case(wine(&program), &folder);
    }
}

/// Types the commands of docs/install.md in a clone, because they write into its target folder.
#[test]
#[ignore = "needs mingw-w64, wine and Rust's library for Windows"]
fn documented_windows_commands_build_a_program() {
    let clone = folder("clone").join("captoken");
    run(isolated("git")
        .args(["clone", "--quiet"])
        .args([root(), &clone]));
    let page = document("docs/install.md");
    let program = page.block("c", "#include <captoken.h>");
    fs::write(clone.join("token.c"), program).expect("written");
    let commands = page.block("sh", "rustup target add x86_64-pc-windows-gnu\n");
    let mut shell = isolated("sh");
    shell
        .args(["-euc", &commands])
        .current_dir(&clone)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut shell);
    let token = run(&mut wine(&clone.join("token.exe")));
    assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC123123");
    fs::remove_dir_all(&clone).expect("removed");
}

/// Windows has no getline(), which `check` needs.
#[test]
#[ignore = "needs mingw-w64, wine and Rust's library for Windows"]
fn windows_examples_run_under_wine() {
    let folder = folder("examples");
    for name in ["mint", "voice_app"] {
        for mut link in windows_links() {
            link.push("-pthread");
            let source = format!("examples-c/{name}.c");
            let program = compiled_for_windows(&source, &link, &folder);
            assert_example_works(wine(&program), name);
        }
    }
}

/// There is no libcap for Windows, so foreign pointers are refused.
#[test]
#[ignore = "needs mingw-w64, wine and Rust's library for Windows"]
fn windows_cap_free_sets_errno_under_wine() {
    let folder = folder("cap_free");
    for mut link in windows_links() {
        link.push("-DNO_OTHER");
        let program = compiled_for_windows("tests/c/next.c", &link, &folder);
        run(&mut wine(&program));
    }
}

/// Reads a token from standard input too, which has other functions on Windows.
#[test]
#[ignore = "needs mingw-w64, wine and Rust's library for Windows"]
fn windows_command_line_mints_and_verifies_under_wine() {
    let folder = folder("command line");
    let captoken = built_for_windows().join("captoken.exe");
    let mut mint = wine(&captoken);
    mint.args(["mint", "--account=AC123123", "--allow-incoming=Alice"]);
    let token = run(mint.env("TWILIO_AUTH_TOKEN", "secret"));
    assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC123123");
    let file = folder.join("token.jwt");
    fs::write(&file, token).expect("written");
    for (secret, expected) in [("secret", 0), ("other", 18)] {
        let mut verify = wine(&captoken);
        verify
            .args(["verify", "-"])
            .env("TWILIO_AUTH_TOKEN", secret);
        verify.stdin(File::open(&file).expect("a token"));
        let (code, out, err) = outcome(&mut verify);
        assert_eq!(code, Some(expected), "{out}{err}");
    }
}

#[test]
#[ignore = "needs mingw-w64 and Rust's library for Windows"]
fn windows_library_exports_exactly_the_header() {
    let mut readobj = isolated("llvm-readobj");
    let library = built_for_windows().join("captoken.dll");
    let out = run(readobj.arg("--coff-exports").arg(library));
    let lines = out.lines().map(str::trim);
    let names: BTreeSet<String> = lines
        .filter_map(|line| line.strip_prefix("Name: "))
        .map(str::to_owned)
        .collect();
    assert_eq!(names, declared("captoken.h"));
}
