//! Exit codes: wrong usage, and the statuses of the library.

use std::os::unix::process::CommandExt;

use captoken::ffi::Status;
use serde_json::json;

use crate::{SECRET, mint, outcome, say, sign, signing, words};

#[test]
fn wrong_usage_exits_2() {
    let token = mint(&[]);
    let usage = [
        "",
        "frobnicate",
        "mint",
        "mint --account=",
        "mint --account=AC1 extra",
        "mint --account=AC1 --ttl=ten",
        "mint --account=AC1 --ttl=9223372036854775808",
        "mint --account=AC1 --now=",
        "mint --account=AC1 --allow-incoming=",
        "mint --account=AC1 --allow-incoming=a --allow-incoming=b",
        "mint --account=AC1 --allow-outgoing=",
        "mint --account=AC1 --allow-outgoing=AP1 --param=a",
        "mint --account=AC1 --allow-outgoing=AP1 --client-name=",
        "mint --account=AC1 --param=a=b",
        "mint --account=AC1 --client-name=Alice",
        "mint --account=AC1 --filter=a=b",
        "mint --account=AC1 --event-stream --filter=a",
        "mint --account=AC1 --claim=a",
        "mint --account=AC1 --claim==1",
        "inspect",
        "verify",
        "mint --account=AC1 --api-key=",
        "mint --account=AC1 --api-key=SK1 --region=",
        "mint --account=AC1 --api-key=SK1 --push-credential=",
        "mint --account=AC1 --api-key=SK1 --client-name=",
        "mint --account=AC1 --api-key=SK1 --grant=a",
        "mint --account=AC1 --api-key=SK1 --grant={}",
        "mint --account=AC1 --api-key=SK1 --grant=={}",
        "verify - --leeway",
        "verify - --leeway=",
        "verify - --leeway=-1",
        "verify - --leeway=86401",
        "verify - --leeway=9223372036854775808",
        "verify - --leeway=60s",
        "inspect - --leeway=60",
        "mint --account=AC1 --leeway=60",
        "verify - --auth-token-file=-",
        "verify - --api-key-secret-file=-",
        "verify a.b.c --auth-token-file=/dev/null --api-key-secret-file=/dev/null",
    ];
    for line in usage {
        let outcome = outcome(&mut signing(&words(line)), &token);
        assert_eq!(outcome.code, Some(2), "{line} {outcome:?}");
        assert_eq!(outcome.out, "", "{line}");
        assert_ne!(outcome.err, "", "{line}");
    }
}

/// An argument may be a misplaced secret, or an attack on the terminal.
#[test]
fn usage_errors_hide_arguments() {
    let cases = format!(
        "unexpected argument      | mint --account AC1 {SECRET}
         unexpected argument      | verify TOKEN {SECRET}
         unexpected argument      | inspect TOKEN {SECRET} --json
         unrecognized subcommand  | {SECRET}
         unrecognized subcommand  | help {SECRET}
         unexpected value         | mint --account AC1 --json={SECRET}
         '--param <KEY=VALUE>'    | mint --param {SECRET}
         '--filter <KEY=VALUE>'   | mint --filter {SECRET}
         '--claim <NAME=JSON>'    | mint --claim {SECRET}
         the name is empty        | mint --claim =\"{SECRET}\"
         '--grant <NAME=JSON>'    | mint --grant {SECRET}
         the name is empty        | mint --grant =\"{SECRET}\"
         '--secret' found         | mint --secret={SECRET}
         '--secret_file' found    | mint --secret_file={SECRET}
         '-s' found               | mint -s{SECRET}
         '...' found              | mint --{SECRET}
         '...' found              | mint --secret{SECRET}
         '...' found              | mint --secret:{SECRET}
         exists: '--account'      | mint --acount={SECRET}
         invalid value 'ten' for  | mint --ttl ten
         invalid value '10m' for  | mint --ttl 10m
         invalid value '...' for  | mint --ttl {SECRET}
         : not a whole number     | mint --ttl 10m
         : not a whole number     | mint --now=
         number is out of range   | mint --ttl=9223372036854775808
         '--leeway <SECONDS>': not between 0 and 86400 seconds | verify - --leeway=-1
         '--leeway <SECONDS>': not between 0 and 86400 seconds | verify - --leeway=86401
         subcommand exists: 'mint'| mnit"
    );
    for line in cases.lines() {
        let (said, arguments) = line.split_once('|').expect("two columns");
        let outcome = outcome(&mut signing(&words(arguments)), "");
        assert_eq!(
            (outcome.code, outcome.out.as_str()),
            (Some(2), ""),
            "{line}"
        );
        assert!(outcome.err.contains(said.trim()), "{line} {outcome:?}");
        assert!(!outcome.err.contains(SECRET), "{outcome:?}");
    }
    let bad = "\u{1b}[2J\u{7}\r\nVERIFIED: \u{9b}31m\u{202e}\u{2028}\u{e0041}x";
    let option = format!("--{bad}");
    let same = format!("--ttl={bad}");
    let cases: [&[&str]; 8] = [
        &[bad],
        &[&option],
        &["verify", &option],
        &["verify", bad, bad],
        &["mint", &option],
        &["mint", "--ttl", bad],
        &["mint", "--account=AC1", &same, &same],
        &["mint", "--account=AC1", "--event-stream", "--filter", bad],
    ];
    for arguments in cases {
        // clap's usage repeats the name of the program.
        let mut command = signing(arguments);
        let outcome = outcome(command.arg0("\u{1b}[2J"), "");
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
        let is_shown = |character| matches!(character, ' '..='~' | '\n');
        assert!(outcome.err.chars().all(is_shown), "{outcome:?}");
        assert!(outcome.err.contains("\nFor more information, try"));
        let is_forged = |line: &str| line.starts_with("VERIFIED");
        assert!(!outcome.err.lines().any(is_forged), "{outcome:?}");
    }
}

