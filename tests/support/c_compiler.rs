//! Compiles C and C++ programs that link with the installed library.

use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use super::install::{isolated, root, run, stage};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    C99,
    Cpp17,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// Against `libcaptoken.so`.
    Shared,
    /// Against `libcaptoken.a`; everything else is shared.
    Static,
    /// With `-static`.
    FullyStatic,
}

/// A compiled program.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    linkage: Linkage,
}

/// Compiles a program; a warning is an error. An argument that ends in `.c` is another source.
/// The argument `captoken` stands for the library, linked as `linkage` says, or as the
/// [`sanitizer`] needs.
pub(crate) fn compile(
    source: &Path,
    language: Language,
    linkage: Linkage,
    arguments: &[&str],
) -> Program {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "program-{}-{}",
        process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    ));
    let mut compiler = match language {
        Language::C99 => compiler("CC", "cc", &["-std=c99"]),
        Language::Cpp17 => compiler("CXX", "c++", &["-std=c++17", "-x", "c++"]),
    };
    let lib = stage().join("lib");
    compiler
        .args(WARNINGS)
        .arg("-I")
        .arg(stage().join("include"));
    let (sources, arguments): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .partition(|argument| argument.ends_with(".c"));
    compiler
        .arg(source)
        .args(sources)
        .args(["-x", "none"])
        .arg("-L")
        .arg(&lib);
    let libs = sanitizer("libs");
    if let Some(flags) = sanitizer("flags") {
        compiler.arg(flags);
    } else if linkage == Linkage::FullyStatic {
        compiler.args(["-static", WRAP]).arg(balance());
    }
    for argument in arguments {
        match (argument, &libs, linkage) {
            ("captoken", Some(libs), _) => compiler.arg(libs),
            ("captoken", None, Linkage::Static) => compiler.arg(lib.join("libcaptoken.a")),
            ("captoken", None, _) => compiler.arg("-lcaptoken"),
            _ => compiler.arg(argument),
        };
    }
    // Libs.private of captoken.pc.in.
    compiler.args(["-lpthread", "-ldl", "-lm"]);
    run(compiler.arg("-o").arg(&path));
    Program { path, linkage }
}

/// Arguments of the compiler for a sanitizer: its `flags`, or its `libs` in the place of the
/// library. scripts/sanitize.sh writes them into the folder that the variable names. The sanitizer
/// then replaces valgrind and tests/c/balance.c.
fn sanitizer(arguments: &str) -> Option<String> {
    let folder = env::var("CAPTOKEN_SANITIZER").ok()?;
    Some(format!("@{folder}/{arguments}"))
}

/// The functions that tests/c/balance.c replaces.
const WRAP: &str = "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=posix_memalign,\
                    --wrap=free,--wrap=pthread_create,--wrap=main";

/// tests/c/balance.c, compiled once.
fn balance() -> &'static Path {
    static BALANCE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let new = folder.join(format!("balance-{}.o", process::id()));
        let object = folder.join("balance.o");
        let mut compiler = compiler("CC", "cc", &["-std=c99", "-O2", "-c"]);
        let source = root().join("tests/c/balance.c");
        run(compiler.args(WARNINGS).arg(source).arg("-o").arg(&new));
        // Atomic, because another run of the tests may be linking it.
        fs::rename(new, &object).expect("renamed");
        object
    });
    &BALANCE
}

/// At least as strict as users' compilers.
pub(crate) const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"];

/// The compiler that an environment variable names, or a default.
pub(crate) fn compiler(variable: &str, default: &str, arguments: &[&str]) -> Command {
    let mut command = isolated(env::var(variable).unwrap_or_else(|_| default.to_owned()));
    command.args(arguments);
    command
}

impl Program {
    /// A command that runs the program.
    pub(crate) fn command(&self) -> Command {
        self.with_library(isolated(&self.path))
    }

    /// A command that ends with status 99 on a memory error, or if any memory is not freed. It
    /// runs valgrind, except for a static program, which contains tests/c/balance.c instead.
    pub(crate) fn watched(&self) -> Command {
        self.memcheck("all")
    }

    /// The same for only these kinds of leaks, which valgrind distinguishes.
    pub(crate) fn memcheck(&self, leaks: &str) -> Command {
        if self.linkage == Linkage::FullyStatic || sanitizer("flags").is_some() {
            return self.command();
        }
        let mut command = self.valgrind("memcheck");
        command
            .arg("--leak-check=full")
            .arg(format!("--show-leak-kinds={leaks}"))
            .arg(format!("--errors-for-leak-kinds={leaks}"))
            .arg(&self.path);
        command
    }

    /// Commands that end with status 99 if threads race: with helgrind and with drd, or with
    /// the sanitizer.
    pub(crate) fn thread_checkers(&self) -> Vec<Command> {
        if sanitizer("flags").is_some() {
            return vec![self.command()];
        }
        let with = |tool| {
            let mut command = self.valgrind(tool);
            for folder in ["examples-c", "examples-c/server"] {
                let suppressions = root().join(folder).join("threads.supp");
                command.arg(format!("--suppressions={}", suppressions.display()));
            }
            command.arg(&self.path);
            command
        };
        ["helgrind", "drd"].map(with).into()
    }

    /// A command that runs a tool of valgrind and ends with status 99 if it reports anything.
    /// The program and its arguments must be added.
    pub(crate) fn valgrind(&self, tool: &str) -> Command {
        let mut command = isolated("valgrind");
        command.args(["--quiet", "--error-exitcode=99"]);
        command.arg(format!("--tool={tool}"));
        self.with_library(command)
    }

    /// A command that runs callgrind in a new folder of this name, and the folder. Each call of
    /// one of the functions writes its counts to the next of the files `count.1`, `count.2` ...
    /// Arguments may be added.
    pub(crate) fn callgrind(&self, folder: &str, functions: &[&str]) -> (Command, PathBuf) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("a folder");
        let mut command = self.valgrind("callgrind");
        command.args(["--collect-atstart=no", "--callgrind-out-file=count"]);
        for function in functions {
            for option in ["toggle-collect", "zero-before", "dump-after"] {
                command.arg(format!("--{option}={function}"));
            }
        }
        // Resolves symbols at start, not in the first call of each function.
        command.env("LD_BIND_NOW", "1");
        command.arg(&self.path).current_dir(&folder);
        (command, folder)
    }

    fn with_library(&self, mut command: Command) -> Command {
        if self.linkage == Linkage::Shared {
            command.env("LD_LIBRARY_PATH", stage().join("lib"));
        }
        command
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A leftover file in the target folder is harmless.
        let _ = fs::remove_file(&self.path);
    }
}
