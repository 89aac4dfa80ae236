//! The Makefile: which cargo builds, where it installs, what it leaves.

#![cfg(not(miri))]

use std::env;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::install::{go, isolated, make, outcome, root, run, stage};

/// A new empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("make {name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder");
    folder
}

/// A program that prints a version.
fn versioned(folder: &Path, name: &str, version: &str) -> String {
    let path = folder.join(name);
    let mut file = File::create(&path).expect("a file");
    writeln!(file, "#!/bin/sh\necho '{name} {version} (0000 2022-01-01)'").expect("written");
    let mode = fs::Permissions::from_mode(0o755);
    file.set_permissions(mode).expect("executable");
    path.to_str().expect("UTF-8").to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        found.push(path.clone());
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        }
    }
    found
}

/// `make TARGET`, which installs into a folder.
fn make_at(destination: &Path, prefix: &str, target: &str) -> Command {
    let mut command = make(target);
    command.arg(format!("DESTDIR={}", destination.display()));
    command.arg(format!("PREFIX={prefix}"));
    command
}

#[test]
fn old_cargo_is_named_with_both_versions() {
    let folder = folder("old cargo");
    let cargo = versioned(&folder, "cargo", "1.65.0");
    let rustc = versioned(&folder, "rustc", "1.63.0");
    let told = |cargo: &str| {
        let mut make = make("all");
        make.env("CARGO_TARGET_DIR", folder.join("target"));
        make.env("RUSTC", &rustc).arg(format!("CARGO={cargo}"));
        let (code, out, err) = outcome(&mut make);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        err
    };
    let err = told(&cargo);
    assert!(
        err.contains("cargo 1.65.0 is too old: captoken needs Rust 1.85"),
        "{err}"
    );
    versioned(&folder, "cargo", "1.85.0");
    let err = told(&cargo);
    assert!(
        err.contains("rustc 1.63.0 is too old: captoken needs Rust 1.85"),
        "{err}"
    );
    let err = told("no-cargo-here");
    assert!(
        err.contains("Rust is not installed: no-cargo-here was not found"),
        "{err}"
    );
}

#[test]
fn gnu_names_of_variables_are_refused() {
    for name in ["prefix", "libdir", "destdir"] {
        let (code, _, err) = outcome(make("install").arg(format!("{name}=/opt")));
        assert_eq!(code, Some(2));
        assert!(err.contains("in capitals"), "{err}");
    }
}

/// The shell or make would read them in another way, or captoken.pc would be wrong.
#[test]
fn odd_folders_are_refused() {
    let odd = ["-x", "/a\"b", "/a`b", "/a$b", "/a$$b", "/a\\b", "/a\nb"];
    for name in [
        "CARGO_TARGET_DIR",
        "DESTDIR",
        "PREFIX",
        "LIBDIR",
        "INCLUDEDIR",
        "BINDIR",
        "TO_GO",
    ] {
        for value in odd {
            let (code, out, err) = outcome(make("install").env(name, value));
            assert_eq!((code, out.as_str()), (Some(2), ""), "{name}={value}");
            assert!(
                err.contains(&format!("{name} must not begin with - or contain")),
                "{err}"
            );
        }
    }
    let destination = folder("odd folders");
    for (name, value, message) in [
        ("PREFIX", "/a b", "PREFIX must contain only"),
        ("LIBDIR", "/a b", "LIBDIR must contain only"),
        ("INCLUDEDIR", "/a&b", "INCLUDEDIR must contain only"),
        ("LIBDIR", "lib", "LIBDIR must be an absolute path"),
        ("BINDIR", "", "BINDIR must be an absolute path"),
        ("PREFIX", "", "PREFIX must be an absolute path"),
    ] {
        let mut make = make_at(&destination, "/opt", "install");
        let (code, _, err) = outcome(make.arg(format!("{name}={value}")));
        assert_eq!(code, Some(2), "{name}={value}");
        assert!(err.contains(message), "{err}");
    }
    assert!(files(&destination).is_empty());

    // References to make's variables, and other characters, are as they were.
    let destination = destination.join("a b'c;d&e*é#%");
    let mut install = make_at(&destination, "/opt", "install-cli");
    run(install.arg("BINDIR=$(PREFIX)/my bin"));
    assert!(destination.join("opt/my bin/captoken").exists());
}