#[test]
fn empty_account_names_option_and_variable() {
    let mut command = signing(&["mint"]);
    let in_variable = outcome(command.env("TWILIO_ACCOUNT_SID", ""), "");
    let in_own = outcome(command.env("CAPTOKEN_ACCOUNT_SID", ""), "");
    let in_option = outcome(&mut signing(&["mint", "--account="]), "");
    for (outcome, variable) in [
        (in_variable, "TWILIO_ACCOUNT_SID"),
        (in_own, "CAPTOKEN_ACCOUNT_SID"),
        (in_option, "TWILIO_ACCOUNT_SID"),
    ] {
        assert_eq!(outcome.code, Some(2));
        let said = format!("the account SID is empty: set --account or {variable}\n");
        assert!(outcome.err.contains(&said), "{outcome:?}");
        let usage = "\nUsage: captoken mint [OPTIONS]";
        assert!(outcome.err.contains(usage), "{outcome:?}");
    }
}

#[test]
fn library_errors_exit_with_their_status() {
    let token = mint(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let (signing_input, _) = token.rsplit_once('.').expect("a signature");
    let other = sign(r#"{"alg":"HS512"}"#, r#"{"exp":1}"#);
    let none = sign(r#"{"alg":"none"}"#, r#"{"exp":1}"#);
    let no_expiry = say(&json!({"iss": "AC1"}));
    let wrong = format!("{signing_input}.AAAA");
    let cases = format!(
        "4  mint --account=AC1 --ttl 0
         4  mint --account=AC1 --ttl -1
         4  mint --account=AC1 --ttl=86401
         5  mint --account=AC1 --now -1
         5  mint --account=AC1 --now=9007199254740991
         5  mint --account=AC1 --not-before -1
         5  verify --now -1 {token}
         5  inspect --now=9007199254740992 {token}
         11 mint --account=AC1 --claim=iss=1
         12 mint --account=AC1 --claim=a=
         12 mint --account=AC1 --claim=a=text
         16 verify a
         16 verify --now=1020 {signing_input}
         16 verify --now=1020 {no_expiry}
         16 inspect a
         16 inspect a.b
         16 inspect a.b.c
         16 inspect W10.e30.
         16 inspect e30.MQ.
         16 inspect e30=.e30.
         16 inspect e30._w.
         17 verify --now=0 {none}
         17 verify --now=0 {other}
         18 verify --now=1020 {wrong}
         19 verify --now=1060 {token}
         20 verify --now=1009 {token}"
    );
    let statuses = [
        Status::InvalidTtl,
        Status::InvalidTime,
        Status::ReservedName,
        Status::InvalidJson,
        Status::TokenMalformed,
        Status::TokenAlgorithm,
        Status::TokenSignature,
        Status::TokenExpired,
        Status::TokenNotYetValid,
    ];
    for line in cases.lines() {
        let mut arguments = words(line);
        let code: i32 = arguments.remove(0).parse().expect("a number");
        let status = statuses.iter().find(|status| **status as i32 == code);
        let without = outcome(&mut signing(&arguments), "");
        let with = outcome(signing(&arguments).arg("--json"), "");
        assert_eq!(without.code, Some(code), "{arguments:?} {without:?}");
        assert_eq!(with.code, without.code);
        assert_eq!(with.err, without.err);
        assert_eq!(without.out, "", "{arguments:?}");
        let message = without.err.strip_prefix("captoken: ").expect("a message");
        let message = message.strip_suffix('\n').expect("a line");
        let said = status.expect("known").message().to_str().expect("ASCII");
        assert!(message.contains(said), "{arguments:?} {message}");
        let mut expected = json!({"status": code, "error": message});
        if arguments[0] != "mint" {
            expected["verified"] = false.into();
        }
        assert_eq!(with.json(), expected);
    }
}
