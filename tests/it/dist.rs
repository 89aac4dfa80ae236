//! The archives of `make dist`: they work without Rust, on the machines and C libraries that they
//! are for. `make dist && cargo test --test it dist:: -- --ignored` runs this.

#![cfg(not(miri))]

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::support::document::{Document, column, document};
use crate::support::elf::{needed, readelf, weaknesses};
use crate::support::examples::assert_example_works;
use crate::support::install::{go, isolated, make, root, run, target_folder};
use crate::support::requests::assert_mints_every_case;
use crate::support::token::decode;
use crate::support::vectors::text;

const MACHINES: [&str; 2] = ["x86_64", "aarch64"];
const C_LIBRARIES: [&str; 2] = ["gnu", "musl"];

/// An unpacked archive.
struct Archive {
    machine: &'static str,
    c_library: &'static str,
    folder: PathBuf,
}

impl Archive {
    fn all() -> Vec<Self> {
        let mut archives = Vec::new();
        for machine in MACHINES {
            for c_library in C_LIBRARIES {
                archives.push(Self::unpack(machine, c_library));
            }
        }
        archives
    }

    fn unpack(machine: &'static str, c_library: &'static str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("captoken-{version}-{machine}-unknown-linux-{c_library}");
        let dist = target_folder().join("dist");
        // Tests run concurrently. A space, because users have such folders.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("un packed {number}"));
        let _ = fs::remove_dir_all(&parent);
        fs::create_dir(&parent).expect("a folder");
        let folder = parent.join(&name);
        let mut tar = isolated("tar");
        tar.arg("-xf").arg(dist.join(format!("{name}.tar.xz")));
        run(tar.arg("-C").arg(&parent));
        let sums = fs::read_to_string(dist.join("SHA256SUMS")).expect("sums");
        assert!(sums.contains(&format!("  {name}.tar.xz\n")), "{sums}");
        Self {
            machine,
            c_library,
            folder,
        }
    }

    fn library(&self) -> PathBuf {
        let name = concat!("lib/libcaptoken.so.", env!("CARGO_PKG_VERSION"));
        self.folder.join(name)
    }

    fn program(&self) -> PathBuf {
        self.folder.join("bin/captoken")
    }

    fn is_native(&self) -> bool {
        self.machine == ARCH
    }

    /// A command that runs a program of the archive's machine.
    fn command(&self, program: &Path) -> Command {
        let mut command = native_or_emulated(self.machine, program);
        command.env("LD_LIBRARY_PATH", self.folder.join("lib"));
        command
    }

    fn compiler(&self) -> Command {
        match (self.is_native(), self.c_library) {
            (true, "gnu") => isolated("gcc"),
            (true, _) => isolated("musl-gcc"),
            (false, "gnu") => isolated(format!("{}-linux-gnu-gcc", self.machine)),
            (false, _) => self.zig(),
        }
    }

    fn zig(&self) -> Command {
        let target = match self.c_library {
            "gnu" => format!("{}-linux-gnu.2.17", self.machine),
            other => format!("{}-linux-{other}", self.machine),
        };
        let mut zig = isolated(target_folder().join("zig/ziglang/zig"));
        // Without -O2, zig adds a runtime that needs statx(), which musl has since 1.2.5.
        zig.args(["cc", "-O2", "-target", &target]);
        zig
    }

    /// Compiles a C program of this repository.
    fn compile(&self, mut compiler: Command, source: &str, arguments: &[&str]) -> PathBuf {
        let program = self.folder.join("program");
        let _ = fs::remove_file(&program);
        compiler
            .args(["-std=c99", "-Wall", "-Wextra", "-Werror"])
            .arg("-I")
            .arg(self.folder.join("include"))
            .arg(root().join(source))
            .args(arguments)
            .arg("-o")
            .arg(&program);
        run(compiler.current_dir(&self.folder));
        program
    }
}

/// Debian's packages of another machine, unpacked.
fn debian(machine: &str) -> PathBuf {
    target_folder().join(format!("debian-{machine}"))
}

/// A command that runs a program.
fn native_or_emulated(machine: &str, program: &Path) -> Command {
    if machine == ARCH {
        return isolated(program);
    }
    let mut qemu = isolated(format!("qemu-{machine}"));
    qemu.arg("-L").arg(debian(machine)).arg(program);
    qemu
}

