//! The JSON request of `cap_mint`. `include/captoken.h` documents its members.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use crate::error::Error;
use crate::json::{self, Next, string_value};
use crate::token::Token;

/// A request of the right form. `apply_to` checks its values.
#[derive(Default)]
pub struct Request<'a> {
    account_sid: Cow<'a, str>,
    api_key_sid: Option<Cow<'a, str>>,
    /// The client name of incoming calls.
    pub incoming: Option<Cow<'a, str>>,
    /// The client name of outgoing calls; in an access token, the identity.
    pub client_name: Option<Cow<'a, str>>,
    outgoing: Option<Outgoing<'a>>,
    event_stream: Option<Pairs<'a>>,
    claims: Option<&'a str>,
    /// When the token begins to be valid.
    pub not_before: Option<i64>,
    region: Option<Cow<'a, str>>,
    push_credential_sid: Option<Cow<'a, str>>,
    grants: Option<&'a str>,
}

struct Outgoing<'a> {
    application_sid: Cow<'a, str>,
    params: Pairs<'a>,
}

/// The JSON of an array of pairs of strings, if there is one. It is read twice, to check its
/// form and to make the calls, because a list of strings would need memory.
struct Pairs<'a>(Option<&'a str>);

impl<'a> Request<'a> {
    /// Reads a request. An error in its form is `InvalidRequest`.
    pub fn parse(json: &'a str) -> Result<Self, Error> {
        Self::read(json).map_err(|error| match error {
            Error::InvalidJson => Error::InvalidRequest,
            error => error,
        })
    }

    fn read(json: &'a str) -> Result<Self, Error> {
        let mut request = Self::default();
        let mut account_sid = None;
        let member = |name: &str, value: Next<'a, '_>| match &*string_value(name)? {
            "account_sid" => set(&mut account_sid, string(value)?),
            "api_key_sid" => set(&mut request.api_key_sid, string(value)?),
            "incoming" => set(&mut request.incoming, string(value)?),
            "client_name" => set(&mut request.client_name, string(value)?),
            "outgoing" => set(&mut request.outgoing, outgoing(value)?),
            "event_stream" => set(&mut request.event_stream, filters(value)?),
            "claims" => set(&mut request.claims, named_values(value)?),
            "not_before" => set(&mut request.not_before, value.integer()?),
            "region" => set(&mut request.region, string(value)?),
            "push_credential_sid" => set(&mut request.push_credential_sid, string(value)?),
            "grants" => set(&mut request.grants, named_values(value)?),
            _ => Err(Error::InvalidJson),
        };
        json::read(json, |object| object.members(member))?;
        request.account_sid = account_sid.ok_or(Error::InvalidJson)?;
        Ok(request)
    }

    /// Whether it is for an access token, which an API key secret signs.
    pub fn is_access(&self) -> bool {
        self.api_key_sid.is_some()
    }

    /// Whether it names a push credential, which only phones use.
    pub fn has_push_credential(&self) -> bool {
        self.push_credential_sid.is_some()
    }

    /// Whether its token allows calls, so that its names must suit calls.
    pub fn is_for_calls(&self) -> bool {
        self.incoming.is_some() || self.outgoing.is_some() || self.push_credential_sid.is_some()
    }

