//! C and C++ programs that link with the installed library, most under valgrind.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::fs;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::time::UNIX_EPOCH;

use crate::support::c_compiler::{Language, Linkage, Program, WARNINGS, compile, compiler};
use crate::support::document::document;
use crate::support::header::declared;
use crate::support::install::{isolated, make, outcome, root, run, stage};
use crate::support::scope::{self, scopes};
use crate::support::token::{self, HEADER, decode, sign};
use crate::support::vectors::{self, cases};

/// The case of tests/data whose input `make demo` uses.
const DEMO: &str = "seed_php_params_ttl_600";
const DEMO_ARGUMENTS: [&str; 10] = [
    "-i",
    "Alice",
    "-o",
    "AP123123",
    "-p",
    "Foo=Bar",
    "-t",
    "600",
    "-n",
    "1400000000",
];

/// The token that one of Twilio's libraries minted for a case.
fn official(name: &str, sdk: &str) -> String {
    let cases = cases();
    let case = cases.iter().find(|case| case["name"] == name);
    vectors::official(case.expect("the case"), sdk).to_owned()
}

/// An example, compiled for each language and linkage.
fn example(name: &str) -> Vec<Program> {
    let source = root().join("examples-c").join(name);
    let mut programs = Vec::new();
    for language in [Language::C99, Language::Cpp17] {
        for linkage in [Linkage::Shared, Linkage::Static, Linkage::FullyStatic] {
            programs.push(compile(&source, language, linkage, &["captoken"]));
        }
    }
    programs
}

fn with_credentials(mut command: Command) -> Command {
    command
        .env("TWILIO_ACCOUNT_SID", "AC123123")
        .env("TWILIO_AUTH_TOKEN", "secret");
    command
}

fn without_credentials(mut command: Command) -> Command {
    command
        .env_remove("TWILIO_ACCOUNT_SID")
        .env_remove("TWILIO_AUTH_TOKEN");
    command
}

#[test]
fn example_mint_prints_the_official_token() {
    for mint in example("mint.c") {
        let token = run(with_credentials(mint.watched()).args(DEMO_ARGUMENTS));
        assert_eq!(token.trim_end(), official(DEMO, "ruby-3.16.1"));
        assert_eq!(
            run(with_credentials(mint.command()).args(DEMO_ARGUMENTS)),
            token
        );

        // With the clock, and a parameter longer than any fixed buffer.
        let param = format!("Foo={}", "x=".repeat(5000));
        let arguments = ["-o", "AP123123", "-p", param.as_str()];
        let token = run(with_credentials(mint.watched()).args(arguments));
        let scopes = scopes(&decode(token.trim_end(), "secret"));
        assert_eq!(scopes[0].params, [("Foo".to_owned(), "x=".repeat(5000))]);
    }
}

#[test]
fn example_mint_reports_errors() {
    let source = root().join("examples-c/mint.c");
    let mint = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    let wrong = [
        (vec!["-i", ""], "client name: a required string is empty"),
        (
            vec!["-o", ""],
            "application SID: a required string is empty",
        ),
        (
            vec!["-p", "a=b"],
            "parameter (-o comes first): call cap_allow_outgoing",
        ),
        (vec!["-o", "AP1", "-p", "ab"], "a parameter lacks '=': ab"),
        (vec!["-t", "0"], "the time to live is not between"),
        (vec!["-t", "86401"], "the time to live is not between"),
        (vec!["-t", "600s"], "not a whole number: 600s"),
        (vec!["-t", "99999999999999999999"], "not a whole number"),
        (vec!["-n", "-1"], "a time is before 1970"),
        (vec!["-n"], "usage: mint"),
        (vec!["-x"], "usage: mint"),
        (vec!["Alice"], "usage: mint"),
        (vec!["-i", "Alice", "-x"], "usage: mint"),
    ];
    for (arguments, message) in wrong {
        let (code, out, err) = outcome(with_credentials(mint.watched()).args(&arguments));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}: {err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
    // Help needs no credentials, and usage errors are reported before missing ones.
    let help = run(without_credentials(mint.watched()).arg("-h"));
    assert!(help.starts_with("usage: mint"), "{help}");
    let (_, _, err) = outcome(without_credentials(mint.watched()).arg("-x"));
    assert!(err.contains("usage: mint"), "{err}");
    let (code, out, err) = outcome(&mut without_credentials(mint.watched()));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains("no account SID or auth token was given"),
        "{err}"
    );
}