#[test]
#[ignore = "needs make dist"]
fn archives_need_only_an_old_c_library() {
    for archive in Archive::all() {
        let expected: &[&str] = match archive.c_library {
            "gnu" => &["libc.so.6", "libdl.so.2", "libpthread.so.0"],
            _ => &["libc.so"],
        };
        for file in [archive.library(), archive.program()] {
            let is_static = archive.c_library == "musl" && file == archive.program();
            let mut libraries = needed(&file);
            libraries.retain(|name| !name.starts_with("ld-linux-"));
            libraries.sort();
            if is_static {
                assert_eq!(libraries, [""; 0], "{}", file.display());
                continue;
            }
            assert_eq!(libraries, expected, "{}", file.display());
            assert_eq!(weaknesses(&file), [""; 0], "{}", file.display());
            let versions = readelf("--version-info", &file);
            let newest = versions
                .split(|letter: char| letter.is_whitespace())
                .filter_map(|word| word.strip_prefix("GLIBC_2."))
                .map(|minor| minor.split('.').next().expect("a number"))
                .map(|minor| minor.parse::<u32>().expect("a number"))
                .max();
            let floor = (archive.c_library == "gnu").then_some(17);
            assert_eq!(newest, floor, "{}", file.display());
        }
    }
}

#[test]
#[ignore = "needs make dist"]
fn sums_of_all_files_match() {
    for archive in Archive::all() {
        let mut check = isolated("sha256sum");
        check.args(["--check", "--quiet", "--strict", "SHA256SUMS"]);
        run(check.current_dir(&archive.folder));
        let sums = fs::read_to_string(archive.folder.join("SHA256SUMS")).expect("sums");
        let mut find = isolated("find");
        find.args([".", "-type", "f", "-not", "-name", "SHA256SUMS"]);
        let files = run(find.current_dir(&archive.folder));
        assert_eq!(sums.lines().count(), files.lines().count());
    }
}

#[test]
#[ignore = "needs make dist"]
fn libraries_mint_every_case() {
    for archive in Archive::all() {
        let shared = ["-Llib", "-lcaptoken"].as_slice();
        let linked = ["lib/libcaptoken.a", "-lpthread", "-ldl", "-lm"].as_slice();
        let fully_static = [&["-static"], linked].concat();
        for arguments in [shared, linked, &fully_static] {
            let source = "tests/c/requests.c";
            let program = archive.compile(archive.compiler(), source, arguments);
            assert_mints_every_case(archive.command(&program), &archive.folder);
            if archive.c_library == "musl" && arguments != shared {
                let program = archive.compile(archive.zig(), source, arguments);
                assert_mints_every_case(archive.command(&program), &archive.folder);
            }
        }
    }
}

#[test]
#[ignore = "needs make dist"]
fn programs_contain_another_rust_library() {
    for archive in Archive::all() {
        let triple = format!("{}-unknown-linux-{}", archive.machine, archive.c_library);
        let mut rustc = isolated("rustc");
        rustc
            .args(["--edition=2021", "--crate-type=staticlib", "-O", "--target"])
            .args([&triple, "--out-dir"])
            .arg(&archive.folder)
            .arg(root().join("go/testdata/rust/other.rs"));
        run(&mut rustc);
        let sysroot = run(isolated("rustc").args(["--print", "sysroot"]));
        let unwinder = format!(
            "{}/lib/rustlib/{triple}/lib/self-contained/libunwind.a",
            sysroot.trim_end()
        );
        let mut arguments = vec!["-DOTHER", "lib/libcaptoken.a", "libother.a"];
        if archive.c_library == "musl" {
            // With -static, musl-gcc omits the table that unwinding needs.
            arguments.extend([unwinder.as_str(), "-static", "-Wl,--eh-frame-hdr"]);
        }
        arguments.extend(["-lpthread", "-ldl", "-lm"]);
        let program = archive.compile(archive.compiler(), "tests/c/requests.c", &arguments);
        assert_mints_every_case(archive.command(&program), &archive.folder);
    }
}

#[test]
#[ignore = "needs make dist"]
fn c_examples_and_program_run() {
    for archive in Archive::all() {
        for name in ["mint", "check", "voice_app"] {
            let source = format!("examples-c/{name}.c");
            let arguments = ["-pthread", "-Llib", "-lcaptoken"];
            let program = archive.compile(archive.compiler(), &source, &arguments);
            assert_example_works(archive.command(&program), name);
        }
        let mut mint = archive.command(&archive.program());
        mint.env("TWILIO_AUTH_TOKEN", "secret");
        let token = run(mint.args(["mint", "--account=AC123123", "--allow-incoming=Alice"]));
        assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC123123");
    }
}