    /// Makes the calls that the request stands for on an empty token.
    pub fn apply_to(&self, token: &mut Token) -> Result<(), Error> {
        token.set_account(non_empty(&self.account_sid)?)?;
        if let Some(api_key_sid) = &self.api_key_sid {
            token.make_access(non_empty(api_key_sid)?)?;
        }
        if let Some(client_name) = &self.incoming {
            token.allow_incoming(non_empty(client_name)?)?;
        }
        if let Some(client_name) = &self.client_name {
            token.set_client_name(non_empty(client_name)?)?;
        }
        if let Some(outgoing) = &self.outgoing {
            token.allow_outgoing(non_empty(&outgoing.application_sid)?)?;
            outgoing
                .params
                .for_each(|key, value| token.add_outgoing_param(key, value))?;
        }
        if let Some(filters) = &self.event_stream {
            token.allow_event_stream()?;
            filters.for_each(|key, value| token.add_event_filter(key, value))?;
        }
        if let Some(claims) = self.claims {
            for_each_value(claims, |name, json| token.add_claim(name, json))?;
        }
        if let Some(not_before) = self.not_before {
            token.set_not_before(not_before)?;
        }
        if let Some(region) = &self.region {
            token.set_region(non_empty(region)?)?;
        }
        if let Some(sid) = &self.push_credential_sid {
            token.set_push_credential(non_empty(sid)?)?;
        }
        if let Some(grants) = self.grants {
            for_each_value(grants, |name, json| token.add_grant(name, json))?;
        }
        Ok(())
    }
}

fn outgoing<'a>(value: Next<'a, '_>) -> Result<Outgoing<'a>, Error> {
    let (mut application_sid, mut params) = (None, None);
    value.members(|name, value| match &*string_value(name)? {
        "application_sid" => set(&mut application_sid, string(value)?),
        "params" => set(&mut params, pairs(value)?),
        _ => Err(Error::InvalidJson),
    })?;
    Ok(Outgoing {
        application_sid: application_sid.ok_or(Error::InvalidJson)?,
        params: Pairs(params),
    })
}

fn filters<'a>(value: Next<'a, '_>) -> Result<Pairs<'a>, Error> {
    let mut filters = None;
    value.members(|name, value| match &*string_value(name)? {
        "filters" => set(&mut filters, pairs(value)?),
        _ => Err(Error::InvalidJson),
    })?;
    Ok(Pairs(filters))
}

fn pairs<'a>(value: Next<'a, '_>) -> Result<&'a str, Error> {
    value.spelling_of(|value| value.elements(|element| pair(element).map(drop)))
}

fn pair<'a>(value: Next<'a, '_>) -> Result<[Cow<'a, str>; 2], Error> {
    let mut strings = [None, None];
    let mut slots = strings.iter_mut();
    value.elements(|element| {
        *slots.next().ok_or(Error::InvalidJson)? = Some(string(element)?);
        Ok(())
    })?;
    match strings {
        [Some(key), Some(value)] => Ok([key, value]),
        _ => Err(Error::InvalidJson),
    }
}

impl Pairs<'_> {
    fn for_each(
        &self,
        mut visit: impl FnMut(&str, &str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(json) = self.0 else {
            return Ok(());
        };
        json::read(json, |array| {
            array.elements(|element| {
                let [key, value] = pair(element)?;
                visit(&key, &value)
            })
        })
    }
}

/// Sets a member, which must not repeat.
fn set<T>(member: &mut Option<T>, value: T) -> Result<(), Error> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::InvalidJson),
    }
}

/// The spelling of an object whose members become claims or grants.
fn named_values<'a>(value: Next<'a, '_>) -> Result<&'a str, Error> {
    value.spelling_of(|value| {
        value.members(|name, value| {
            without_nul(string_value(name)?)?;
            value.spelling().map(drop)
        })
    })
}

fn for_each_value(
    json: &str,
    mut visit: impl FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    json::read(json, |object| {
        object.members(|name, value| visit(non_empty(&string_value(name)?)?, value.spelling()?))
    })
}

fn string<'a>(value: Next<'a, '_>) -> Result<Cow<'a, str>, Error> {
    without_nul(value.string()?)
}

/// Rejects a NUL, which a C string cannot contain. Only an escape can spell one, and a
/// string without escapes is borrowed.
fn without_nul(string: Cow<'_, str>) -> Result<Cow<'_, str>, Error> {
    match string {
        Cow::Owned(string) if string.contains('\0') => Err(Error::InvalidJson),
        string => Ok(string),
    }
}

fn non_empty(string: &str) -> Result<&str, Error> {
    if string.is_empty() {
        return Err(Error::EmptyArgument);
    }
    Ok(string)
}
