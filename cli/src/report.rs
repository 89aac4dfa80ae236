//! The contents of a token, for people and for scripts.

use std::fmt::Write;
use std::str::from_utf8;

use base64_simd::URL_SAFE_NO_PAD;
use captoken::error::Error;
use captoken::validity;

use crate::failure::in_words;
use crate::json::{is_object, last, members, pretty, string, value};
use crate::permission::{Permission, grants, scopes};
use crate::text::{when, word};

/// The header and the payload of a token, JSON objects as they are spelled.
pub(crate) struct Parts {
    header: String,
    pub(crate) payload: String,
}

/// The claims of a token, and their meaning if it is one of Twilio's.
pub(crate) struct Contents<'a> {
    pub(crate) claims: Vec<(String, &'a str)>,
    /// The kind as JSON and in words.
    pub(crate) kind: Option<&'static str>,
    kind_in_words: &'static str,
    pub(crate) account: Option<String>,
    /// The claim `iss` of an access token.
    pub(crate) api_key: Option<String>,
    pub(crate) identity: Option<String>,
    scopes: Vec<Permission>,
    grants: Vec<Permission>,
}

/// Facts about a token: lines for people, members of a JSON object for scripts.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) lines: String,
    pub(crate) members: Vec<(&'static str, String)>,
}

impl Parts {
    /// Takes a token apart, however it is signed.
    pub(crate) fn decode(token: &str) -> Result<Self, Error> {
        let (signing_input, _) = token.rsplit_once('.').ok_or(Error::TokenMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Error::TokenMalformed)?;
        let part = |base64url: &str| {
            let mut bytes = base64url.as_bytes().to_vec();
            let json = URL_SAFE_NO_PAD.decode_inplace(&mut bytes).ok();
            let json = json.and_then(|json| from_utf8(json).ok());
            let object = json.filter(|json| is_object(json)).map(str::trim_ascii);
            object.map(str::to_owned).ok_or(Error::TokenMalformed)
        };
        let (header, payload) = (part(header)?, part(payload)?);
        Ok(Self { header, payload })
    }

    /// Whether the header is that of an access token of any version.
    pub(crate) fn has_access_header(&self) -> bool {
        let cty = last(&members(&self.header), "cty").and_then(|cty| string(cty));
        cty.is_some_and(|cty| cty.starts_with("twilio-fpa"))
    }

    /// The kind as JSON and in words. Every token may have a private claim `grants`, so a
    /// scope counts first.
    fn kind(&self, claims: &[(String, &str)]) -> (Option<&'static str>, &'static str) {
        match (last(claims, "scope"), last(claims, "grants")) {
            _ if self.has_access_header() => (Some("access"), "access token"),
            (Some(scope), _) if scope.starts_with('"') => (
                Some("capability"),
                "capability token, for browsers; phones need an access token",
            ),
            (None, Some(grants)) if grants.starts_with('{') => (
                Some("access"),
                "access token that Twilio refuses: its header has no cty of twilio-fpa",
            ),
            _ => (None, "neither a capability token nor an access token"),
        }
    }

