//! A token in the making, of either kind: whose account it is, what it allows, how long
//! it lives.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::access::Access;
use crate::error::Error;
use crate::json::{self, Object};
use crate::jws::{HEADER, Kept, Key, Payload, write_token};
use crate::scope::Scopes;
use crate::text::Text;
use crate::validity::{check_time, expiry};

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
    account_sid: Text,
    key: Key,
    kind: Kind,
    not_before: Option<i64>,
    /// Of what tokens have in common. Whatever changes that must forget it.
    kept: Kept,
}

enum Kind {
    /// A capability token.
    Scopes(Scopes),
    /// An access token.
    Access(Access),
}

/// A capability token of nobody yet, which allows nothing.
///
/// It is made before it is known whose it is, so that its key is made where it stays:
/// moving a key leaves copies behind.
impl Default for Capability {
    #[inline]
    fn default() -> Self {
        Self {
            claims: Object::default(),
            account_sid: Text::default(),
            key: Key::default(),
            kind: Kind::Scopes(Scopes::default()),
            not_before: None,
            kept: Kept::default(),
        }
    }
}

/// A name that the library does not write itself.
pub struct FreeName<'a>(&'a str);

impl Capability {
    /// Says whose tokens these are, and signs them with the key that `set_key` sets: the
    /// auth token of the account, or the secret of the API key.
    pub fn set_account(
        &mut self,
        account_sid: &str,
        set_key: impl FnOnce(&mut Key),
    ) -> Result<(), Error> {
        json::set_string(&mut self.account_sid, account_sid)?;
        set_key(&mut self.key);
        self.kept.forget();
        Ok(())
    }

    /// Makes of a capability token that allows nothing an access token of this API key.
    pub fn set_api_key(&mut self, api_key_sid: &str) -> Result<(), Error> {
        *self.kind_to_change() = Kind::Access(Access::new(api_key_sid)?);
        Ok(())
    }

    /// Allows calls to `client_name`, instead of an earlier name. Outgoing calls
    /// come from it, too.
    pub fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        match self.kind_to_change() {
            Kind::Scopes(scopes) => scopes.allow_incoming(client_name),
            Kind::Access(access) => access.allow_incoming(client_name),
        }
    }

    /// Allows calls to an application, instead of an earlier one and its
    /// parameters.
    pub fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        match self.kind_to_change() {
            Kind::Scopes(scopes) => scopes.allow_outgoing(application_sid),
            Kind::Access(access) => access.allow_outgoing(application_sid),
        }
    }

    /// Adds a parameter for the application.
    pub fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match self.kind_to_change() {
            Kind::Scopes(scopes) => scopes.add_outgoing_param(key, value),
            Kind::Access(access) => access.add_outgoing_param(key, value),
        }
    }

    /// Has outgoing calls come from `client_name`, without letting anybody call it. In
    /// an access token, it is also the name under which all else happens.
    pub fn set_client_name(&mut self, client_name: &str) -> Result<(), Error> {
        match self.kind_to_change() {
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
        let value = json::compact(json)?;
        self.kept.forget();
        self.claims.set(name.0, value)
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

    /// Writes a token that is valid from `now`, in seconds since 1970-01-01 UTC, for
    /// `ttl` seconds, to where `place` has room for as many bytes, all of them ASCII.
    pub fn write_token<'a, E: From<Error>>(
        &self,
        now: i64,
        ttl: i64,
        place: impl FnOnce(usize) -> Result<&'a mut [u8], E>,
    ) -> Result<(), E> {
        let expiry = expiry(now, ttl)?;
        let Self { key, kept, .. } = self;
        match &self.kind {
            Kind::Scopes(scopes) => {
                let payload = CapabilityPayload {
                    capability: self,
                    scopes,
                    expiry,
                };
                write_token(key, kept, HEADER.as_bytes(), &payload, place)
            }
            Kind::Access(access) => {
                let payload = AccessPayload {
                    capability: self,
                    access,
                    now,
                    expiry,
                };
                write_token(key, kept, access.header(), &payload, place)
            }
        }
    }

    /// The same token as a text of its own.
    pub fn token(&self, now: i64, ttl: i64) -> Result<String, Error> {
        let mut token = Vec::new();
        let place = &mut token;
        self.write_token(now, ttl, move |length| {
            place.try_reserve_exact(length)?;
            place.resize(length, 0);
            Ok::<_, Error>(place.as_mut_slice())
        })?;
        String::from_utf8(token).map_err(|_| Error::Internal)
    }

    fn write_validity(&self, expiry: i64, out: &mut impl Write) -> io::Result<()> {
        out.write_all(itoa::Buffer::new().format(expiry).as_bytes())?;
        if let Some(not_before) = self.not_before {
            out.write_all(br#","nbf":"#)?;
            out.write_all(itoa::Buffer::new().format(not_before).as_bytes())?;
        }
        Ok(())
    }

    fn kind_to_change(&mut self) -> &mut Kind {
        self.kept.forget();
        &mut self.kind
    }

    fn scopes(&mut self) -> Result<&mut Scopes, Error> {
        match self.kind_to_change() {
            Kind::Scopes(scopes) => Ok(scopes),
            Kind::Access(_) => Err(Error::Unsupported),
        }
    }

    fn access_token(&mut self) -> Result<&mut Access, Error> {
        match self.kind_to_change() {
            Kind::Scopes(_) => Err(Error::Unsupported),
            Kind::Access(access) => Ok(access),
        }
    }
}

/// What a capability token says: claims of the program's own, `scope`, `iss`, `exp` and
/// `nbf`.
struct CapabilityPayload<'a> {
    capability: &'a Capability,
    scopes: &'a Scopes,
    expiry: i64,
}

impl Payload for CapabilityPayload<'_> {
    fn write_constant(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"{")?;
        self.capability.claims.write_before_others(out)?;
        out.write_all(br#""scope":"#)?;
        self.scopes.write(out)?;
        out.write_all(br#","iss":"#)?;
        out.write_all(&self.capability.account_sid)?;
        out.write_all(br#","exp":"#)
    }

    fn write_rest(&self, out: &mut impl Write) -> io::Result<()> {
        self.capability.write_validity(self.expiry, out)?;
        out.write_all(b"}")
    }
}

/// What an access token says: claims of the program's own, `jti`, `iss`, `sub`, `exp`,
/// `nbf` and `grants`.
struct AccessPayload<'a> {
    capability: &'a Capability,
    access: &'a Access,
    now: i64,
    expiry: i64,
}

impl Payload for AccessPayload<'_> {
    fn write_constant(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"{")?;
        self.capability.claims.write_before_others(out)?;
        // The API key SID and the time, in one string.
        out.write_all(br#""jti":"#)?;
        out.write_all(self.access.api_key_sid_unended())?;
        out.write_all(b"-")
    }

    fn write_rest(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(itoa::Buffer::new().format(self.now).as_bytes())?;
        out.write_all(br#"","iss":"#)?;
        out.write_all(self.access.api_key_sid())?;
        out.write_all(br#","sub":"#)?;
        out.write_all(&self.capability.account_sid)?;
        out.write_all(br#","exp":"#)?;
        self.capability.write_validity(self.expiry, out)?;
        out.write_all(br#","grants":"#)?;
        self.access.write_grants(out)?;
        out.write_all(b"}")
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