/// The errors of make if cargo fails. This cargo prints the home directory that rustc.sh gets.
fn refused_build(target: &Path, home: Option<&str>) -> String {
    let folder = folder(&format!("fake cargo for {}", target.display()).replace('/', "-"));
    let rustc = versioned(&folder, "rustc", "1.95.0");
    let cargo = versioned(&folder, "cargo", "1.95.0");
    let script = "case $1 in --version) echo 'cargo 1.95.0 (0)' ;;\n\
                  *) echo \"home: $CAPTOKEN_CARGO_HOME\" >&2; exit 101 ;; esac\n";
    fs::write(&cargo, format!("#!/bin/sh\n{script}")).expect("written");
    let mut make = make("all");
    make.env("CARGO_TARGET_DIR", target)
        .env("RUSTC", rustc)
        .env_remove("CARGO_HOME")
        .arg(format!("CARGO={cargo}"));
    match home {
        Some(home) => make.env("HOME", home),
        None => make.env_remove("HOME"),
    };
    let (code, _, err) = outcome(&mut make);
    assert_eq!(code, Some(2), "{err}");
    err
}

/// The library would contain the name of the builder's home directory.
#[test]
fn home_is_found_without_the_variable() {
    let target = folder("home");
    let user = run(Command::new("id").arg("-u"));
    let entry = run(Command::new("getent").args(["passwd", user.trim()]));
    let home = entry.split(':').nth(5).expect("a home directory");
    let expected = format!("home: {home}/.cargo\n");
    for home in [None, Some("")] {
        let err = refused_build(&target, home);
        assert!(err.contains(&expected), "{err}");
    }
}

#[test]
fn target_folders_that_cannot_be_used_are_named() {
    // The kernel refuses new folders in /proc, also to root.
    let err = refused_build(Path::new("/proc/captoken"), Some("/"));
    assert!(
        err.contains("You may not write to the folder /proc/captoken."),
        "{err}"
    );
    assert!(err.contains("Set CARGO_TARGET_DIR"), "{err}");
    for name in ["a:b", "a%b"] {
        let target = folder(name);
        let err = refused_build(&target, Some("/"));
        let hint = format!(
            "{}. Set CARGO_TARGET_DIR to another folder",
            target.display()
        );
        assert!(err.contains(&hint), "{err}");
    }
}

/// cd searches the folders of CDPATH first, and prints what it found.
#[test]
fn cdpath_changes_nothing() {
    stage();
    let elsewhere = folder("cdpath");
    for name in ["php", "go", "copy"] {
        fs::create_dir_all(elsewhere.join(name).join("src")).expect("folders");
    }
    let destination = folder("cdpath destination");
    let installed = |variable: Option<&Path>| {
        let _ = fs::remove_dir_all(&destination);
        let mut make = make_at(&destination, "/opt", "install-php");
        if let Some(variable) = variable {
            make.env("CDPATH", format!("{}:.", variable.display()));
        }
        assert_eq!(run(&mut make), "");
        let mut installed = files(&destination);
        installed.sort();
        installed
    };
    assert_eq!(installed(Some(&elsewhere)), installed(None));

    // Each script that changes the folder is safe.
    let mut scripts = vec![root().join("tests/go.sh"), root().join(".ci/run")];
    scripts.extend(files(&root().join("scripts")));
    for script in scripts {
        let text = fs::read_to_string(&script).expect("a script");
        let is_shell = text.starts_with("#!/bin/sh") || text.starts_with("#!/usr/bin/env bash");
        if is_shell && (text.contains("\ncd ") || text.contains("(cd ")) {
            let unset = text.find("\nunset CDPATH\n").expect("unset CDPATH");
            assert!(
                text[..unset].find("\ncd ").is_none(),
                "{}",
                script.display()
            );
        }
    }
}