    pub(crate) fn contents(&self) -> Contents<'_> {
        let claims = members(&self.payload);
        let claim = |name| last(&claims, name).and_then(|json| string(json));
        let (kind, kind_in_words) = self.kind(&claims);
        // The permissions of the other kind have no meaning.
        let is_access = kind == Some("access");
        let (identity, grants) = match last(&claims, "grants") {
            Some(claim) if is_access => grants(claim),
            _ => Default::default(),
        };
        let scopes = match claim("scope") {
            Some(claim) if !is_access => scopes(&claim),
            _ => Vec::new(),
        };
        let account = claim(if is_access { "sub" } else { "iss" });
        let api_key = claim("iss").filter(|_| is_access);
        Contents {
            kind,
            kind_in_words,
            account: account.filter(|_| kind.is_some()),
            api_key,
            identity,
            scopes,
            grants,
            claims,
        }
    }

    /// The contents at the time `now`, with warnings about them, and the reason if no secret
    /// can verify them.
    pub(crate) fn report(
        &self,
        now: i64,
        is_verified: bool,
        problem: Option<Error>,
        warnings: Vec<String>,
    ) -> Report {
        let contents = self.contents();
        let issuer = last(&contents.claims, "iss").and_then(|json| string(json));
        let has_unknown_grants = contents.has_unknown_grants();
        let is_access = contents.is_access();
        let Contents {
            claims,
            kind,
            kind_in_words,
            account,
            api_key,
            identity,
            scopes,
            grants,
        } = contents;
        let region = last(&members(&self.header), "twr").and_then(|region| string(region));
        let region = region.filter(|_| is_access);

        let mut report = Report::default();
        report.members.push(("verified", value(is_verified)));
        report.members.push(("kind", value(kind)));
        report.line("kind", kind_in_words);
        let (has_kind, has_region) = (kind.is_some(), region.is_some());
        for (name, label, text, is_shown) in [
            ("account", "account", account, has_kind),
            ("api_key", "API key", api_key, is_access),
            ("issuer", "issuer", issuer, !has_kind),
            ("region", "region", region, has_region),
            ("identity", "identity", identity, is_access),
        ] {
            if is_shown {
                // An identity is optional. A claim that is absent or no string says nothing.
                let none = if name == "identity" {
                    "none"
                } else {
                    "unknown"
                };
                report.line(label, &text.as_deref().map_or(none.to_owned(), word));
            }
            report.members.push((name, value(text)));
        }
        report.permissions("scopes", &scopes);
        report.permissions("grants", &grants);
        if has_unknown_grants {
            report.line("permissions", "unknown (grants is not an object)");
        } else if scopes.is_empty() && grants.is_empty() {
            report.line("permissions", "none");
        }
        report.times(&claims, now as f64);
        let problem = problem.map(in_words);
        if let Some(words) = &problem {
            report.line("problem", words);
        }
        report.members.push(("problem", value(problem)));
        report.members.push(("warnings", value(warnings)));
        for (name, json) in [("header", &self.header), ("payload", &self.payload)] {
            report.lines += &format!("\n{name} {}\n", pretty(json));
            report.members.push((name, json.clone()));
        }
        report
    }
}

impl Contents<'_> {
    pub(crate) fn is_access(&self) -> bool {
        self.kind == Some("access")
    }

    pub(crate) fn permissions(&self) -> impl Iterator<Item = &Permission> {
        self.scopes.iter().chain(&self.grants)
    }

    /// Whether a permission is for calls, so that Twilio needs a name.
    pub(crate) fn is_for_calls(&self) -> bool {
        let mut kinds = self.permissions().map(|permission| permission.kind);
        kinds.any(|kind| ["incoming", "outgoing", "push", "voice"].contains(&kind))
    }

    /// Whether the permissions of an access token cannot be read.
    pub(crate) fn has_unknown_grants(&self) -> bool {
        let claim = last(&self.claims, "grants").filter(|claim| claim.starts_with('{'));
        self.is_access() && claim.is_none()
    }

    pub(crate) fn time(&self, name: &str) -> Option<f64> {
        time(&self.claims, name)
    }
}

impl Report {
    fn line(&mut self, label: &str, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.lines, "{label:<12}{text}");
    }

    fn permissions(&mut self, name: &'static str, permissions: &[Permission]) {
        for permission in permissions {
            self.line(permission.kind, &permission.words);
        }
        let all: Vec<&str> = permissions.iter().map(|one| one.json.as_str()).collect();
        self.members.push((name, format!("[{}]", all.join(","))));
    }

    fn times(&mut self, claims: &[(String, &str)], now: f64) {
        let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| time(claims, name));
        let is_expired = exp.map(|exp| exp <= now);
        let by_now = |past, future, time| if time <= Some(now) { past } else { future };
        for (label, time) in [
            (by_now("expired", "expires", exp), exp),
            (by_now("valid since", "valid from", nbf), nbf),
            ("issued", iat),
        ] {
            if let Some(time) = time {
                self.line(label, &when(time, now));
            }
        }
        if exp.is_none() {
            self.line("expires", "unknown (no valid exp)");
        }
        self.members.extend([
            ("expires_at", seconds(exp)),
            ("expired", value(is_expired)),
            ("not_before", seconds(nbf)),
            ("issued_at", seconds(iat)),
        ]);
    }
}

/// The time in a claim, if it does not repeat: readers differ in the value of one that does.
fn time(claims: &[(String, &str)], name: &str) -> Option<f64> {
    let mut values = claims.iter().filter(|(other, _)| other == name);
    match (values.next(), values.next()) {
        (Some((_, json)), None) => validity::time(json).ok(),
        _ => None,
    }
}

/// A time as JSON. Whole if it is exact, because some readers refuse 60.0 for 60.
fn seconds(time: Option<f64>) -> String {
    let last_exact = (1_i64 << 53) as f64;
    match time {
        Some(time) if time.fract() == 0.0 && time.abs() <= last_exact => value(time as i64),
        time => value(time),
    }
}
