//! The builder of a token of either kind: account, key, permissions and private claims.

#![forbid(unsafe_code)]

use crate::access::Access;
use crate::claims::SharedClaims;
use crate::error::Error;
use crate::json::{self, Object};
use crate::jws::{HEADER, Key, PayloadBuffer, Prefixed, Unsigned};
use crate::scope::Scopes;
use crate::text::Text;
use crate::validity::{check_time, expiry};

/// Reserved claims: the library writes them, or omits them on purpose.
const RESERVED: [&str; 5] = ["scope", "iss", "exp", "nbf", "iat"];

/// More reserved claims of access tokens.
const RESERVED_FOR_ACCESS: [&str; 3] = ["jti", "sub", "grants"];

/// Reserved grants: the library writes them.
const RESERVED_GRANTS: [&str; 2] = ["identity", "voice"];

/// A token in preparation, with the key that signs it.
///
/// The default is a capability token without an account and a key. It is filled in place,
/// because moving a key would leave copies of it on the stack.
#[derive(Default)]
pub struct Token {
    contents: Prefixed<Contents>,
    not_before: Option<i64>,
}

/// Everything that the constant part and the signature depend on.
#[derive(Default)]
struct Contents {
    key: Key,
    claims: Object,
    /// As a JSON string.
    account_sid: Text,
    kind: Kind,
}

enum Kind {
    /// A capability token.
    Scopes(Scopes),
    /// An access token.
    Access(Access),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Scopes(Scopes::default())
    }
}

impl Token {
    /// Sets the account SID.
    pub fn set_account(&mut self, account_sid: &str) -> Result<(), Error> {
        self.contents.change().account_sid = json::string(account_sid)?;
        Ok(())
    }

    /// Turns an empty capability token into an empty access token of this API key.
    pub fn make_access(&mut self, api_key_sid: &str) -> Result<(), Error> {
        self.contents.change().kind = Kind::Access(Access::new(api_key_sid)?);
        Ok(())
    }

    /// The key: the auth token of the account, or the secret of the API key.
    pub fn key_mut(&mut self) -> &mut Key {
        &mut self.contents.change().key
    }