/// Programs of all users load the library.
#[test]
fn umask_does_not_restrict_installed_files() {
    stage();
    let destination = folder("umask");
    for target in ["install", "install-php"] {
        let make = make_at(&destination, "/opt", target);
        let mut shell = isolated("sh");
        shell
            .args(["-c", "umask 077 && exec make \"$@\"", "sh"])
            .args(make.get_args())
            .current_dir(root())
            .env_remove("MAKEFLAGS");
        for (name, value) in make.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        run(&mut shell);
    }
    for path in files(&destination.join("opt")) {
        let mode = fs::metadata(&path).expect("a file").mode();
        assert_eq!(mode & 0o044, 0o044, "{}", path.display());
        assert!(
            !path.is_dir() || mode & 0o011 == 0o011,
            "{}",
            path.display()
        );
    }
}

#[test]
fn dry_run_keeps_the_stage() {
    let target = folder("dry run");
    let file = target.join("stage/usr/file");
    fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
    fs::write(&file, "").expect("written");
    for name in ["stage", "install", "go-lib"] {
        run(make(name).arg("-n").env("CARGO_TARGET_DIR", &target));
        fs::metadata(&file).expect("the file");
    }
    assert_eq!(files(&target.join("stage")).len(), 2);
    let new = target.join("new");
    run(make("install").arg("-n").env("CARGO_TARGET_DIR", &new));
    assert!(!new.join("release").exists());
}

/// MAKEFLAGS=-R removes make's own variables, such as CC.
#[test]
fn demo_has_a_compiler_without_make() {
    let out = run(make("demo").args(["-n", "-R"]).env_remove("CC"));
    assert!(out.contains("\ncc -std=c99 "), "{out}");
}

#[test]
fn macos_is_told_what_works() {
    let folder = folder("macOS");
    let uname = folder.join("uname");
    fs::write(&uname, "#!/bin/sh\necho Darwin\n").expect("written");
    fs::set_permissions(&uname, fs::Permissions::from_mode(0o755)).expect("executable");
    let path = format!("{}:{}", folder.display(), env::var("PATH").expect("UTF-8"));
    let on_macos = |arguments: &[&str]| {
        let mut make = isolated("make");
        make.args(arguments).current_dir(root());
        make.env("PATH", &path)
            .env("CARGO_TARGET_DIR", folder.join("target"));
        make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        outcome(&mut make)
    };
    for refused in [
        &[][..],
        &["all"],
        &["-n", "demo"],
        &["clean", "install-php"],
        &["help", "lint"],
    ] {
        let (code, out, err) = on_macos(refused);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{refused:?} {err}");
        for part in [
            "*** make works only on Linux. On macOS, these work:\n",
            "\n  cargo build --release --workspace ",
            "\n  C and Go ",
            "\n  PHP on the command line             set CAPTOKEN_LIB to target/release/libcaptoken.dylib",
            "\ndocs/install.md#macos has the commands.",
            "php-fpm, Apache and preloading\nare untried.",
        ] {
            assert!(err.contains(part), "{refused:?} {err}");
        }
        assert!(err.lines().count() < 10, "{err}");
    }
    for works in [&["help"][..], &["-n", "clean"], &["help", "clean", "-n"]] {
        let (code, out, err) = on_macos(works);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{works:?}");
        assert!(!out.is_empty());
    }
    assert!(!folder.join("target").exists());
}

