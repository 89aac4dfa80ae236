//! Programs of C and C++, linked with the library as it is installed.

#![allow(dead_code, reason = "no test uses everything")]

use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use crate::native::{root, run, stage};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    C99,
    Cpp17,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// Against `libcaptoken.so`.
    Shared,
    /// Against `libcaptoken.a`, and everything else shared.
    Static,
    /// With nothing shared at all.
    FullyStatic,
}

/// A compiled program.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    linkage: Linkage,
}

/// Compiles a program without a warning. The compiler is given the arguments in
/// their order; `captoken` among them stands for the library, as `linkage` says.
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
    compiler
        .arg(source)
        .args(["-x", "none"])
        .arg("-L")
        .arg(&lib);
    if linkage == Linkage::FullyStatic {
        compiler.args(["-static", WRAP]).arg(balance());
    }
    for &argument in arguments {
        match (argument, linkage) {
            ("captoken", Linkage::Static) => compiler.arg(lib.join("libcaptoken.a")),
            ("captoken", _) => compiler.arg("-lcaptoken"),
            _ => compiler.arg(argument),
        };
    }
    // What captoken.pc says of static linking.
    compiler.args(["-lpthread", "-ldl", "-lm"]);
    run(compiler.arg("-o").arg(&path));
    Program { path, linkage }
}

/// Functions that are called through tests/c/balance.c.
const WRAP: &str = "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=posix_memalign,\
                    --wrap=free,--wrap=pthread_create,--wrap=main";

/// tests/c/balance.c, compiled once.
fn balance() -> &'static Path {
    static BALANCE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let own = folder.join(format!("balance-{}.o", process::id()));
        let object = folder.join("balance.o");
        let mut compiler = compiler("CC", "cc", &["-std=c99", "-O2", "-c"]);
        let source = root().join("tests/c/balance.c");
        run(compiler.args(WARNINGS).arg(source).arg("-o").arg(&own));
        // At once, as other test programs may be linking it.
        fs::rename(own, &object).expect("renamed");
        object
    });
    &BALANCE
}

/// What compiles without a word compiles for everyone who asks for less.
pub(crate) const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"];

/// The compiler that the environment names, or the system's.
pub(crate) fn compiler(variable: &str, default: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var(variable).unwrap_or_else(|_| default.to_owned()));
    command.args(arguments);
    command
}

impl Program {
    /// The program, to be run as it is.
    pub(crate) fn command(&self) -> Command {
        self.with_library(Command::new(&self.path))
    }

    /// The program, to be run in a way that ends it with status 99 for a memory
    /// error or a leak of whatever kind: under valgrind, or where that cannot look,
    /// with tests/c/balance.c inside.
    pub(crate) fn watched(&self) -> Command {
        if self.linkage == Linkage::FullyStatic {
            return self.command();
        }
        let mut command = Command::new("valgrind");
        command
            .args([
                "--quiet",
                "--error-exitcode=99",
                "--leak-check=full",
                "--show-leak-kinds=all",
                "--errors-for-leak-kinds=all",
            ])
            .arg(&self.path);
        self.with_library(command)
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
        // A file that stays behind in the target folder harms nobody.
        let _ = fs::remove_file(&self.path);
    }
}