#[test]
fn example_voice_app_mints_from_all_threads() {
    for voice_app in example("voice_app.c") {
        let out = run(with_credentials(voice_app.watched()).args(["3", "20"]));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3, "{out}");
        for (number, line) in lines.into_iter().enumerate() {
            let start = format!("thread {number}: 20 tokens, the last ");
            let token = line.strip_prefix(&start).expect("a token");
            let claims = decode(token, "secret");
            assert_eq!(claims["iss"], "AC123123");
            let queue = ("queue".to_owned(), "sales & support".to_owned());
            assert_eq!(scopes(&claims)[1].params, [queue]);
        }
        let (code, _, err) = outcome(&mut without_credentials(voice_app.watched()));
        assert_eq!(code, Some(1), "{err}");
        assert!(
            err.contains("set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
            "{err}"
        );
    }
}

#[test]
fn example_check_prints_only_valid_payloads() {
    let handed = |mut command: Command, token: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("token-{}", process::id()));
        fs::write(&path, token).expect("a file");
        let outcome = outcome(command.stdin(File::open(&path).expect("a file")));
        fs::remove_file(path).expect("removed");
        outcome
    };
    let payload = r#"{"exp":9999999999,"name":"é"}"#;
    let token = |payload: &str| sign(HEADER.as_bytes(), payload.as_bytes(), "secret");
    let valid = token(payload);
    for check in example("check.c") {
        let (code, out, err) = handed(with_credentials(check.watched()), &format!("{valid}\n"));
        assert_eq!((code, out), (Some(0), format!("{payload}\n")), "{err}");
    }

    let source = root().join("examples-c/check.c");
    let check = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    for end in ["", "\r\n", "\nanother line"] {
        let command = with_credentials(check.command());
        let (code, _, err) = handed(command, &format!("{valid}{end}"));
        assert_eq!(code, Some(0), "{err}");
    }
    for (token, message) in [
        (String::new(), "no line with a token on standard input"),
        (
            format!("{valid}\0x"),
            "no line with a token on standard input",
        ),
        (token(r#"{"exp":1}"#), "request a new one"),
        (token("{}"), "the token is malformed"),
        (format!("{valid}="), "the token is malformed"),
        (
            sign(HEADER.as_bytes(), b"{}", "x"),
            "signature does not match",
        ),
    ] {
        let (code, out, err) = handed(with_credentials(check.watched()), &token);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{message}");
        assert!(err.contains(message), "{err}");
    }
    for (payload, expected) in payloads_of_other_clocks() {
        let (code, _, err) = handed(with_credentials(check.command()), &token(&payload));
        assert_eq!(code, Some(expected), "{payload}: {err}");
    }
    let (code, _, err) = handed(without_credentials(check.watched()), &valid);
    assert_eq!(code, Some(1));
    assert!(err.contains("set TWILIO_AUTH_TOKEN"), "{err}");
}

/// The other tests rely on this: `watched` reports each memory error, for each linkage.
#[test]
fn watched_programs_fail_on_memory_errors() {
    let source = root().join("tests/c/mistakes.c");
    for linkage in [Linkage::Shared, Linkage::Static, Linkage::FullyStatic] {
        let mistakes = compile(&source, Language::C99, linkage, &["captoken"]);
        run(mistakes.watched().arg("none"));
        for mistake in ["leak", "handle", "twice", "overrun"] {
            let (code, _, err) = outcome(mistakes.watched().arg(mistake));
            assert_eq!(code, Some(99), "{linkage:?}, {mistake}: {err}");
        }
    }
}

#[test]
fn programs_of_twilio_pages_match() {
    let source = root().join("tests/c/pages.c");
    let pages = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    let out = run(&mut pages.watched());
    let mut programs = 0;
    for line in out.lines() {
        let (name, token) = line.split_once(' ').expect("a name and a token");
        if name == "user_id" {
            let params = &scopes(&decode(token, "secret"))[0].params;
            assert_eq!(*params, [("user_id".to_owned(), "42".to_owned())]);
        } else {
            assert_eq!(token, official(name, "ruby-3.16.1"), "{name}");
        }
        programs += 1;
    }
    assert_eq!(programs, 6);
}

#[test]
fn cap_mint_equals_a_handle() {
    let source = root().join("tests/c/one_call.c");
    for language in [Language::C99, Language::Cpp17] {
        for linkage in [Linkage::Shared, Linkage::Static, Linkage::FullyStatic] {
            let one_call = compile(&source, language, linkage, &["captoken"]);
            run(&mut one_call.watched());
        }
    }
}

#[test]
fn clock_before_1970_is_an_error() {
    let source = root().join("tests/c/clock.c");
    for linkage in [Linkage::Shared, Linkage::Static] {
        let clock = compile(&source, Language::C99, linkage, &["captoken"]);
        run(&mut clock.watched());
    }
}

/// Functions without strings allocate nothing; tests/out_of_memory has them too.
#[test]
fn huge_strings_under_a_memory_limit_fail() {
    let without_strings = [
        "cap_token_free",
        "cap_free",
        "cap_set_not_before",
        "cap_allow_event_stream",
        "cap_version",
        "cap_strerror",
    ];
    let source = root().join("tests/c/memory_limit.c");
    let program = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    let out = run(&mut program.command());
    let called = out.lines().chain(without_strings).map(str::to_owned);
    assert_eq!(called.collect::<BTreeSet<_>>(), declared("captoken.h"));
}

#[test]
fn stress_mints_the_expected_tokens() {
    for linkage in [Linkage::Shared, Linkage::Static] {
        let stress = stress(linkage);
        run(stress.command().arg("3000"));
        // The defaults are in memory that is used again and never freed.
        run(stress.memcheck("definite,indirect,possible").arg("20"));
    }
}

fn stress(linkage: Linkage) -> Program {
    let source = root().join("tests/c/stress.c");
    compile(&source, Language::C99, linkage, &["captoken"])
}

/// The suppressions hide the library's atomic operations, and no race of the program.
#[test]
fn thread_checkers_report_only_races_of_the_program() {
    let source = root().join("tests/c/fork.c");
    for (arguments, expected) in [(&["captoken"][..], 0), (&["-DRACE", "captoken"], 99)] {
        for linkage in [Linkage::Shared, Linkage::Static] {
            let fork = compile(&source, Language::C99, linkage, arguments);
            for mut checker in fork.thread_checkers() {
                let (code, _, err) = outcome(checker.arg("2"));
                assert_eq!(code, Some(expected), "{checker:?}: {err}");
            }
        }
    }
}

#[test]
fn thread_checkers_accept_stress_and_voice_app() {
    let source = root().join("examples-c/voice_app.c");
    let voice_app = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    for checker in voice_app.thread_checkers() {
        run(with_credentials(checker).args(["8", "20"]));
    }
    for mut checker in stress(Linkage::Shared).thread_checkers() {
        run(checker.arg("20"));
    }
}

#[test]
fn header_compiles_in_every_standard() {
    let header = |compiler: &mut Command, extra: &[&str]| {
        compiler
            .args(WARNINGS)
            .args(extra)
            .arg("-I")
            .arg(stage().join("include"))
            .arg("-fsyntax-only")
            .arg(root().join("tests/c/headers.c"));
        run(compiler);
    };
    for extra in [&[][..], &["-DLIBCAP_FIRST"], &["-DLIBCAP_LAST"]] {
        for standard in ["-std=c99", "-std=c11", "-std=c17", "-std=c2x", "-std=gnu99"] {
            header(&mut compiler("CC", "cc", &[standard]), extra);
        }
        for standard in ["-std=c++11", "-std=c++17", "-std=c++20", "-std=gnu++11"] {
            header(&mut compiler("CXX", "c++", &[standard, "-x", "c++"]), extra);
        }
    }
}

#[test]
fn version_macros_equal_cap_version() {
    let source = root().join("tests/c/version.c");
    for language in [Language::C99, Language::Cpp17] {
        let version = compile(&source, language, Linkage::Shared, &["captoken"]);
        run(&mut version.command());
    }
}

#[test]
fn ignoring_cap_verify_is_a_warning() {
    let mut compiler = compiler("CC", "cc", &["-std=c99", "-c", "-DUNUSED"]);
    compiler
        .args(WARNINGS)
        .arg("-I")
        .arg(stage().join("include"));
    compiler.args(["-o", "/dev/null"]);
    let (code, _, err) = outcome(compiler.arg(root().join("tests/c/version.c")));
    assert_ne!(code, Some(0));
    let warnings: Vec<&str> = err.lines().filter(|line| line.contains("error:")).collect();
    assert_eq!(warnings.len(), 1, "{err}");
    assert!(warnings[0].contains("cap_verify"), "{err}");
}

#[test]
fn quick_starts_run_as_printed() {
    for (name, document) in [
        ("readme", document("README.md")),
        ("guide", document("docs/c.md")),
    ] {
        let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.c"));
        fs::write(&source, document.block("c", "#include")).expect("written");
        for (language, linkage) in [
            (Language::C99, Linkage::Shared),
            (Language::C99, Linkage::Static),
            (Language::Cpp17, Linkage::Shared),
        ] {
            let program = compile(&source, language, linkage, &["captoken"]);
            let token = run(&mut program.watched());
            let claims = decode(token.trim_end(), "secret");
            assert_eq!(claims["iss"], "AC123123");
            let [incoming, outgoing] = scopes(&claims).try_into().expect("two scopes");
            assert_eq!(incoming.query, scope::pairs(&[("clientName", "Alice")]));
            assert_eq!(outgoing.params, scope::pairs(&[("Foo", "Bar")]));
            let status = program.command().stdout(full()).status();
            assert_ne!(status.expect("an end").code(), Some(0), "{name}");
        }
    }
}

/// A device that is always full.
fn full() -> File {
    let device = File::options().write(true).open("/dev/full");
    device.expect("a device")
}

#[test]
fn examples_report_full_output() {
    let token = sign(HEADER.as_bytes(), br#"{"exp":9999999999}"#, "secret");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("token for full output");
    fs::write(&path, token).expect("written");
    for (name, arguments) in [
        ("mint", &["-i", "Alice"][..]),
        ("mint", &["-h"]),
        ("check", &[]),
        ("voice_app", &["1", "1"]),
    ] {
        let source = root().join(format!("examples-c/{name}.c"));
        let program = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
        let mut command = with_credentials(program.command());
        command
            .args(arguments)
            .stdin(File::open(&path).expect("a file"))
            .stdout(full())
            .stderr(Stdio::piped());
        let output = command.spawn().and_then(Child::wait_with_output);
        let output = output.expect("an end");
        assert_eq!(output.status.code(), Some(1), "{name} {arguments:?}");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(err.contains("standard output"), "{name}: {err}");
    }
}

#[test]
fn guide_verifies_tokens_as_printed() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide-check.c");
    let check = document("docs/c.md").block("c", "static int check(");
    let program = format!(
        "#include <captoken.h>\n#include <stdio.h>\n#include <time.h>\n{check}\
         int main(int count, char **words) {{ return count == 3 ? check(words[1], words[2]) : 2; }}\n"
    );
    fs::write(&source, program).expect("written");
    let payload = r#"{"exp":9999999999}"#;
    let token = sign(HEADER.as_bytes(), payload.as_bytes(), "secret");
    for language in [Language::C99, Language::Cpp17] {
        let check = compile(&source, language, Linkage::Shared, &["captoken"]);
        let out = run(check.watched().args([&token, "secret"]));
        assert_eq!(out, format!("{payload}\n"));
        let (code, out, err) = outcome(check.watched().args([&token, "another"]));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains("not valid: the token's signature"), "{err}");
    }
}