#[test]
fn unwritable_folders_are_named() {
    let script = fs::read(root().join("scripts/check-install.sh")).expect("a script");
    let folder = folder("unwritable");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("read-only");
    // Root may write to every folder.
    let is_root = fs::metadata("/proc/self").expect("a process").uid() == 0;
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    let place = if is_root {
        Path::new("/usr/lib")
    } else {
        &folder
    };
    let program = String::from_utf8(script).expect("UTF-8");
    command.args(["-c", &program, "check-install.sh"]);
    command.arg(place.join("new/folder"));
    for name in ["PREFIX", "LIBDIR", "INCLUDEDIR", "BINDIR"] {
        command.env(name, "/opt");
    }
    let (code, _, err) = outcome(command.current_dir("/"));
    assert_eq!(code, Some(1), "{err}");
    let expected = format!(
        "You may not write to {}. Run the command with sudo",
        place.display()
    );
    assert!(err.starts_with(&expected), "{err}");
}

#[test]
fn uninstall_all_leaves_nothing() {
    stage();
    let destination = folder("destination");
    let at = |target| make_at(&destination, "/opt/x", target);
    let conf = destination.join("etc/php/8.2/fpm/conf.d");
    fs::create_dir_all(&conf).expect("folders");
    for target in ["install", "install-php"] {
        run(&mut at(target));
    }
    let link = conf.join("99-captoken.ini");
    symlink("/opt/x/share/php/captoken/captoken.ini", &link).expect("a link");
    let said = run(&mut at("uninstall-all"));
    assert!(
        said.contains("99-captoken.ini: restart its server"),
        "{said}"
    );
    let left = files(&destination);
    assert!(
        left.iter()
            .all(|path| path.starts_with(destination.join("etc")) || path.ends_with("opt")),
        "{left:?}"
    );
    assert!(!link.is_symlink());
}

/// After a downgrade, `ldconfig` would let programs load the newest library of the SONAME.
#[test]
fn libraries_of_other_versions_are_removed() {
    stage();
    let destination = folder("versions");
    let at = |target| make_at(&destination, "/opt", target);
    let lib = destination.join("opt/lib");
    let newer = lib.join("libcaptoken.so.0.99.1");
    let others = ["libcaptoken.so.1.0.0", "libcaptoken.so.0.mine"].map(|name| lib.join(name));
    run(&mut at("install"));
    for other in others.iter().chain([&newer]) {
        fs::write(other, "").expect("written");
    }
    run(&mut at("install"));
    assert!(!newer.exists());
    assert!(lib.join("libcaptoken.so.0").exists());
    fs::write(&newer, "").expect("written");
    run(&mut at("uninstall"));
    let mut left = files(&lib);
    left.sort();
    let mut expected = others.to_vec();
    expected.sort();
    assert_eq!(left, expected);
}

/// A program that starts during an installation finds whole files.
#[test]
fn files_are_replaced_by_renames() {
    stage();
    let destination = folder("renames");
    let at = |target| make_at(&destination, "/opt", target);
    let opt = destination.join("opt");
    run(&mut at("install"));
    let folders = files(&opt).into_iter().filter(|path| path.is_dir());
    let watch = Watch::new(folders);
    run(&mut at("install"));
    let mut renamed = Vec::new();
    for (mask, name) in watch.events() {
        // A new file with another name is not in use yet.
        if name.contains("captoken") && !name.starts_with('.') {
            assert_eq!(mask, libc::IN_MOVED_TO, "{name}");
            renamed.push(name);
        }
    }
    renamed.sort();
    let installed = files(&opt).into_iter().filter(|path| !path.is_dir());
    let mut expected: Vec<String> = installed
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.contains("captoken"))
        .collect();
    expected.sort();
    assert!(expected.len() > 15, "{expected:?}");
    assert_eq!(renamed, expected);
}

/// Records how the files of folders change, by Linux's inotify.
struct Watch(File);