    /// Allows incoming calls to `client_name`, which replaces an earlier name. Outgoing
    /// calls use the name as well.
    pub fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(scopes) => scopes.allow_incoming(client_name),
            Kind::Access(access) => access.allow_incoming(client_name),
        }
    }

    /// Allows outgoing calls through an application. Replaces an earlier one and its
    /// parameters.
    pub fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(scopes) => scopes.allow_outgoing(application_sid),
            Kind::Access(access) => access.allow_outgoing(application_sid),
        }
    }

    /// Adds a parameter for the application.
    pub fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(scopes) => scopes.add_outgoing_param(key, value),
            Kind::Access(access) => access.add_outgoing_param(key, value),
        }
    }

    /// Sets the client name of outgoing calls, or the identity of an access token, without
    /// allowing incoming calls.
    pub fn set_client_name(&mut self, client_name: &str) -> Result<(), Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(scopes) => scopes.set_client_name(client_name),
            Kind::Access(access) => access.set_identity(client_name),
        }
    }

    /// Allows following the account's events. Drops the filters of an earlier call.
    pub fn allow_event_stream(&mut self) -> Result<(), Error> {
        self.scopes()?.allow_event_stream();
        Ok(())
    }

    /// Adds a filter for the events.
    pub fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Error> {
        self.scopes()?.add_event_filter(key, value)
    }

    /// Checks that a claim of this name can be added.
    pub fn check_claim_name(&self, name: &str) -> Result<(), Error> {
        check_name(name, &RESERVED)?;
        match self.contents.kind {
            Kind::Scopes(_) => Ok(()),
            Kind::Access(_) => check_name(name, &RESERVED_FOR_ACCESS),
        }
    }

    /// Adds a private claim of one JSON value. An existing claim keeps its position and
    /// takes the new value.
    pub fn add_claim(&mut self, name: &str, json: &str) -> Result<(), Error> {
        self.check_claim_name(name)?;
        let value = json::compact(json)?;
        self.contents.change().claims.set(name, value)
    }

    /// Sets the Twilio region that accepts an access token.
    pub fn set_region(&mut self, region: &str) -> Result<(), Error> {
        self.access_token()?.set_region(region)
    }

    /// Sets the credential for push notifications.
    pub fn set_push_credential(&mut self, sid: &str) -> Result<(), Error> {
        self.access_token()?.set_push_credential(sid)
    }

    /// Checks that a grant of this name can be added.
    pub fn check_grant_name(name: &str) -> Result<(), Error> {
        check_name(name, &RESERVED_GRANTS)
    }

    /// Adds a grant of one JSON object. An existing grant keeps its position and takes the
    /// new value.
    pub fn add_grant(&mut self, name: &str, json: &str) -> Result<(), Error> {
        Self::check_grant_name(name)?;
        let grant = json::compact_object(json)?;
        self.access_token()?.add_grant(name, grant)
    }

    /// Sets when tokens begin to be valid, in seconds since 1970-01-01 UTC. 0 removes the
    /// setting.
    pub fn set_not_before(&mut self, not_before: i64) -> Result<(), Error> {
        check_time(not_before)?;
        self.not_before = (not_before > 0).then_some(not_before);
        Ok(())
    }

    /// A token that is valid for `ttl` seconds from `now`, in seconds since 1970-01-01 UTC.
    /// The caller provides an empty buffer, because moving a filled one is expensive.
    #[inline]
    pub fn unsigned<'a>(
        &'a self,
        now: i64,
        ttl: i64,
        payload: &'a mut PayloadBuffer,
    ) -> Result<Unsigned<'a>, Error> {
        let shared = SharedClaims {
            private: &self.contents.claims,
            account_sid: &self.contents.account_sid,
            expiry: expiry(now, ttl)?,
            not_before: self.not_before,
        };
        let (header, constant_length) = match &self.contents.kind {
            Kind::Scopes(scopes) => (HEADER.as_bytes(), scopes.write_payload(&shared, payload)?),
            Kind::Access(access) => (
                access.header(),
                access.write_payload(&shared, now, payload)?,
            ),
        };
        Ok(Unsigned {
            key: &self.contents.key,
            prefix: self.contents.state(),
            header,
            payload,
            constant_length,
        })
    }

    /// The same token, signed, as a string.
    pub fn signed(&self, now: i64, ttl: i64) -> Result<String, Error> {
        let mut payload = PayloadBuffer::default();
        let unsigned = self.unsigned(now, ttl, &mut payload)?;
        let length = unsigned.length()?;
        let mut token = Vec::new();
        token.try_reserve_exact(length)?;
        token.resize(length, 0);
        unsigned.sign(&mut token)?;
        String::from_utf8(token).map_err(|_| Error::Internal)
    }

    fn scopes(&mut self) -> Result<&mut Scopes, Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(scopes) => Ok(scopes),
            Kind::Access(_) => Err(Error::Unsupported),
        }
    }

    fn access_token(&mut self) -> Result<&mut Access, Error> {
        match &mut self.contents.change().kind {
            Kind::Scopes(_) => Err(Error::Unsupported),
            Kind::Access(access) => Ok(access),
        }
    }
}

fn check_name(name: &str, reserved: &[&str]) -> Result<(), Error> {
    if reserved.contains(&name) {
        Err(Error::ReservedName)
    } else {
        Ok(())
    }
}

/// Checks that every Twilio product accepts a client name. Twilio's pages disagree; this
/// rule satisfies all of them.
pub fn check_client_name(client_name: &str) -> Result<(), Error> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if (1..=256).contains(&client_name.len()) && client_name.bytes().all(is_word) {
        Ok(())
    } else {
        Err(Error::InvalidClientName)
    }
}