/// A PHP of the archive's platform, if this machine has or can emulate one.
fn php(archive: &Archive) -> Option<Command> {
    if archive.c_library == "musl" {
        let php = target_folder().join("php-musl");
        return archive.is_native().then(|| isolated(php));
    }
    let mut php = if archive.is_native() {
        isolated("php")
    } else {
        let debian = debian(archive.machine);
        let mut php = native_or_emulated(archive.machine, &debian.join("usr/bin/php8.2"));
        let mut find = isolated("find");
        find.arg(debian.join("usr/lib/php"))
            .args(["-name", "ffi.so", "-printf", "%h"]);
        php.arg("-d")
            .arg(format!("extension_dir={}", run(&mut find)));
        php
    };
    php.arg("-n").args(["-d", "extension=ffi"]);
    Some(php)
}

/// There is no PHP for musl on aarch64.
#[test]
#[ignore = "needs make dist"]
fn php_chooses_the_library_of_its_platform() {
    let mut platforms = 0;
    for archive in Archive::all() {
        let Some(mut php) = php(&archive) else {
            continue;
        };
        let program = "require $argv[1]; echo (new Captoken\\Capability('AC123123', 'secret'))\
            ->generateToken(), \"\\n\", Captoken\\Library::origin();";
        php.args(["-r", program, "--"])
            .arg(archive.folder.join("php/autoload.php"));
        let out = run(&mut php);
        let (token, origin) = out.split_once('\n').expect("two lines");
        assert_eq!(decode(token, "secret")["iss"], "AC123123");
        let platform = format!("{}-linux-{}", archive.machine, archive.c_library);
        let library = format!("php/lib/{platform}/libcaptoken.so.0");
        assert_eq!(Path::new(origin), archive.folder.join(library));
        platforms += 1;
    }
    assert_eq!(platforms, 3);
}

/// Types the README's commands on the machine that the archive is for.
#[test]
#[ignore = "needs make dist"]
fn readme_prints_tokens_in_every_language() {
    let archive = Archive::unpack(ARCH, "gnu");
    let readme = Document::read(&archive.folder.join("README.md"));
    let program = readme.block("c", "#include");
    fs::write(archive.folder.join("token.c"), program).expect("written");
    let mut tokens = Vec::new();
    for start in [
        "sha256sum",
        "export TWILIO",
        "export LD",
        "cat > token.php",
        "mkdir hello",
    ] {
        let commands = readme.block("sh", start);
        let mut shell = isolated("sh");
        // Neither Rust nor the user's settings of Go and PHP.
        shell
            .args(["-euc", &commands])
            .current_dir(&archive.folder)
            .env_clear()
            .env("HOME", archive.folder.join("home"))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("GOPROXY", "off");
        let out = run(&mut shell);
        tokens.extend(
            out.lines()
                .filter(|line| line.starts_with("eyJ"))
                .map(str::to_owned),
        );
    }
    let token = fs::read_to_string(archive.folder.join("token.jwt")).expect("a token");
    tokens.push(token.trim_end().to_owned());
    assert_eq!(tokens.len(), 5, "{tokens:?}");
    for token in tokens {
        assert_eq!(decode(&token, "secret")["iss"], "AC123123");
    }
}

/// Types the README's commands that install, into another folder.
#[test]
#[ignore = "needs make dist"]
fn readme_installs_and_removes() {
    let archive = Archive::unpack(ARCH, "gnu");
    let readme = Document::read(&archive.folder.join("README.md"));
    let prefix = archive.folder.join("prefix");
    fs::create_dir(&prefix).expect("a folder");
    let mut counts = Vec::new();
    for start in ["sudo rm", "sudo rm", "find bin"] {
        let commands = readme
            .block("sh", start)
            .replace("sudo ldconfig", "true")
            .replace("sudo ", "")
            .replace("/usr/local", "prefix");
        let mut shell = isolated("sh");
        run(shell.args(["-euc", &commands]).current_dir(&archive.folder));
        let mut find = isolated("find");
        let files = run(find.arg(&prefix).args(["-not", "-type", "d"]));
        counts.push(files.lines().count());
    }
    assert!(counts[0] > 20 && counts[0] == counts[1], "{counts:?}");
    assert_eq!(counts[2], 0);
}