impl Watch {
    fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        // SAFETY: the call has no pointer.
        let descriptor = unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) };
        assert!(descriptor >= 0, "inotify works");
        let mask = libc::IN_MODIFY | libc::IN_CREATE | libc::IN_DELETE | libc::IN_MOVED_TO;
        for folder in folders {
            let path = CString::new(folder.as_os_str().as_bytes()).expect("no NUL");
            // SAFETY: the path is NUL-terminated.
            let watched = unsafe { libc::inotify_add_watch(descriptor, path.as_ptr(), mask) };
            assert!(watched >= 0, "{path:?}");
        }
        // SAFETY: nothing else owns the descriptor.
        Self(unsafe { File::from_raw_fd(descriptor) })
    }

    /// The changes so far, with the names of the files.
    fn events(mut self) -> Vec<(u32, String)> {
        let mut events = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(size @ 1..) = self.0.read(&mut buffer) {
            let mut rest = &buffer[..size];
            // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len].
            while let Some((head, tail)) = rest.split_at_checked(16) {
                let number = |at: usize| {
                    u32::from_ne_bytes(head[at..at + 4].try_into().expect("four bytes"))
                };
                let (name, next) = tail.split_at(number(12) as usize);
                let name = String::from_utf8_lossy(name);
                events.push((number(4), name.trim_end_matches('\0').to_owned()));
                rest = next;
            }
        }
        events
    }
}

#[test]
fn edited_ini_file_stays() {
    stage();
    let destination = folder("php");
    let mut install = make_at(&destination, "/opt", "install-php");
    let ini = destination.join("opt/share/php/captoken/captoken.ini");
    run(&mut install);
    let fresh = fs::read_to_string(&ini).expect("an ini file");
    assert_eq!(run(&mut install), "");
    assert_eq!(fs::read_to_string(&ini).expect("an ini file"), fresh);
    fs::write(&ini, "; mine\n").expect("written");
    let said = run(&mut install);
    assert!(said.contains("captoken.ini.dist is the new one"), "{said}");
    assert_eq!(fs::read_to_string(&ini).expect("an ini file"), "; mine\n");
    let new = fs::read_to_string(ini.with_extension("ini.dist")).expect("a new one");
    assert_eq!(new, fresh);
}

#[test]
fn archive_is_packed_with_gnu_ld() {
    let folder = folder("pack");
    let release = folder.join("release");
    fs::create_dir(&release).expect("a folder");
    for (from, to) in [
        ("libcaptoken.so.0", "libcaptoken.so"),
        ("libcaptoken.a", "libcaptoken.a"),
    ] {
        fs::copy(stage().join("lib").join(from), release.join(to)).expect("copied");
    }
    let mut pack = Command::new("sh");
    pack.arg(root().join("scripts/pack-archive.sh"))
        .arg(&folder);
    let said = run(pack.env("LD", "ld.gold"));
    assert_eq!(
        said,
        "LD=ld.gold cannot repack the archive: using ld.bfd.\n"
    );
    let defined = run(Command::new("nm")
        .args(["--defined-only", "-g"])
        .arg(release.join("libcaptoken.a")));
    assert_eq!(defined.matches(" cap_").count(), 23, "{defined}");
}

