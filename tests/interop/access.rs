//! Access tokens of Twilio's own libraries and ours, for the same input and in the same
//! second: they say the same, and each reads the other's.

use std::collections::BTreeSet;

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

#[path = "access/bugs.rs"]
mod bugs;
#[path = "access/input.rs"]
pub(crate) mod input;

use crate::handle::verify;
use crate::libraries::{ask, minted, minted_unless, to_mint_access, to_read_at, with_bugs};
use crate::verdicts::{self, Verdict};
use crate::{check_reading, from_json, part};
use bugs::BUGS;
use input::{Access, grid};

/// When all of these tokens are made.
const NOW: i64 = 1_795_269_600;

const MINTERS: [&str; 2] = ["twilio-python", "twilio-node"];

const READERS: [&str; 3] = ["PyJWT", "twilio-python's AccessToken", "jsonwebtoken"];

/// Apart from `nbf`, which Python writes unasked, and `iat`, which Node does.
#[test]
fn access_tokens_of_twilio_s_libraries_say_what_ours_say() {
    let grid = grid(NOW);
    let mut told = Vec::new();
    for minter in MINTERS {
        // Claims they have no way to say.
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
        assert!(is_met, "no input for this one: {}: {}", bug.of, bug.why);
    }
}

/// From its beginning to the second in which it expires, and with its own secret.
#[test]
fn twilio_s_libraries_read_our_access_tokens() {
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
        let claims = from_json(&verify(token, &input.secret, input.start()).expect("ours"));
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

/// Which is Twilio's to refuse then, if it is more than a day.
#[test]
fn twilio_s_libraries_mint_for_any_time_to_live() {
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

/// The secrets and the times to read a token with, and what is then said of it.
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
    /// The first second of a token that is made now.
    fn start(&self) -> i64 {
        self.not_before.unwrap_or(NOW)
    }
}

/// The header of a token, whatever bytes it has: those of ASCII are the same in UTF-8.
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