/// The copy of the Go package has its tests.
#[test]
#[ignore = "needs make dist"]
fn go_package_passes_its_tests_without_rust() {
    let archive = Archive::unpack(ARCH, "gnu");
    let mut test = go(&archive.folder.join("go"), &["test", "./..."]);
    test.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let out = run(&mut test);
    assert!(out.contains("ok  \tcaptoken\t"), "{out}");
}

/// A proxy for one module: a folder, as `go help goproxy` describes it.
fn write_proxy(module: &Path, folder: &Path) {
    let versions = folder.join(MODULE).join("@v");
    fs::create_dir_all(&versions).expect("folders");
    fs::write(versions.join("list"), "v0.1.0\n").expect("written");
    let info = r#"{"Version":"v0.1.0","Time":"2026-01-01T00:00:00Z"}"#;
    fs::write(versions.join("v0.1.0.info"), info).expect("written");
    fs::copy(module.join("go.mod"), versions.join("v0.1.0.mod")).expect("copied");
    let parent = folder.join("zip");
    let inside = parent.join(format!("{MODULE}@v0.1.0"));
    fs::create_dir_all(inside.parent().expect("a folder")).expect("folders");
    fs::rename(module, inside).expect("moved");
    // Go refuses entries for folders.
    let pack = "import os, sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[1], 'w') as file:\n \
        for folder, _, names in os.walk('example.com'):\n  \
        for name in names: file.write(os.path.join(folder, name))";
    let mut zip = isolated("python3");
    zip.args(["-c", pack]).arg(versions.join("v0.1.0.zip"));
    run(zip.current_dir(&parent));
}

const MODULE: &str = "example.com/you/captoken";

/// A program that requires the module of `make go-dist`, which a proxy has, and vendors it.
struct GoProgram {
    folder: PathBuf,
}

impl GoProgram {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-module");
        let _ = fs::remove_dir_all(&folder);
        let mut dist = isolated("sh");
        dist.arg("scripts/dist-go.sh").arg(folder.join("module"));
        for machine in MACHINES {
            dist.args(C_LIBRARIES.map(|name| format!("{machine}-unknown-linux-{name}")));
        }
        dist.current_dir(root())
            .env("CARGO_TARGET_DIR", target_folder())
            .env("GO_MODULE", MODULE);
        run(&mut dist);
        write_proxy(&folder.join("module"), &folder.join("proxy"));

        let program = Self { folder };
        let source = root().join("go/testdata/mint/main.go");
        let source = fs::read_to_string(source).expect("a program");
        let source = source.replace("\"captoken\"", &format!("\"{MODULE}\""));
        fs::create_dir(program.folder.join("program")).expect("a folder");
        fs::write(program.folder.join("program/main.go"), source).expect("written");
        program.shell(&format!(
            "go mod init example.com/program && go get {MODULE}@v0.1.0 && go mod vendor"
        ));
        program
    }

    fn shell(&self, commands: &str) {
        let mut shell = isolated("sh");
        let proxy = self.folder.join("proxy");
        shell
            .args(["-euc", commands])
            .current_dir(self.folder.join("program"))
            .env("GOPROXY", format!("file://{}", proxy.display()))
            .env("GOMODCACHE", self.folder.join("cache"))
            .env("GOFLAGS", "-modcacherw")
            .env("GONOSUMDB", "*")
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off");
        run(&mut shell);
    }
}

