//! C, PHP and Go write the same token for the same input in the same second.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{self, Command};
use std::time::UNIX_EPOCH;
use std::{env, fs};

#[path = "support/handle.rs"]
mod handle;
#[path = "support/native.rs"]
mod native;
#[path = "support/token.rs"]
mod token;

use handle::Handle;
use native::{make, root, run, stage};
use token::decode;

/// What a token is to say, and when.
#[derive(Clone)]
struct Input {
    /// Seconds since 1970; 0 stands for the clock.
    now: i64,
    ttl: i64,
    client: &'static str,
    application: &'static str,
    params: Vec<(&'static str, String)>,
}

/// A program for each host, built in a folder of their own, which prints one token.
struct Programs {
    folder: PathBuf,
}

impl Programs {
    fn build() -> Self {
        let programs = Self {
            folder: env::temp_dir().join(format!("captoken-hosts-{}", process::id())),
        };
        let folder = &programs.folder;
        fs::create_dir(folder).expect("a folder");

        let mut cc = Command::new("cc");
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
            let mut go = Command::new("go");
            go.args(arguments)
                .current_dir(folder)
                .env("CGO_ENABLED", "1")
                .env("GOFLAGS", "")
                .env("GOPROXY", "off")
                .env("GOTOOLCHAIN", "local")
                .env("GOWORK", "off");
            run(&mut go);
        }
        programs
    }

    fn c(&self, input: &Input) -> Command {
        let mut command = Command::new(self.folder.join("mint-c"));
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
        let mut command = Command::new("php");
        command
            .arg(root().join("tests/hosts/mint.php"))
            .env("CAPTOKEN_LIB", stage().join("lib/libcaptoken.so.0"));
        with_arguments(command, input)
    }

    fn go(&self, input: &Input) -> Command {
        with_arguments(Command::new(self.folder.join("mint-go")), input)
    }

    /// The tokens of C, PHP and Go.
    fn mint(&self, input: &Input) -> [String; 3] {
        [self.c(input), self.php(input), self.go(input)].map(|mut command| mint(&mut command))
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        // A folder that stays behind in the system's own for such harms nobody.
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

/// The access token that it prints, of an API key with another secret.
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

/// As tests/hosts/mint.php and go/testdata/mint read them. What of their environment
/// decides is set by the test alone.
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

/// What examples-c/mint.c has no options for. The claims are values of PHP and of Go,
/// which spell some numbers as JSON in ways of their own.
fn everything_at_once_is_the_same(programs: &Programs) {
    for mut input in inputs() {
        // PHP, which has filters by name, keeps one that repeats beside the first.
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

/// The same tokens of both kinds by the functions of C.
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
        add_what_both_kinds_have(&mut handle, input, numbers);
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

fn add_what_both_kinds_have(handle: &mut Handle, input: &Input, numbers: &str) {
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

#[test]
fn c_php_and_go_write_the_same_token() {
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

    everything_at_once_is_the_same(&programs);

    // And by the clock, as far as the three are called within one second.
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
