//! A capability token: whose account it is, what it allows, how long it lives.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use crate::error::Error;
use crate::json;
use crate::jws::{Draft, Key};
use crate::scope::{Incoming, Outgoing};

/// Times to live, in seconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum Ttl {
    /// An hour: the default of Twilio's own libraries.
    Default = 3600,
    /// A day: the most that Twilio accepts (its error 31207 beyond that).
    Max = 86400,
}

/// The last time that every JSON reader holds exactly, as a number of seconds:
/// 2^53 - 1.
const LAST_TIME: i64 = (1 << 53) - 1;

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// What a token will say, and the key to sign it with.
pub(crate) struct Capability {
    /// The account SID as a JSON string.
    issuer: String,
    key: Key,
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing>,
}

impl Capability {
    /// Allows nothing yet.
    pub(crate) fn new(account_sid: &str, key: Key) -> Result<Self, Error> {
        Ok(Self {
            issuer: json::string(account_sid)?,
            key,
            incoming: None,
            outgoing: None,
        })
    }

    /// Allows calls to `client_name`, instead of an earlier name.
    pub(crate) fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        self.incoming = Some(Incoming::new(client_name)?);
        Ok(())
    }

    /// Allows calls to an application, instead of an earlier one and its
    /// parameters.
    pub(crate) fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        self.outgoing = Some(Outgoing::new(application_sid)?);
        Ok(())
    }

    /// Adds a parameter for the application.
    pub(crate) fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let outgoing = self.outgoing.as_mut().ok_or(Error::MissingScope)?;
        outgoing.add_param(key, value)
    }

    /// A token that is valid from `now`, in seconds since 1970-01-01 UTC, for
    /// `ttl` seconds.
    pub(crate) fn draft(
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
        // A scope needs no escaping as JSON: percent-encoding has left neither
        // quotes, nor backslashes, nor anything but visible ASCII.
        out.write_all(br#"{"scope":""#)?;
        if let Some(incoming) = &self.incoming {
            incoming.write(out)?;
        }
        if let Some(outgoing) = &self.outgoing {
            if self.incoming.is_some() {
                out.write_all(b" ")?;
            }
            outgoing.write(self.incoming.as_ref(), out)?;
        }
        write!(out, r#"","iss":{},"exp":{expiry}}}"#, self.issuer)
    }
}

/// Whether a token may live `ttl` seconds.
pub(crate) fn check_ttl(ttl: i64) -> Result<(), Error> {
    if (1..=Ttl::Max as i64).contains(&ttl) {
        Ok(())
    } else {
        Err(Error::InvalidTtl)
    }
}

fn expiry(now: i64, ttl: i64) -> Result<i64, Error> {
    check_time(now)?;
    check_ttl(ttl)?;
    let expiry = now + ttl;
    check_time(expiry)?;
    Ok(expiry)
}

fn check_time(time: i64) -> Result<(), Error> {
    if (0..=LAST_TIME).contains(&time) {
        Ok(())
    } else {
        Err(Error::InvalidTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_checked_before_the_time_to_live_and_their_sum_after_both() {
        assert_eq!(expiry(0, 1), Ok(1));
        assert_eq!(expiry(LAST_TIME - 86_400, 86_400), Ok(LAST_TIME));
        assert_eq!(expiry(LAST_TIME - 86_399, 86_400), Err(Error::InvalidTime));
        assert_eq!(expiry(-1, 0), Err(Error::InvalidTime));
        assert_eq!(expiry(LAST_TIME + 1, 0), Err(Error::InvalidTime));
        assert_eq!(expiry(LAST_TIME, 0), Err(Error::InvalidTtl));
        assert_eq!(expiry(LAST_TIME, 86_401), Err(Error::InvalidTtl));
        assert_eq!(expiry(i64::MIN, i64::MIN), Err(Error::InvalidTime));
        assert_eq!(expiry(0, i64::MAX), Err(Error::InvalidTtl));
    }
}
