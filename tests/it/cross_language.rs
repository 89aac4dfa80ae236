//! C, PHP and Go mint the same token for the same input in the same second.

#![cfg(not(miri))]

use std::path::PathBuf;
use std::process::{self, Command};
use std::time::UNIX_EPOCH;
use std::{env, fs};

use crate::support::install::{go, isolated, make, outcome, root, run, stage};
use crate::support::safe_handle::Handle;
use crate::support::token::decode;

/// The contents and the time of a token.
#[derive(Clone)]
struct Input {
    /// Seconds since 1970; 0 means the clock.
    now: i64,
    ttl: i64,
    client: &'static str,
    application: &'static str,
    params: Vec<(&'static str, String)>,
}

/// One program for each language, which prints a token; built in a temporary folder.
struct Programs {
    folder: PathBuf,
}

impl Programs {
    fn build() -> Self {
        let programs = Self {
            folder: env::temp_dir().join(format!("captoken-cross-language-{}", process::id())),
        };
        let folder = &programs.folder;
        fs::create_dir(folder).expect("a folder");

        let mut cc = isolated("cc");
        cc.arg(root().join("examples-c/mint.c"))
            .arg("-I")
            .arg(stage().join("include"))
            .arg("-L")
            .arg(stage().join("lib"))
            .args(["-lcaptoken", "-o"])
            .arg(folder.join("mint-c"));
        run(&mut cc);

        run(&mut make("go-lib"));
        let source = root().join("go/testdata/mint/main.go");
        fs::copy(source, folder.join("main.go")).expect("copied");
        fs::write(folder.join("go.mod"), "module mint\n\ngo 1.19\n").expect("written");
        let replace = format!("-replace=captoken={}", root().join("go").display());
        for arguments in [
            &["mod", "edit", "-require=captoken@v0.0.0", &replace][..],
            &["build", "-o", "mint-go"],
        ] {
            run(&mut go(folder, arguments));
        }
        programs
    }

    fn c(&self, input: &Input) -> Command {
        let mut command = isolated(self.folder.join("mint-c"));
        command
            .env("LD_LIBRARY_PATH", stage().join("lib"))
            .args(["-i", input.client, "-o", input.application])
            .args(["-t", &input.ttl.to_string()]);
        if input.now != 0 {
            command.args(["-n", &input.now.to_string()]);
        }
        for (key, value) in &input.params {
            command.args(["-p", &format!("{key}={value}")]);
        }
        command
    }

    fn php(&self, input: &Input) -> Command {
        let mut command = isolated("php");
        // An installed captoken.ini may preload another library.
        command
            .args(["-d", "ffi.preload="])
            .arg(root().join("tests/cross_language/mint.php"))
            .env("CAPTOKEN_LIB", stage().join("lib/libcaptoken.so.0"));
        with_arguments(command, input)
    }

    fn go(&self, input: &Input) -> Command {
        with_arguments(isolated(self.folder.join("mint-go")), input)
    }

