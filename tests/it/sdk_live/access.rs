//! Access tokens of Twilio's libraries and ours, for the same input and second: they have the
//! same contents, and each side reads the other's.

use std::collections::BTreeSet;

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

mod bugs;
pub(crate) mod input;

use crate::sdk_live::libraries::{
    ask, minted, minted_unless, to_mint_access, to_read_at, with_bugs,
};
use crate::sdk_live::verdicts::{self, Verdict};
use crate::sdk_live::{check_reading, from_json, part};
use crate::support::safe_handle::verify;
use bugs::BUGS;
use input::{Access, grid};

/// The time at which all these tokens are minted.
const NOW: i64 = 1_795_269_600;

const MINTERS: [&str; 2] = ["twilio-python", "twilio-node"];

const READERS: [&str; 3] = ["PyJWT", "twilio-python's AccessToken", "jsonwebtoken"];

/// Except for `nbf`, which Python always writes, and `iat`, which Node always writes.
#[test]
fn access_tokens_match_those_of_libraries() {
    let grid = grid(NOW);
    let mut told = Vec::new();
    for minter in MINTERS {
        // The libraries do not support private claims.
        let inputs = grid.iter().filter(|input| input.claims.is_empty());
        told.extend(inputs.map(|input| (minter, input)));
    }
    assert_eq!(told.len(), 2 * grid.len() - 2);
    let jobs: Vec<Value> = told
        .iter()
        .map(|(minter, input)| to_mint_access(minter, input, NOW))
        .collect();
    let mut met = BTreeSet::new();
    for ((minter, input), answer) in told.into_iter().zip(&ask(&jobs)) {
        let ours = input.mint(NOW);
        let mut payload = part(&ours, 1);
        match minter {
            "twilio-node" => payload["iat"] = NOW.into(),
            _ if input.not_before.is_none() => payload["nbf"] = NOW.into(),
            _ => {}
        }
        let expected = bugs::outcome(minter, input, part(&ours, 0), payload);
        met.extend(expected.bugs.iter().map(|&why| (minter, why)));
        let what = with_bugs(&format!("{minter}: {}", input.name), &expected.bugs);
        let Some(theirs) = minted_unless(expected.refused, answer, &what) else {
            continue;
        };
        assert_eq!(header_in_latin1(&theirs), expected.header, "{what}");
        assert_eq!(part(&theirs, 1), expected.payload, "{what}");
        if expected.is_utf8 {
            check_reading(&theirs, &input.secret, &what);
        } else {
            let read = verify(&theirs, &input.secret, NOW);
            assert_eq!(read, Err(Status::TokenMalformed), "{what}");
        }
    }
    for bug in &BUGS {
        let is_met = met.contains(&(bug.of, bug.why));
        assert!(is_met, "no input shows this bug: {}: {}", bug.of, bug.why);
    }
}

/// From `nbf` until the token expires, and only with its secret.
#[test]
fn libraries_read_our_access_tokens() {
    let ours: Vec<(Access, String)> = grid(NOW)
        .into_iter()
        .map(|input| (input.clone(), input.mint(NOW)))
        .collect();
    let mut jobs = Vec::new();
    for (input, token) in &ours {
        for reader in READERS {
            for (secret, now, _) in readings(input) {
                jobs.push(to_read_at(reader, token, &secret, now));
            }
        }
    }
    let mut answers = ask(&jobs).into_iter();
    for (input, token) in &ours {
        let claims = from_json(&verify(token, &input.secret, input.start()).expect("our token"));
        check_reading(token, &input.secret, &input.name);
        for reader in READERS {
            for (_, now, expected) in readings(input) {
                let what = format!("{reader}: {} at {now}", input.name);
                let read = answers.next().expect("an answer");
                assert_eq!(verdicts::theirs(&read), expected, "{what}: {read}");
                if expected == Verdict::Accepted {
                    assert_eq!(read["header"], part(token, 0), "{what}");
                    assert_eq!(read["payload"], claims, "{what}");
                }
            }
        }
    }
    assert_eq!(answers.next(), None);
}

/// Twilio itself refuses more than a day.
#[test]
fn libraries_accept_any_ttl() {
    for (ttl, theirs) in [(-5, [-5, -5]), (0, [0, 3600]), (90_000, [90_000, 90_000])] {
        let input = input::lasting(ttl);
        assert_eq!(input.try_mint(NOW), Err(Status::InvalidTtl), "{ttl}");
        let jobs = MINTERS.map(|minter| to_mint_access(minter, &input, NOW));
        for ((minter, lives), answer) in MINTERS.iter().zip(theirs).zip(ask(&jobs)) {
            let claims = part(&minted(&answer, minter), 1);
            assert_eq!(claims["exp"], NOW + lives, "{minter}: {ttl}");
        }
    }
}

/// Secrets and times to read a token with, and the expected verdicts.
fn readings(input: &Access) -> Vec<(String, i64, Verdict)> {
    let secret = || input.secret.clone();
    let exp = NOW + input.ttl;
    let mut readings = vec![
        (secret(), input.start(), Verdict::Accepted),
        (secret(), exp - 1, Verdict::Accepted),
        (secret(), exp, Verdict::Expired),
        (format!("{}x", secret()), input.start(), Verdict::Signature),
    ];
    if let Some(not_before) = input.not_before {
        readings.push((secret(), not_before - 1, Verdict::Early));
    }
    readings
}

impl Access {
    /// The first valid second of a token minted at [`NOW`].
    fn start(&self) -> i64 {
        self.not_before.unwrap_or(NOW)
    }
}

/// The header of a token, decoded as Latin-1, because twilio-node writes it so.
fn header_in_latin1(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    let header = BASE64URL_NOPAD.decode(header.as_bytes());
    let text: String = header
        .expect("base64url")
        .into_iter()
        .map(char::from)
        .collect();
    from_json(&text)
}
