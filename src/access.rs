//! The identity and the grants of an access token.
//!
//! The claims are those of Twilio's libraries. Twilio rejects a token without `cty` in its
//! header.

#![forbid(unsafe_code)]

use crate::claims::SharedClaims;
use crate::error::Error;
use crate::json::{self, Members, Object, write_object};
use crate::jws::{self, PayloadBuffer};
use crate::text::Text;

/// The header `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}` in base64url, with the
/// full stop after it.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0.";

/// The header as JSON, before and after the region.
const REGIONAL_HEADER: [&str; 2] = [
    r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"#,
    "}",
];

/// The identity and the permissions of an access token. Strings are stored as JSON.
pub(crate) struct Access {
    api_key_sid: Text,
    regional_header: Option<Vec<u8>>,
    identity: Option<Text>,
    incoming: bool,
    outgoing: Option<Outgoing>,
    push_credential_sid: Option<Text>,
    /// The grants other than voice.
    others: Object,
}

/// The application for outgoing calls, and the parameters that it receives.
struct Outgoing {
    application_sid: Text,
    params: Object,
}

impl Access {
    pub(crate) fn new(api_key_sid: &str) -> Result<Self, Error> {
        Ok(Self {
            api_key_sid: json::string(api_key_sid)?,
            regional_header: None,
            identity: None,
            incoming: false,
            outgoing: None,
            push_credential_sid: None,
            others: Object::default(),
        })
    }

    /// Sets the Twilio region that accepts the token.
    pub(crate) fn set_region(&mut self, region: &str) -> Result<(), Error> {
        let region = json::string(region)?;
        let [before, after] = REGIONAL_HEADER;
        let header = json::allocate(|out| {
            for part in [before.as_bytes(), &region, after.as_bytes()] {
                out.write_all(part)?;
            }
            Ok(())
        })?;
        self.regional_header = Some(jws::header(&header)?);
        Ok(())
    }

    /// Allows incoming calls to `identity`.
    pub(crate) fn allow_incoming(&mut self, identity: &str) -> Result<(), Error> {
        self.set_identity(identity)?;
        self.incoming = true;
        Ok(())
    }

    /// Sets the identity, the only name of an access token. Replaces an earlier one.
    pub(crate) fn set_identity(&mut self, identity: &str) -> Result<(), Error> {
        self.identity = Some(json::string(identity)?);
        Ok(())
    }

    /// Allows outgoing calls through an application. Replaces an earlier one and its
    /// parameters.
    pub(crate) fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        self.outgoing = Some(Outgoing {
            application_sid: json::string(application_sid)?,
            params: Object::default(),
        });
        Ok(())
    }

    /// Adds a parameter for the application. An existing key takes the new value.
    pub(crate) fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let outgoing = self.outgoing.as_mut().ok_or(Error::MissingScope)?;
        outgoing.params.set(key, json::string(value)?)
    }

    /// Sets the credential for push notifications.
    pub(crate) fn set_push_credential(&mut self, sid: &str) -> Result<(), Error> {
        self.push_credential_sid = Some(json::string(sid)?);
        Ok(())
    }

    /// Adds a grant other than voice, as compact JSON.
    pub(crate) fn add_grant(&mut self, name: &str, grant: Text) -> Result<(), Error> {
        self.others.set(name, grant)
    }

    pub(crate) fn header(&self) -> &[u8] {
        self.regional_header.as_deref().unwrap_or(HEADER.as_bytes())
    }

    /// Writes the payload of an access token: private claims, `jti`, `iss`, `sub`, `exp`,
    /// `nbf` and `grants`. Returns the length of the constant part.
    pub(crate) fn write_payload(
        &self,
        shared: &SharedClaims<'_>,
        now: i64,
        out: &mut PayloadBuffer,
    ) -> Result<usize, Error> {
        out.append(b"{")?;
        shared.private.write_before_others(out)?;
        // `jti` is one string: the API key SID without its closing quote, and the time.
        out.append(br#""jti":"#)?;
        out.append(self.api_key_sid.strip_suffix(b"\"").unwrap_or_default())?;
        out.append(b"-")?;
        let constant_length = out.len();
        out.append(itoa::Buffer::new().format(now).as_bytes())?;
        out.append(br#"","iss":"#)?;
        out.append(&self.api_key_sid)?;
        out.append(br#","sub":"#)?;
        out.append(shared.account_sid)?;
        out.append(br#","exp":"#)?;
        shared.write_validity(out)?;
        out.append(br#","grants":"#)?;
        self.write_grants(out)?;
        out.append(b"}")?;
        Ok(constant_length)
    }

    /// Writes the claim `grants`.
    fn write_grants(&self, out: &mut PayloadBuffer) -> Result<(), Error> {
        write_object(out, |grants| {
            if let Some(identity) = &self.identity {
                grants.json(br#""identity":"#, identity)?;
            }
            if self.has_voice() {
                write_object(grants.member(br#""voice":"#)?, |voice| {
                    self.write_voice(voice)
                })?;
            }
            grants.all_of(&self.others)
        })
    }

    fn has_voice(&self) -> bool {
        self.incoming || self.outgoing.is_some() || self.push_credential_sid.is_some()
    }

    fn write_voice(&self, voice: &mut Members<'_>) -> Result<(), Error> {
        if self.incoming {
            voice.json(br#""incoming":"#, br#"{"allow":true}"#)?;
        }
        if let Some(outgoing) = &self.outgoing {
            write_object(voice.member(br#""outgoing":"#)?, |members| {
                outgoing.write(members)
            })?;
        }
        if let Some(sid) = &self.push_credential_sid {
            voice.json(br#""push_credential_sid":"#, sid)?;
        }
        Ok(())
    }
}

impl Outgoing {
    fn write(&self, members: &mut Members<'_>) -> Result<(), Error> {
        members.json(br#""application_sid":"#, &self.application_sid)?;
        if self.params.is_empty() {
            return Ok(());
        }
        write_object(members.member(br#""params":"#)?, |params| {
            params.all_of(&self.params)
        })
    }
}
