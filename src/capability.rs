//! A token in the making, of either kind: whose account it is, what it allows, how long
//! it lives.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::access::Access;
use crate::error::Error;
use crate::json::{self, Members, Object, write_object};
use crate::jws::{Draft, Key};
use crate::scope::Scopes;
use crate::validity::{check_time, expiry};

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// The claims that a program cannot add: the library writes them, or leaves them
/// out on purpose.
const RESERVED: [&str; 5] = ["scope", "iss", "exp", "nbf", "iat"];

/// Those that it cannot add to an access token, either.
const RESERVED_FOR_ACCESS: [&str; 3] = ["jti", "sub", "grants"];

/// The grants that a program cannot add: other functions write them.
const RESERVED_GRANTS: [&str; 2] = ["identity", "voice"];

/// What a token will say, and the key to sign it with.
pub struct Capability {
    claims: Object,
    /// As a JSON string.
    account_sid: String,
    key: Key,
    kind: Kind,
    not_before: Option<i64>,
}

enum Kind {
    /// A capability token.
    Scopes(Scopes),
    /// An access token.
    Access(Access),
}

/// A name that the library does not write itself.
pub struct FreeName<'a>(&'a str);

impl Capability {
    /// A capability token, which allows nothing yet. The key is the account's auth
    /// token.
    pub fn new(account_sid: &str, key: Key) -> Result<Self, Error> {
        Self::of_kind(Kind::Scopes(Scopes::default()), account_sid, key)
    }

    /// An access token, which allows nothing yet. The key is the secret of the API key.
    pub fn access(account_sid: &str, api_key_sid: &str, key: Key) -> Result<Self, Error> {
        Self::of_kind(Kind::Access(Access::new(api_key_sid)?), account_sid, key)
    }

    fn of_kind(kind: Kind, account_sid: &str, key: Key) -> Result<Self, Error> {
        Ok(Self {
            claims: Object::default(),
            account_sid: json::string(account_sid)?,
            key,
            kind,
            not_before: None,
        })
    }