/// Payloads of servers whose clocks differ by up to five minutes, and the status of a program
/// that accepts a minute.
fn payloads_of_other_clocks() -> [(String, i32); 4] {
    let now = UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    [
        (now + 3600, now + 30, 0),
        (now - 30, now - 3600, 0),
        (now + 3600, now + 300, 1),
        (now - 300, now - 3600, 1),
    ]
    .map(|(exp, nbf, status)| (format!(r#"{{"exp":{exp},"nbf":{nbf}}}"#), status))
}

/// The statements of the header that verify with a leeway, as a reader would copy them.
fn header_recipe() -> String {
    let header = fs::read_to_string(root().join("include/captoken.h")).expect("a header");
    let (_, recipe) = header
        .split_once(" * a leeway in seconds:\n *\n")
        .expect("a recipe");
    let (recipe, _) = recipe.split_once("\n *\n").expect("its end");
    let lines = recipe.lines();
    lines
        .flat_map(|line| [line.strip_prefix(" * ").expect("a line"), "\n"])
        .collect()
}

#[test]
fn header_recipe_accepts_exactly_the_leeway() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header-recipe.c");
    // The last line prints the payload, to show that the second call wrote it.
    let program = format!(
        "#include <captoken.h>\n#include <stdio.h>\n#include <stdlib.h>\n\n\
         static cap_status verify(const char *jwt, const char *secret, int64_t now,\n\
         int64_t leeway, char *payload, size_t size)\n{{\n    cap_status status;\n\n\
         {}    return status;\n}}\n\n\
         int main(int count, char **words)\n{{\n    char payload[1024];\n    int i;\n\n\
         for (i = 2; i + 1 < count; i += 2) {{\n\
         cap_status status = verify(words[1], \"secret\", atoll(words[i]), atoll(words[i + 1]),\n\
         payload, sizeof payload);\n\
         printf(\"%d %s\\n\", (int)status, payload);\n    }}\n    return 0;\n}}\n",
        header_recipe()
    );
    fs::write(&source, program).expect("written");
    let payload = r#"{"exp":1600,"nbf":1100}"#;
    let token = sign(HEADER.as_bytes(), payload.as_bytes(), "secret");
    for language in [Language::C99, Language::Cpp17] {
        let recipe = compile(&source, language, Linkage::Shared, &["captoken"]);
        let (mut arguments, mut expected) = (vec![token.clone()], String::new());
        for leeway in [0, 1, 2, 60, 499] {
            for (now, status) in [
                (1100 - leeway - 1, 20),
                (1100 - leeway, 0),
                (1099, if leeway > 0 { 0 } else { 20 }),
                (1100, 0),
                (1599, 0),
                (1600, if leeway > 0 { 0 } else { 19 }),
                (1600 + leeway - 1, 0),
                (1600 + leeway, 19),
            ] {
                arguments.extend([now.to_string(), leeway.to_string()]);
                let written = if status == 0 { payload } else { "" };
                expected += &format!("{status} {written}\n");
            }
        }
        // A time before 1970 counts as 1970.
        arguments.extend(["1700", "86400"].map(str::to_owned));
        expected += "20 \n";
        assert_eq!(run(recipe.watched().args(&arguments)), expected);
    }
}

#[test]
fn guide_verifies_with_leeway_as_printed() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide-leeway.c");
    let check = document("docs/c.md").block("c", "static int check_with_leeway");
    let program = format!(
        "#include <captoken.h>\n#include <time.h>\n{check}\
         int main(int count, char **words) {{ return count == 3 ? !check_with_leeway(words[1], words[2]) : 2; }}\n"
    );
    fs::write(&source, program).expect("written");
    let check = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    for (payload, code) in payloads_of_other_clocks() {
        let token = sign(HEADER.as_bytes(), payload.as_bytes(), "secret");
        let (found, _, err) = outcome(check.watched().args([&token, "secret"]));
        assert_eq!(found, Some(code), "{payload} {err}");
    }
}

#[test]
fn make_demo_prints_token_and_payload() {
    let out = run(make("demo").arg("NOW=1400000000"));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert_eq!(lines[0], official(DEMO, "ruby-3.16.1"));
    assert_eq!(lines[0], official(DEMO, "php-head"));
    assert_eq!(lines[1], format!("header:  {}", token::HEADER));
    assert_eq!(
        lines[2],
        "payload: {\"scope\":\"scope:client:incoming?clientName=Alice \
         scope:client:outgoing?appSid=AP123123&appParams=Foo%3DBar&clientName=Alice\",\
         \"iss\":\"AC123123\",\"exp\":1400000600}"
    );
    assert_eq!(out, document("README.md").block("text", "eyJ"));
    // With the clock, only the times and the signature differ.
    let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let before = clock();
    let out = run(&mut make("demo"));
    let claims = decode(out.lines().next().expect("a token"), "secret");
    let exp = claims["exp"].as_u64().expect("a whole number");
    assert!((before + 600..=clock() + 600).contains(&exp));
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(self::files(&path));
        } else {
            files.push(path.display().to_string());
        }
    }
    files.sort();
    files
}

