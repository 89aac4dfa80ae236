//! What a token says, for people and for scripts. All of it may have been written by
//! anybody, so that nothing in it reaches a terminal as a control character.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use captoken::error::Error;
use captoken::jws::Key;
use captoken::validity;
use humantime::{format_duration, format_rfc3339_seconds};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use self::grant::{Grant, Grants};
use self::kind::Kind;
use self::members::Members;
use self::scope::{Scope, scopes};
use crate::failure::Failure;

mod grant;
mod kind;
pub(crate) mod malformed;
mod members;
mod scope;

/// A token that was minted, for scripts.
#[derive(Serialize)]
pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) expires_at: i64,
}

/// Header and payload as JSON objects, spelled as in the token.
pub(crate) struct Parts {
    header: Box<RawValue>,
    payload: Box<RawValue>,
}

/// Whether a token can be believed.
#[derive(Clone, Copy)]
pub(crate) enum Verdict<'a> {
    /// The secret in this place has signed it, and it is valid now.
    Verified(&'a str),
    /// Nobody asked; and why no secret could, if it is so.
    NotVerified(Option<&'a Failure>),
}

/// What a token says; serialised, what scripts get of it.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    verified: bool,
    kind: Option<Kind>,
    header: &'a RawValue,
    payload: &'a RawValue,
    issuer: Option<String>,
    scopes: Vec<Scope>,
    account: Option<String>,
    api_key: Option<String>,
    region: Option<String>,
    identity: Option<String>,
    grants: Vec<Grant<'a>>,
    expires_at: Option<Time>,
    expired: Option<bool>,
    not_before: Option<Time>,
    issued_at: Option<Time>,
    problem: Option<&'a str>,
    #[serde(skip)]
    has_grants: bool,
    #[serde(skip)]
    verdict: Verdict<'a>,
    #[serde(skip)]
    now: i64,
}

/// Lines for people, each with a label.
struct Lines(String);

/// A time in seconds since 1970.
#[derive(Clone, Copy)]
struct Time(f64);

/// Takes a token apart, whatever it is signed with.
pub(crate) fn decode(token: &str) -> Result<Parts, Failure> {
    let (header, payload) = malformed::parts(token).map_err(|why| Failure::malformed(&why))?;
    Ok(Parts { header, payload })
}

/// Why no secret can make a token a valid one, if it is so.
pub(crate) fn problem(token: &str, parts: &Parts) -> Result<Option<Failure>, Failure> {
    // With any key: what the signature does not depend on is looked at first.
    let problem = match Key::new("").verify(token) {
        Err(error @ (Error::TokenMalformed | Error::TokenAlgorithm)) => Some(error),
        _ => validity::check(parts.payload.get(), 0)
            .err()
            .filter(|error| *error == Error::TokenMalformed),
    };
    Ok(problem.map(|error| Failure::of_token(token, error)))
}

impl Parts {
    /// Whether the header is that of an access token.
    pub(crate) fn has_access_header(&self) -> bool {
        Members::of(&self.header).is_ok_and(|header| kind::is_access(&header))
    }
}

impl<'a> Report<'a> {
    /// What is in the parts of a token, as it looks at the time `now`.
    pub(crate) fn new(parts: &'a Parts, now: i64, verdict: Verdict<'a>) -> Result<Self, Failure> {
        let header = Members::of(&parts.header).map_err(|_| Error::Internal)?;
        let claims = Members::of(&parts.payload).map_err(|_| Error::Internal)?;
        let text = |name| claims.last(name).and_then(text);
        let time = |name| claims.once(name).ok().flatten().and_then(time);
        let expires_at = time("exp");

        let kind = Kind::of(&header, &claims);
        let is_access = kind.is_some_and(Kind::is_access);
        // What a token of another kind has by these names means nothing there.
        let of_access = |name| text(name).filter(|_| is_access);
        let grants = claims
            .last("grants")
            .filter(|_| is_access)
            .and_then(Grants::of);
        let has_grants = grants.is_some();
        let (identity, grants) = grants
            .map(|Grants { identity, all }| (identity, all))
            .unwrap_or_default();
        Ok(Self {
            verified: matches!(verdict, Verdict::Verified(_)),
            kind,
            header: &parts.header,
            payload: &parts.payload,
            issuer: text("iss"),
            scopes: text("scope")
                .filter(|_| !is_access)
                .as_deref()
                .map(scopes)
                .unwrap_or_default(),
            account: match kind {
                Some(Kind::Capability) => text("iss"),
                _ => of_access("sub"),
            },
            api_key: of_access("iss"),
            region: header
                .last("twr")
                .filter(|_| is_access)
                .and_then(self::text),
            identity,
            grants,
            expired: expires_at.map(|Time(exp)| exp <= now as f64),
            expires_at,
            not_before: time("nbf"),
            issued_at: time("iat"),
            problem: match verdict {
                Verdict::Verified(_) => None,
                Verdict::NotVerified(problem) => problem.and_then(Failure::message),
            },
            has_grants,
            verdict,
            now,
        })
    }

    /// For people, a line for each thing that is said.
    pub(crate) fn words(&self) -> String {
        let mut lines = Lines(match self.verdict {
            Verdict::Verified(place) => format!(
                "VERIFIED: signed with the secret in {place}, and valid at {}.\n",
                date(self.now as f64)
            ),
            Verdict::NotVerified(_) => "NOT VERIFIED: anybody can have written this.\n".to_owned(),
        });
        lines.add("header", &visible(self.header.get()));
        lines.add("payload", &visible(self.payload.get()));
        lines.add("kind", Kind::words(self.kind));
        if self.kind.is_some_and(Kind::is_access) {
            self.add_access(&mut lines);
        } else {
            self.add_scopes(&mut lines);
        }
        self.add_times(&mut lines);
        if let Some(problem) = &self.problem {
            lines.add("problem", &format!("no secret verifies this: {problem}"));
        }
        lines.0
    }