#[test]
fn go_copy_has_another_module_path() {
    let copy = folder("go copy").join("new folder");
    let module = "example.com/x/captoken";
    run(make("go-lib")
        .arg(format!("TO_GO={}", copy.display()))
        .arg(format!("GO_MODULE={module}")));
    let manifest = fs::read_to_string(copy.join("go.mod")).expect("a manifest");
    assert!(manifest.starts_with(&format!("module {module}\n")));

    // The same files, except for what was built.
    let names = |folder: &Path| {
        let mut names: Vec<PathBuf> = files(folder);
        names.retain(|path| {
            path.extension()
                .is_some_and(|end| end == "go" || end == "rs")
        });
        for path in &mut names {
            *path = path.strip_prefix(folder).expect("below").to_owned();
        }
        names.sort();
        names
    };
    let copied = names(&copy);
    assert_eq!(copied, names(&root().join("go")));
    for name in copied {
        let source = fs::read_to_string(copy.join(&name)).expect("a source");
        let imports = source.lines().any(|line| line.trim() == "\"captoken\"");
        assert!(!imports, "{}", name.display());
    }

    run(&mut go(&copy, &["vet", "./..."]));
    let out = run(&mut go(
        &copy,
        &["test", "-count=1", "-short", "-v", "./..."],
    ));
    assert!(out.contains("\nok  \texample.com/x/captoken\t"), "{out}");
    // The tests of the vectors ran, and those of documents were skipped.
    assert!(out.contains("--- PASS: TestVectors"), "{out}");
    let of_builds = [
        "test",
        "-count=1",
        "-run",
        "TestBuild(ReplaceAllows|ReadmeFunction)",
        "-v",
        ".",
    ];
    let out = run(&mut go(&copy, &of_builds));
    assert!(
        out.contains("--- PASS: TestBuildReplaceAllowsGetAndWorkspaces"),
        "{out}"
    );
    assert!(
        out.contains("--- SKIP: TestBuildReadmeFunctionMintsAToken"),
        "{out}"
    );

    // A second run refreshes the copy.
    fs::write(copy.join("verify.go"), "").expect("written");
    run(make("go-lib")
        .arg(format!("TO_GO={}", copy.display()))
        .arg(format!("GO_MODULE={module}")));
    assert_ne!(
        fs::read_to_string(copy.join("verify.go")).expect("read"),
        ""
    );
}

#[test]
fn go_refuses_folders_that_go_cannot_use() {
    let folder = folder("it's odd");
    let mut odd = make("go-lib");
    odd.arg(format!("TO_GO={}", folder.display()));
    for module in [&[][..], &["GO_MODULE=example.com/x"]] {
        let (code, _, err) = outcome(odd.args(module));
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("Go cannot build in"), "{err}");
        assert!(err.contains("because it contains '\n"), "{err}");
    }
    assert_eq!(files(&folder).len(), 0);
    for (to, message) in [
        ("TO_GO=", "TO_GO is empty"),
        (
            "TO_GO=/no/such/folder",
            "There is no folder /no/such/folder",
        ),
        ("TO_GO=/proc/captoken", "There is no folder /proc/captoken"),
    ] {
        let (code, _, err) = outcome(make("go-lib").arg(to));
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(message), "{err}");
    }
}

#[test]
fn go_copy_refuses_wrong_variables() {
    let folder = folder("wrong go copy");
    let other = folder.join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("go.mod"), "module example.com/other\n").expect("written");
    let copy = folder.join("copy");
    let go = root().join("go");
    let below = go.join("copy");
    let manifest = fs::read_to_string(go.join("go.mod")).expect("a manifest");
    for (to, module, message) in [
        (&copy, "hello", "must have a dot"),
        (&copy, "x/example.com", "must have a dot"),
        (&copy, "example.com/a b", "GO_MODULE must be a module path"),
        (&copy, "example.com/a|b", "GO_MODULE must be a module path"),
        (&copy, "example.com/../b", "GO_MODULE must be a module path"),
        (&copy, "example.com/", "GO_MODULE must be a module path"),
        (&other, "example.com/x", "has another Go module"),
        (&folder, "example.com/x", "has other files"),
        (&go, "example.com/x", "Set TO_GO to a folder outside go"),
        (&below, "example.com/x", "Set TO_GO to a folder outside go"),
    ] {
        let (code, _, err) = outcome(
            make("go-lib")
                .arg(format!("TO_GO={}", to.display()))
                .arg(format!("GO_MODULE={module}")),
        );
        assert_eq!(code, Some(2), "{module}");
        assert!(err.contains(message), "{module}: {err}");
    }
    let (code, _, err) = outcome(make("go-lib").arg("GO_MODULE=example.com/x"));
    assert_eq!(code, Some(2));
    assert!(err.contains("Set TO_GO to a folder outside go"), "{err}");
    assert!(!copy.exists() && !below.exists());
    assert_eq!(fs::read_to_string(go.join("go.mod")).ok(), Some(manifest));
    assert_eq!(files(&other).len(), 1);
}
