//! `cap_mint`: reads a request, makes its calls, and mints.

use captoken::ffi::Status;

use super::json::{self, Value};
use super::token::Token;
use super::{non_empty, required};
use crate::input::Field;

type Pair = (String, String);

/// The members of a request.
#[derive(Default)]
struct Request {
    account_sid: Option<String>,
    api_key_sid: Option<String>,
    incoming: Option<String>,
    client_name: Option<String>,
    outgoing: Option<(String, Vec<Pair>)>,
    event_stream: Option<Vec<Pair>>,
    claims: Option<Vec<Pair>>,
    not_before: Option<i64>,
    region: Option<String>,
    push_credential_sid: Option<String>,
    grants: Option<Vec<Pair>>,
}

/// `cap_mint`
pub(crate) fn mint(
    secret: Field<'_>,
    request: Field<'_>,
    now: i64,
    ttl: i64,
) -> Result<String, Status> {
    let secret = non_empty(secret)?;
    let request = Request::parse(required(request)?).ok_or(Status::InvalidRequest)?;
    request.token(secret)?.generate(now, ttl)
}

impl Request {
    /// `None` stands for CAP_STATUS_INVALID_REQUEST.
    fn parse(json: &str) -> Option<Self> {
        let mut request = Self::default();
        for (name, value) in json::members(&json::tokens(json)?)? {
            match &*name {
                "account_sid" => once(&mut request.account_sid, string(value)),
                "api_key_sid" => once(&mut request.api_key_sid, string(value)),
                "incoming" => once(&mut request.incoming, string(value)),
                "client_name" => once(&mut request.client_name, string(value)),
                "outgoing" => once(&mut request.outgoing, outgoing(value)),
                "event_stream" => once(&mut request.event_stream, event_stream(value)),
                "claims" => once(&mut request.claims, named_values(value)),
                "not_before" => once(&mut request.not_before, integer(value)),
                "region" => once(&mut request.region, string(value)),
                "push_credential_sid" => once(&mut request.push_credential_sid, string(value)),
                "grants" => once(&mut request.grants, named_values(value)),
                _ => None,
            }?;
        }
        request.account_sid.as_ref()?;
        Some(request)
    }

    /// Makes the calls in the order of the documentation.
    fn token(&self, secret: &str) -> Result<Token, Status> {
        let secret = Some(secret.as_bytes());
        let account = bytes(&self.account_sid);
        let mut token = match &self.api_key_sid {
            Some(_) => Token::access([account, bytes(&self.api_key_sid), secret])?,
            None => super::Defaults::default().new_token([account, secret])?,
        };
        if self.incoming.is_some() {
            token.allow_incoming([bytes(&self.incoming)])?;
        }
        if self.client_name.is_some() {
            token.set_client_name([bytes(&self.client_name)])?;
        }
        if let Some((sid, params)) = &self.outgoing {
            token.allow_outgoing([Some(sid.as_bytes())])?;
            params
                .iter()
                .try_for_each(|pair| token.add_outgoing_param(both(pair)))?;
        }
        if let Some(filters) = &self.event_stream {
            token.allow_event_stream()?;
            filters
                .iter()
                .try_for_each(|pair| token.add_event_filter(both(pair)))?;
        }
        if let Some(claims) = &self.claims {
            claims
                .iter()
                .try_for_each(|claim| token.add_claim(both(claim)))?;
        }
        if let Some(not_before) = self.not_before {
            token.set_not_before(not_before)?;
        }
        if self.region.is_some() {
            token.set_region([bytes(&self.region)])?;
        }
        if self.push_credential_sid.is_some() {
            token.set_push_credential([bytes(&self.push_credential_sid)])?;
        }
        if let Some(grants) = &self.grants {
            grants
                .iter()
                .try_for_each(|grant| token.add_grant(both(grant)))?;
        }
        Ok(token)
    }
}

/// Sets a member that must have the right form and must not repeat.
fn once<T>(member: &mut Option<T>, value: Option<T>) -> Option<()> {
    match member.replace(value?) {
        None => Some(()),
        Some(_) => None,
    }
}

/// A string without NUL.
fn string(value: &Value<'_>) -> Option<String> {
    json::string(value).filter(|string| !string.contains('\0'))
}

/// A number without fraction and exponent, the nearest one if `i64` cannot hold it.
fn integer(value: &Value<'_>) -> Option<i64> {
    let [number] = value else {
        return None;
    };
    let is_integer = number.chars().all(|c| c == '-' || c.is_ascii_digit());
    let nearest = if number.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    is_integer.then(|| number.parse().unwrap_or(nearest))
}

fn outgoing(value: &Value<'_>) -> Option<(String, Vec<Pair>)> {
    let (mut sid, mut params) = (None, None);
    for (name, value) in json::members(value)? {
        match &*name {
            "application_sid" => once(&mut sid, string(value)),
            "params" => once(&mut params, pairs(value)),
            _ => None,
        }?;
    }
    Some((sid?, params.unwrap_or_default()))
}

fn event_stream(value: &Value<'_>) -> Option<Vec<Pair>> {
    let mut filters = None;
    for (name, value) in json::members(value)? {
        match &*name {
            "filters" => once(&mut filters, pairs(value)),
            _ => None,
        }?;
    }
    Some(filters.unwrap_or_default())
}

fn pairs(value: &Value<'_>) -> Option<Vec<Pair>> {
    let pair = |value| match &*json::elements(value)? {
        [key, value] => Some((string(key)?, string(value)?)),
        _ => None,
    };
    json::elements(value)?.into_iter().map(pair).collect()
}

/// The claims or grants of a request, each with its JSON.
fn named_values(value: &Value<'_>) -> Option<Vec<Pair>> {
    let named_value = |(name, value): (String, &Value<'_>)| {
        let is_allowed = !name.contains('\0') && json::depth(value) <= 128;
        is_allowed.then(|| (name, json::compact(value)))
    };
    json::members(value)?.into_iter().map(named_value).collect()
}

fn bytes(string: &Option<String>) -> Field<'_> {
    string.as_ref().map(String::as_bytes)
}

fn both((first, second): &Pair) -> [Field<'_>; 2] {
    [Some(first.as_bytes()), Some(second.as_bytes())]
}