#[test]
#[ignore = "needs make dist"]
fn go_module_from_a_proxy_builds_for_every_platform() {
    let program = GoProgram::new();
    let built = program.folder.join("program/built");
    let guide = document("docs/go.md");
    let tables = guide.tables_below("Other platforms");
    let commands = column(&tables[0], 1);
    let [for_aarch64, for_musl] = commands[..] else {
        panic!("{commands:?}");
    };
    let zig = target_folder().join("zig/ziglang/zig");
    let with_zig = |machine: &str| {
        let compiler = format!("CC=\"'{}' cc -target {machine}-linux-musl\"", zig.display());
        for_musl.replace("CC=musl-gcc", &compiler)
    };
    for (machine, command) in [
        ("x86_64", "go build"),
        ("aarch64", for_aarch64),
        ("x86_64", for_musl),
        ("x86_64", &with_zig("x86_64")),
        (
            "aarch64",
            &format!("CGO_ENABLED=1 GOARCH=arm64 {}", with_zig("aarch64")),
        ),
    ] {
        let _ = fs::remove_file(&built);
        program.shell(&format!("{command} -mod=vendor -o built ."));
        assert_eq!(
            needed(&built).is_empty(),
            command.contains("musl"),
            "{command}"
        );
        assert!(readelf("--program-headers", &built).contains("GNU_EH_FRAME"));
        let mut mint = native_or_emulated(machine, &built);
        mint.args(["1400000000", "600", "Alice", "AP123123", "Foo", "Bar"])
            .env("TWILIO_ACCOUNT_SID", "AC123123")
            .env("TWILIO_AUTH_TOKEN", "secret");
        let claims = decode(run(&mut mint).trim_end(), "secret");
        assert_eq!(claims["exp"], 1_400_000_600, "{command}");
    }
    // A library written in Go contains the archive, and exports none of its functions.
    for command in ["go build", for_aarch64] {
        program.shell(&format!(
            "{command} -mod=vendor -buildmode=c-shared -o built ."
        ));
        assert!(readelf("--symbols", &built).contains(" cap_generate_at\n"));
        assert!(!readelf("--dyn-syms", &built).contains(" cap_"));
    }
}

#[test]
#[ignore = "needs make dist"]
fn bills_of_materials_are_valid_and_complete() {
    for archive in Archive::all() {
        let documents = archive.folder.join("share/doc/captoken");
        let bill = documents.join("captoken.cdx.json");
        let check = "import sys; from cyclonedx.schema import SchemaVersion\n\
            from cyclonedx.validation.json import JsonStrictValidator\n\
            sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))";
        let mut python = isolated("python3");
        python.args(["-B", "-c", check]).arg(&bill);
        run(python.env("PYTHONPATH", target_folder().join("cyclonedx")));
        let bill: Value =
            serde_json::from_str(&fs::read_to_string(bill).expect("a bill")).expect("JSON");
        let mut names: Vec<&str> = bill["components"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|component| text(&component["name"]))
            .collect();
        names.sort_unstable();
        for name in [
            "captoken",
            "captoken-cli",
            "clap",
            "hmac",
            "llvm-libunwind",
            "rust-std",
            "sha2",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert_eq!(names.contains(&"musl"), archive.c_library == "musl");
        // Only builds and tests use these.
        assert!(
            !names.contains(&"cbindgen") && !names.contains(&"proptest"),
            "{names:?}"
        );
        for package in ["go", "php"] {
            for file in ["THIRD-PARTY-LICENSES.txt", "RUST-LIBRARY-LICENSES.html"] {
                assert!(archive.folder.join(package).join(file).exists());
            }
        }
        let licences =
            fs::read_to_string(documents.join("THIRD-PARTY-LICENSES.txt")).expect("texts");
        for name in names {
            let is_ours = name.starts_with("captoken");
            let is_named = licences.contains(&format!("\n{name} "));
            assert_eq!(is_named, !is_ours && name != "rust-std", "{name}");
        }
    }
}

/// Builds again in another folder, for another user.
#[test]
#[ignore = "needs make dist deb"]
fn archives_are_reproducible() {
    let mut status = isolated("git");
    let changed = run(status.args(["status", "--porcelain"]).current_dir(root()));
    assert_eq!(
        changed, "",
        "commit first, then make dist deb: a clone is compared"
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("another builder");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder");
    let clone = folder.join("clone");
    run(isolated("git")
        .arg("clone")
        .arg("--quiet")
        .args([root(), &clone]));
    let target = clone.join("target");
    fs::create_dir(&target).expect("a folder");
    for tool in ["zig", "zigbuild", "cyclonedx"] {
        let mut copy = isolated("cp");
        run(copy.arg("-r").arg(target_folder().join(tool)).arg(&target));
    }
    let rustup = run(isolated("rustup").args(["show", "home"]));
    let mut dist = make("dist");
    dist.arg("deb")
        .current_dir(&clone)
        .env_remove("CARGO_TARGET_DIR")
        .env("HOME", folder.join("home"))
        .env("CARGO_HOME", folder.join("cargo"))
        .env("RUSTUP_HOME", rustup.trim_end());
    run(&mut dist);
    let sums = |target: &Path| fs::read_to_string(target.join("dist/SHA256SUMS")).expect("sums");
    assert_eq!(sums(&target), sums(target_folder()));
    fs::remove_dir_all(&folder).expect("removed");
}