    /// Allows calls to `client_name`, instead of an earlier name. Outgoing calls
    /// come from it, too.
    pub fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Scopes(scopes) => scopes.allow_incoming(client_name),
            Kind::Access(access) => access.allow_incoming(client_name),
        }
    }

    /// Allows calls to an application, instead of an earlier one and its
    /// parameters.
    pub fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Scopes(scopes) => scopes.allow_outgoing(application_sid),
            Kind::Access(access) => access.allow_outgoing(application_sid),
        }
    }

    /// Adds a parameter for the application.
    pub fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Scopes(scopes) => scopes.add_outgoing_param(key, value),
            Kind::Access(access) => access.add_outgoing_param(key, value),
        }
    }

    /// Has outgoing calls come from `client_name`, without letting anybody call it. In
    /// an access token, it is also the name under which all else happens.
    pub fn set_client_name(&mut self, client_name: &str) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Scopes(scopes) => scopes.set_client_name(client_name),
            Kind::Access(access) => access.set_identity(client_name),
        }
    }

    /// Allows to follow the account's events, without the filters of an earlier call.
    pub fn allow_event_stream(&mut self) -> Result<(), Error> {
        self.scopes()?.allow_event_stream();
        Ok(())
    }

    /// Adds a filter for the events.
    pub fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Error> {
        self.scopes()?.add_event_filter(key, value)
    }

    /// The name of a claim that can be added.
    pub fn claim_name<'a>(&self, name: &'a str) -> Result<FreeName<'a>, Error> {
        let name = FreeName::new(name, &RESERVED)?;
        match self.kind {
            Kind::Scopes(_) => Ok(name),
            Kind::Access(_) => FreeName::new(name.0, &RESERVED_FOR_ACCESS),
        }
    }

    /// Adds a claim of one JSON value, or gives one that is there a new value in its old
    /// place.
    pub fn add_claim(&mut self, name: FreeName<'_>, json: &str) -> Result<(), Error> {
        self.claims.set(name.0, json::compact(json)?)
    }

    /// Sets the region of Twilio's that is to take an access token.
    pub fn set_region(&mut self, region: &str) -> Result<(), Error> {
        self.access_token()?.set_region(region)
    }

    /// Sets by which credential phones are told of calls.
    pub fn set_push_credential(&mut self, sid: &str) -> Result<(), Error> {
        self.access_token()?.set_push_credential(sid)
    }

    /// The name of a grant that can be added.
    pub fn grant_name(name: &str) -> Result<FreeName<'_>, Error> {
        FreeName::new(name, &RESERVED_GRANTS)
    }

    /// Adds a grant of one JSON object, or gives one that is there a new value in its old
    /// place.
    pub fn add_grant(&mut self, name: FreeName<'_>, json: &str) -> Result<(), Error> {
        let grant = json::compact_object(json)?;
        self.access_token()?.add_grant(name.0, grant)
    }

    /// Has tokens begin to be valid at a time, in seconds since 1970-01-01 UTC; 0
    /// stands for at once.
    pub fn set_not_before(&mut self, not_before: i64) -> Result<(), Error> {
        check_time(not_before)?;
        self.not_before = (not_before > 0).then_some(not_before);
        Ok(())
    }

    /// A token that is valid from `now`, in seconds since 1970-01-01 UTC, for
    /// `ttl` seconds.
    pub fn draft(
        &self,
        now: i64,
        ttl: i64,
    ) -> Result<Draft<'_, impl Fn(&mut dyn Write) -> io::Result<()>>, Error> {
        let expiry = expiry(now, ttl)?;
        let header = match &self.kind {
            Kind::Scopes(_) => HEADER,
            Kind::Access(access) => access.header(),
        };
        Draft::new(&self.key, header, move |out| {
            write_object(out, |payload| self.write_payload(now, expiry, payload))
        })
    }

    fn write_payload(&self, now: i64, expiry: i64, payload: &mut Members<'_>) -> io::Result<()> {
        payload.all_of(&self.claims)?;
        match &self.kind {
            Kind::Scopes(scopes) => {
                scopes.write(payload.member(r#""scope":"#)?)?;
                payload.json(r#""iss":"#, &self.account_sid)?;
                self.write_validity(expiry, payload)
            }
            Kind::Access(access) => {
                access.write_issuer(now, payload)?;
                payload.json(r#""sub":"#, &self.account_sid)?;
                self.write_validity(expiry, payload)?;
                access.write_grants(payload.member(r#""grants":"#)?)
            }
        }
    }

    fn write_validity(&self, expiry: i64, payload: &mut Members<'_>) -> io::Result<()> {
        write!(payload.member(r#""exp":"#)?, "{expiry}")?;
        if let Some(not_before) = self.not_before {
            write!(payload.member(r#""nbf":"#)?, "{not_before}")?;
        }
        Ok(())
    }

    fn scopes(&mut self) -> Result<&mut Scopes, Error> {
        match &mut self.kind {
            Kind::Scopes(scopes) => Ok(scopes),
            Kind::Access(_) => Err(Error::Unsupported),
        }
    }

    fn access_token(&mut self) -> Result<&mut Access, Error> {
        match &mut self.kind {
            Kind::Scopes(_) => Err(Error::Unsupported),
            Kind::Access(access) => Ok(access),
        }
    }
}

impl<'a> FreeName<'a> {
    fn new(name: &'a str, reserved: &[&str]) -> Result<Self, Error> {
        if reserved.contains(&name) {
            Err(Error::ReservedName)
        } else {
            Ok(Self(name))
        }
    }
}

/// Whether all of Twilio takes a client name: its pages disagree on what a name may
/// be, but this rule is inside all of theirs.
pub fn check_client_name(client_name: &str) -> Result<(), Error> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if (1..=256).contains(&client_name.len()) && client_name.bytes().all(is_word) {
        Ok(())
    } else {
        Err(Error::InvalidClientName)
    }
}