/// Root often has no cargo: `make install` then installs the existing build.
#[test]
fn make_install_and_uninstall_without_cargo() {
    run(&mut make("all"));
    let destination = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a destination");
    let with_prefix = |target, prefix| {
        let mut command = make(target);
        command.arg(format!("DESTDIR={}", destination.display()));
        command.args([prefix, "CARGO=no-cargo-here"]);
        command
    };
    for wrong in ["PREFIX=relative", "PREFIX=/with space", "PREFIX="] {
        let (code, _, err) = outcome(&mut with_prefix("install", wrong));
        assert_eq!(code, Some(2), "{wrong}");
        assert!(err.contains("PREFIX must"), "{err}");
    }
    run(&mut with_prefix("uninstall", "PREFIX=/opt"));
    assert!(!destination.exists());

    run(&mut with_prefix("install", "PREFIX=/opt"));
    run(&mut with_prefix("install", "PREFIX=/opt"));
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        "bin/captoken",
        "include/captoken.ffi.h",
        "include/captoken.h",
        "lib/cmake/captoken/captoken-config-version.cmake",
        "lib/cmake/captoken/captoken-config.cmake",
        "lib/libcaptoken.a",
        "lib/libcaptoken.so",
        "lib/libcaptoken.so.0",
        &format!("lib/libcaptoken.so.{version}"),
        "lib/pkgconfig/captoken.pc",
        "share/bash-completion/completions/captoken",
        "share/doc/captoken/LICENSE-APACHE",
        "share/doc/captoken/LICENSE-MIT",
        "share/fish/vendor_completions.d/captoken.fish",
        "share/man/man1/captoken-inspect.1",
        "share/man/man1/captoken-mint.1",
        "share/man/man1/captoken-verify.1",
        "share/man/man1/captoken.1",
        "share/zsh/site-functions/_captoken",
    ]
    .map(|file| format!("{}/opt/{file}", destination.display()));
    assert_eq!(files(&destination), expected);
    for file in expected {
        let mode = fs::metadata(file).expect("a file").mode();
        assert_eq!(mode & 0o444, 0o444, "readable for all users");
    }

    run(&mut with_prefix("uninstall", "PREFIX=/opt"));
    assert!(files(&destination).is_empty());
    fs::remove_dir_all(&destination).expect("removed");
}