    fn add_scopes(&self, lines: &mut Lines) {
        lines.add_claim("issuer", "iss", self.issuer.as_deref());
        if self.scopes.is_empty() {
            lines.add("scopes", "none");
        }
        for scope in &self.scopes {
            let (label, text) = scope.words();
            lines.add(label, &text);
        }
    }

    fn add_access(&self, lines: &mut Lines) {
        lines.add_claim("API key", "iss", self.api_key.as_deref());
        lines.add_claim("account", "sub", self.account.as_deref());
        if let Some(region) = &self.region {
            lines.add("region", &word(region));
        }
        match &self.identity {
            Some(identity) => lines.add("identity", &format!("{identity:?}")),
            None => lines.add("identity", "none"),
        }
        if !self.has_grants {
            lines.add("grants", "unknown: it has no grants that are an object");
        } else if self.grants.is_empty() {
            lines.add("grants", "none");
        }
        for grant in &self.grants {
            let (label, text) = grant.words();
            lines.add(label, &text);
        }
    }

    fn add_times(&self, lines: &mut Lines) {
        match self.expires_at {
            Some(exp) if self.expired == Some(true) => lines.add("expired", &self.when(exp)),
            Some(exp) => lines.add("expires", &self.when(exp)),
            None => lines.add("expires", "unknown: it has no exp that can be read"),
        }
        if let Some(nbf) = self.not_before {
            let has_begun = nbf.0 <= self.now as f64;
            let label = if has_begun {
                "valid since"
            } else {
                "valid from"
            };
            lines.add(label, &self.when(nbf));
        }
        if let Some(iat) = self.issued_at {
            lines.add("issued", &self.when(iat));
        }
    }

    /// A time, and how far it is from now.
    fn when(&self, Time(time): Time) -> String {
        let date = date(time);
        if !has_date(time) {
            return date;
        }
        let now = self.now as f64;
        let distance = Duration::from_secs((time - now).abs() as u64);
        // The two largest units of it: 3days 4h.
        let distance = format_duration(distance).to_string();
        let distance: Vec<&str> = distance.split(' ').take(2).collect();
        let distance = distance.join(" ");
        if time > now {
            format!("{date}, in {distance}")
        } else {
            format!("{date}, {distance} ago")
        }
    }
}

impl Lines {
    fn add(&mut self, label: &str, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{label:<12}{text}");
    }

    /// A claim that is a text, if it is.
    fn add_claim(&mut self, label: &str, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.add(label, &word(text)),
            None => self.add(label, &format!("unknown: it has no {name} that is a text")),
        }
    }
}

/// Whether a time, in seconds since 1970, is before the year 10000, in which dates of
/// RFC 3339 end.
fn has_date(time: f64) -> bool {
    (0.0..253_402_300_800.0).contains(&time)
}

fn date(time: f64) -> String {
    if has_date(time) {
        format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time as u64)).to_string()
    } else {
        format!("{time:e} seconds after 1970")
    }
}

fn text(json: &RawValue) -> Option<String> {
    serde_json::from_str(json.get()).ok()
}

/// The time of a claim as the library reads it, so that both say the same.
fn time(json: &RawValue) -> Option<Time> {
    validity::time(json.get()).ok().map(Time)
}

/// Whole where it is one that is exact: not every reader of JSON takes 60.0 for 60.
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last_exact = (1_i64 << 53) as f64;
        if self.0.fract() == 0.0 && self.0.abs() <= last_exact {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// A text as it is where it is one plain word, else in quotes, and with escapes for
/// what cannot be seen.
fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// A list of pairs behind a text, if there are any.
fn list<'a>(name: &str, pairs: impl Iterator<Item = (&'a str, String)>) -> String {
    let pairs: Vec<String> = pairs
        .map(|(key, value)| format!("{}={value}", word(key)))
        .collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!(", {name}: {}", pairs.join(", "))
}

/// The same JSON on one line, with escapes for all that cannot be seen: what controls
/// a terminal, or turns the direction of writing. Line breaks and tabs can only stand
/// between values, and become spaces.
pub(crate) fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\t' | '\n' | '\r' => visible.push(' '),
            '"' | '\'' | '\\' => visible.push(character),
            _ if character.escape_debug().len() == 1 => visible.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _ = write!(visible, "\\u{unit:04x}");
                }
            }
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_json_when_it_is_made_visible() {
        let all: String = ('\0'..=char::MAX).collect();
        let visible_all = visible(&serde_json::to_string(&all).unwrap());
        assert!(!visible_all.chars().any(char::is_control));
        assert!(serde_json::from_str::<String>(&visible_all).unwrap() == all);
        assert_eq!(visible("{\r\n\t\"a\" : 1\n}"), "{   \"a\" : 1 }");
        assert_eq!(
            visible("\"\u{202e}\u{9b}\u{e0001}é\""),
            r#""\u202e\u009b\udb40\udc01é""#
        );
    }

    #[test]
    fn a_text_in_words_cannot_pass_for_two() {
        assert_eq!(word("AC123"), "AC123");
        assert_eq!(word(""), r#""""#);
        assert_eq!(word("a, b=c"), r#""a, b=c""#);
        assert_eq!(
            word("a\u{1b}\n\"\u{202e}\u{85}"),
            r#""a\u{1b}\n\"\u{202e}\u{85}""#
        );
    }
}