    /// The tokens of C, PHP and Go.
    fn mint(&self, input: &Input) -> [String; 3] {
        [self.c(input), self.php(input), self.go(input)].map(|mut command| mint(&mut command))
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        // A leftover temporary folder is harmless.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The token that a program prints.
fn mint(command: &mut Command) -> String {
    command
        .env("TWILIO_ACCOUNT_SID", "AC123123")
        .env("TWILIO_AUTH_TOKEN", "secret");
    run(command).trim_end().to_owned()
}

/// The access token that a program prints; the API key has a different secret.
fn mint_access(command: &mut Command) -> String {
    command
        .env("TWILIO_API_KEY_SID", "SK123123")
        .env("TWILIO_API_KEY_SECRET", "other");
    mint(command)
}

fn new() -> Handle {
    Handle::new("AC123123", "secret").expect("a handle")
}

fn new_access() -> Handle {
    Handle::access("AC123123", "SK123123", "other").expect("a handle")
}

/// The arguments of tests/cross_language/mint.php and go/testdata/mint, with a clean
/// environment.
fn with_arguments(mut command: Command, input: &Input) -> Command {
    command
        .env_remove("TWILIO_API_KEY_SID")
        .env_remove("EVERYTHING")
        .args([input.now.to_string(), input.ttl.to_string()])
        .args([input.client, input.application]);
    for (key, value) in &input.params {
        command.args([key, value.as_str()]);
    }
    command
}

fn inputs() -> Vec<Input> {
    let plain = Input {
        now: 1_400_000_000,
        ttl: 3600,
        client: "Alice",
        application: "APabe7650f654fc34655fc81ae71caa3ff",
        params: Vec::new(),
    };
    let with = |params: &[(&'static str, &str)]| Input {
        params: params
            .iter()
            .map(|&(key, value)| (key, value.to_owned()))
            .collect(),
        ..plain.clone()
    };
    let ascii: String = (1..0x7f_u8).map(char::from).collect();
    vec![
        plain.clone(),
        Input {
            now: 2_147_483_647,
            ttl: 86400,
            client: "0",
            ..plain.clone()
        },
        with(&[("Foo", "Bar")]),
        with(&[("b", "2"), ("a", "1"), ("", ""), ("empty", "")]),
        with(&[("k", "1"), ("k", "2"), ("k", "1")]),
        with(&[
            ("a b", "c d"),
            ("plus", "1 + 1"),
            ("and", "a&b=c&appSid=AP"),
        ]),
        with(&[
            ("percent", "100%41"),
            ("quote", "\"\\'"),
            ("scope", "x scope:y"),
        ]),
        with(&[("all", &ascii)]),
        with(&[
            ("é", "日本語"),
            ("emoji", "😀"),
            ("edge", "\u{7ff}\u{ffff}\u{10ffff}"),
        ]),
        with(&[("long", &"x y".repeat(10_000))]),
    ]
}

/// Covers the calls for which examples-c/mint.c has no options. PHP and Go write some numbers
/// as different JSON.
fn check_everything(programs: &Programs) {
    for mut input in inputs() {
        // PHP keeps equal keys next to each other.
        input.params.sort();
        let programs = [programs.php(&input), programs.go(&input)];
        let [php, go] = programs.map(|mut command| {
            command.env("EVERYTHING", "");
            [mint(&mut command), mint_access(&mut command)]
        });
        assert_eq!(everything(&input, "-0.0,1.0e+100"), php, "PHP");
        assert_eq!(everything(&input, "-0,1e+100"), go, "Go");
    }
}

/// The same tokens of both kinds, minted by the functions of C.
fn everything(input: &Input, numbers: &str) -> [String; 2] {
    let mut capability = new();
    allow_calls(&mut capability, input);
    capability.allow_event_stream().expect("events");
    for (key, value) in &input.params {
        capability.add_event_filter(key, value).expect("a filter");
    }

    let mut access = new_access();
    allow_calls(&mut access, input);
    access.set_region("ie1").expect("a region");
    access.set_push_credential("CR123123").expect("a SID");
    let video = r#"{"room":"é😀</>&\""}"#;
    access.add_grant("video", video).expect("a grant");
    access.add_grant("chat", "{}").expect("a grant");

    [capability, access].map(|mut handle| {
        add_common_parts(&mut handle, input, numbers);
        handle.generate_at(input.now, input.ttl).expect("a token")
    })
}

fn allow_calls(handle: &mut Handle, input: &Input) {
    handle.allow_incoming(input.client).expect("incoming");
    handle.allow_outgoing(input.application).expect("outgoing");
    for (key, value) in &input.params {
        handle.add_outgoing_param(key, value).expect("a parameter");
    }
}

fn add_common_parts(handle: &mut Handle, input: &Input, numbers: &str) {
    handle.set_client_name("Bob").expect("a name");
    handle.set_not_before(input.now).expect("a time");
    let list = format!(r#"[1,2.5,{numbers},true,null,[],""]"#);
    for (name, json) in [
        ("user", r#"{"id":42,"name":"é😀</>&\""}"#),
        ("list", list.as_str()),
    ] {
        handle.add_claim(name, json).expect("a claim");
    }
}

/// Locales in which `i` is no small `I`, and in which numbers have a comma. localedef writes them
/// into a folder, so that the machine needs none of them.
fn check_locales(programs: &Programs, input: &Input, expected: &str) {
    let mut cc = isolated("cc");
    cc.args(["-shared", "-fPIC", "-o"])
        .arg(programs.folder.join("locale.so"));
    run(cc.arg(root().join("tests/c/locale.c")));
    for name in ["tr_TR", "de_DE"] {
        let locale = format!("{name}.UTF-8");
        let mut localedef = Command::new("localedef");
        localedef.args(["-i", name, "-f", "UTF-8"]);
        run(localedef.arg(programs.folder.join(&locale)));
        for mut program in [programs.c(input), programs.php(input), programs.go(input)] {
            program
                .env("LOCPATH", &programs.folder)
                .env("LC_ALL", &locale)
                // LD_PRELOAD cannot name a folder with a space.
                .env("LD_PRELOAD", "./locale.so")
                .current_dir(&programs.folder);
            assert_eq!(mint(&mut program), expected, "{program:?}");
        }
    }
}

/// A file of the program gets the lowest free descriptor, which may be that of a stream.
fn check_streams(programs: &Programs, input: &Input, expected: &str) {
    for program in [programs.c(input), programs.php(input), programs.go(input)] {
        for (redirection, succeeds) in [
            ("<&- 2>&-", Some(true)),
            // Newer versions of Go open /dev/null instead.
            ("<&- >&- 2>&-", None),
            ("> /dev/full", Some(false)),
        ] {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")])
                .arg(program.get_program())
                .args(program.get_args())
                .env("TWILIO_ACCOUNT_SID", "AC123123")
                .env("TWILIO_AUTH_TOKEN", "secret");
            for (name, value) in program.get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            let (code, out, err) = outcome(&mut shell);
            assert!(code.is_some(), "a signal ended {shell:?}: {err}");
            if let Some(succeeds) = succeeds {
                assert_eq!(code == Some(0), succeeds, "{shell:?} {err}");
            }
            let printed = succeeds == Some(true);
            assert_eq!(out.trim_end(), if printed { expected } else { "" });
        }
    }
}

#[test]
fn c_php_and_go_mint_the_same() {
    let programs = Programs::build();
    for input in inputs() {
        let [c, php, go] = programs.mint(&input);
        let claims = decode(&c, "secret");
        assert_eq!(claims["exp"], input.now + input.ttl);
        assert_eq!(c, php, "PHP");
        assert_eq!(c, go, "Go");
    }

    for input in inputs() {
        let mut handle = new_access();
        allow_calls(&mut handle, &input);
        let token = handle.generate_at(input.now, input.ttl).expect("a token");
        for mut program in [programs.php(&input), programs.go(&input)] {
            assert_eq!(mint_access(&mut program), token, "{program:?}");
        }
    }

    check_everything(&programs);

    let input = &inputs()[2];
    let [expected, ..] = programs.mint(input);
    check_locales(&programs, input, &expected);
    check_streams(&programs, input, &expected);

    // With the clock; repeated until all three run within one second.
    let input = Input {
        now: 0,
        ..inputs().swap_remove(2)
    };
    let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    for _ in 0..20 {
        let before = clock();
        let [c, php, go] = programs.mint(&input);
        if clock() == before {
            assert_eq!(decode(&c, "secret")["exp"], before + 3600);
            assert_eq!(c, php, "PHP");
            assert_eq!(c, go, "Go");
            return;
        }
    }
    panic!("three programs never ran within one second");
}