/// The commands of README and docs/c.md, except for apt-get. The library is in another prefix.
#[test]
fn documented_commands_link_the_quick_starts() {
    // PREFIX may not have a space, which TMPDIR may have.
    let folder = Path::new("/tmp").join(format!("captoken-readme-{}", process::id()));
    fs::create_dir(&folder).expect("a folder");
    let prefix = folder.join("installed");
    let mut install = make("install");
    // Any DESTDIR prevents `ldconfig`, which would change the system.
    install
        .arg("DESTDIR=/")
        .arg(format!("PREFIX={}", prefix.display()));
    run(&mut install);
    for (name, start) in [
        ("README.md", "cc token.c"),
        ("docs/c.md", "cc token.c $(pkg-config --cflags --libs"),
        ("docs/c.md", "cc token.c $(pkg-config --cflags captoken)"),
        ("docs/c.md", "cc -static token.c"),
        ("docs/c.md", "export PKG_CONFIG_PATH"),
    ] {
        let document = document(name);
        fs::write(folder.join("token.c"), document.block("c", "#include")).expect("written");
        let mut shell = isolated("sh");
        let commands = document.block("sh", start);
        let commands = commands.replace("/some/where", prefix.to_str().expect("UTF-8"));
        shell.args(["-euc", &commands]).current_dir(&folder);
        // The other commands are for the default prefix.
        if !start.starts_with("export") {
            shell
                .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
                .env("LD_LIBRARY_PATH", prefix.join("lib"));
        }
        let token = run(&mut shell);
        assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC123123");
    }

    let mut copy = isolated("cp");
    copy.args(["-r", "examples-c/token_server.c", "examples-c/server"]);
    run(copy.arg(&folder).current_dir(root()));
    let commands = document("docs/c.md").block("sh", "sudo apt-get install -y libmicrohttpd-dev");
    let (_, compiles) = commands.split_once('\n').expect("two lines");
    let mut shell = isolated("sh");
    shell
        .args(["-euc", compiles])
        .current_dir(&folder)
        .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    run(&mut shell);

    let mut pkg_config = isolated("pkg-config");
    pkg_config.args(["--modversion", "captoken"]);
    pkg_config.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    assert_eq!(run(&mut pkg_config).trim_end(), env!("CARGO_PKG_VERSION"));
    fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn php_calls_through_the_flat_header() {
    let program = r#"
        $c = FFI::load($argv[1]);
        $token = $c->new('cap_token *');
        $check = fn (int $status) => $status === $c->CAP_STATUS_OK
            ?: throw new Exception($c->cap_strerror($status));
        $check($c->cap_new('AC123123', 'secret', FFI::addr($token)));
        $check($c->cap_allow_incoming($token, 'Alice'));
        $check($c->cap_allow_outgoing($token, 'AP123123'));
        $check($c->cap_add_outgoing_param($token, 'Foo', 'Bar'));
        $jwt = $c->new('char[1024]');
        $check($c->cap_generate_at($token, 1400000000, 600, $jwt, 1024, null));
        $c->cap_token_free($token);
        echo FFI::string($jwt);
    "#;
    let mut php = isolated("php");
    // An installed captoken.ini may preload another library.
    php.args([
        "-d",
        "ffi.enable=1",
        "-d",
        "ffi.preload=",
        "-r",
        program,
        "--",
    ])
    .arg(stage().join("include/captoken.ffi.h"))
    .env("LD_LIBRARY_PATH", stage().join("lib"));
    assert_eq!(run(&mut php), official(DEMO, "ruby-3.16.1"));
}
