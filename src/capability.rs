//! A capability token: whose account it is, what it allows, how long it lives.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::claims::{ClaimName, Claims};
use crate::error::Error;
use crate::json;
use crate::jws::{Draft, Key};
use crate::scope::{ClientName, EventStream, Outgoing};
use crate::validity::{check_time, expiry};

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// The claims that a program cannot add: the library writes them, or leaves them
/// out on purpose.
const RESERVED: [&str; 5] = ["scope", "iss", "exp", "nbf", "iat"];

/// What a token will say, and the key to sign it with.
pub struct Capability {
    claims: Claims,
    /// The account SID as a JSON string.
    issuer: String,
    key: Key,
    incoming: Option<ClientName>,
    /// The name on outgoing calls, where it is not the one that may be called.
    caller: Option<ClientName>,
    outgoing: Option<Outgoing>,
    events: Option<EventStream>,
    not_before: Option<i64>,
}

impl Capability {
    /// Allows nothing yet.
    pub fn new(account_sid: &str, key: Key) -> Result<Self, Error> {
        Ok(Self {
            claims: Claims::default(),
            issuer: json::string(account_sid)?,
            key,
            incoming: None,
            caller: None,
            outgoing: None,
            events: None,
            not_before: None,
        })
    }

    /// Allows calls to `client_name`, instead of an earlier name. Outgoing calls
    /// come from it, too.
    pub fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        self.incoming = Some(ClientName::new(client_name)?);
        self.caller = None;
        Ok(())
    }

    /// Allows calls to an application, instead of an earlier one and its
    /// parameters.
    pub fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        self.outgoing = Some(Outgoing::new(application_sid)?);
        Ok(())
    }

    /// Adds a parameter for the application.
    pub fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let outgoing = self.outgoing.as_mut().ok_or(Error::MissingScope)?;
        outgoing.params.add(key, value)
    }

    /// Has outgoing calls come from `client_name`, which need not be one that may be
    /// called.
    pub fn set_client_name(&mut self, client_name: &str) -> Result<(), Error> {
        self.caller = Some(ClientName::new(client_name)?);
        Ok(())
    }

    /// Allows to follow the account's events, without the filters of an earlier call.
    pub fn allow_event_stream(&mut self) {
        self.events = Some(EventStream::default());
    }

    /// Adds a filter for the events.
    pub fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let events = self.events.as_mut().ok_or(Error::MissingScope)?;
        events.filters.add(key, value)
    }

    /// The name of a claim that can be added.
    pub fn claim_name<'a>(&self, name: &'a str) -> Result<ClaimName<'a>, Error> {
        ClaimName::new(name, &RESERVED)
    }

    /// Adds a claim of one JSON value.
    pub fn add_claim(&mut self, name: ClaimName<'_>, json: &str) -> Result<(), Error> {
        self.claims.add(name, json)
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
        Draft::new(&self.key, HEADER, move |out| {
            self.write_payload(expiry, out)
        })
    }

    fn write_payload(&self, expiry: i64, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{")?;
        self.claims.write(out)?;
        // A scope needs no escaping as JSON: percent-encoding has left neither
        // quotes, nor backslashes, nor anything but visible ASCII.
        out.write_all(br#""scope":""#)?;
        self.write_scopes(out)?;
        write!(out, r#"","iss":{},"exp":{expiry}"#, self.issuer)?;
        if let Some(not_before) = self.not_before {
            write!(out, r#","nbf":{not_before}"#)?;
        }
        out.write_all(b"}")
    }

    fn write_scopes(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut separator: &[u8] = b"";
        if let Some(client_name) = &self.incoming {
            client_name.write_incoming(out)?;
            separator = b" ";
        }
        if let Some(outgoing) = &self.outgoing {
            out.write_all(separator)?;
            outgoing.write(self.caller.as_ref().or(self.incoming.as_ref()), out)?;
            separator = b" ";
        }
        if let Some(events) = &self.events {
            out.write_all(separator)?;
            events.write(out)?;
        }
        Ok(())
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
