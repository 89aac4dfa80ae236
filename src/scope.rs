//! The permissions of a capability token, and their spelling in the claim `scope`, such as
//! `scope:client:incoming?clientName=alice`.
//!
//! Twilio decodes a scope as a query of `application/x-www-form-urlencoded`, and the value
//! of `appParams` as another such query. Its first browser client decoded both with
//! `decodeURIComponent`. Percent-encoding (`percent.rs`) is right for both decoders, and no
//! string can leave its value.

#![forbid(unsafe_code)]

use self::percent::{TWICE, append_encoded, encode};
use crate::claims::SharedClaims;
use crate::error::Error;
use crate::jws::PayloadBuffer;
use crate::text::Text;

mod percent;

/// The permissions of a capability token. All strings are percent-encoded.
#[derive(Default)]
pub(crate) struct Scopes {
    /// The client name of incoming calls.
    incoming: Option<Text>,
    /// The client name of outgoing calls, if it differs.
    caller: Option<Text>,
    /// The application for outgoing calls.
    application_sid: Option<Text>,
    /// The parameters that the application receives.
    params: Pairs,
    /// The filters for the account's events, if they are allowed.
    events: Option<Pairs>,
}

impl Scopes {
    /// Allows incoming calls to `client_name`, which replaces an earlier name. Outgoing
    /// calls use the name as well.
    pub(crate) fn allow_incoming(&mut self, client_name: &str) -> Result<(), Error> {
        self.incoming = Some(encode(client_name)?);
        self.caller = None;
        Ok(())
    }

    /// Sets the client name of outgoing calls.
    pub(crate) fn set_client_name(&mut self, client_name: &str) -> Result<(), Error> {
        self.caller = Some(encode(client_name)?);
        Ok(())
    }

    /// Allows outgoing calls through an application. Replaces an earlier one and its
    /// parameters.
    pub(crate) fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Error> {
        self.application_sid = Some(encode(application_sid)?);
        self.params = Pairs::default();
        Ok(())
    }

    /// Adds a parameter for the application.
    pub(crate) fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Error> {
        if self.application_sid.is_none() {
            return Err(Error::MissingScope);
        }
        self.params.add(key, value)
    }

    /// Allows following the account's events. Drops the filters of an earlier call.
    pub(crate) fn allow_event_stream(&mut self) {
        self.events = Some(Pairs::default());
    }

    /// Adds a filter for the events.
    pub(crate) fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let filters = self.events.as_mut().ok_or(Error::MissingScope)?;
        filters.add(key, value)
    }

    /// Writes the payload of a capability token: private claims, `scope`, `iss`, `exp` and
    /// `nbf`. Returns the length of the constant part.
    pub(crate) fn write_payload(
        &self,
        shared: &SharedClaims<'_>,
        out: &mut PayloadBuffer,
    ) -> Result<usize, Error> {
        out.append(b"{")?;
        shared.private.write_before_others(out)?;
        out.append(br#""scope":"#)?;
        self.write(out)?;
        out.append(br#","iss":"#)?;
        out.append(shared.account_sid)?;
        out.append(br#","exp":"#)?;
        let constant_length = out.len();
        shared.write_validity(out)?;
        out.append(b"}")?;
        Ok(constant_length)
    }

    /// Writes the claim `scope` as a JSON string. It needs no escaping, because
    /// percent-encoded strings have no quotes, backslashes or control characters.
    fn write(&self, out: &mut PayloadBuffer) -> Result<(), Error> {
        out.append(b"\"")?;
        let mut separator: &[u8] = b"";
        if let Some(client_name) = &self.incoming {
            write_value(out, b"scope:client:incoming?clientName=", client_name)?;
            separator = b" ";
        }
        if let Some(application_sid) = &self.application_sid {
            out.append(separator)?;
            self.write_outgoing(application_sid, out)?;
            separator = b" ";
        }
        if let Some(filters) = &self.events {
            out.append(separator)?;
            out.append(b"scope:stream:subscribe?path=%2F2010-04-01%2FEvents")?;
            filters.write(out, b"&params=")?;
        }
        out.append(b"\"")
    }

    /// Writes the scope of outgoing calls, with the client name if there is one.
    fn write_outgoing(&self, application_sid: &Text, out: &mut PayloadBuffer) -> Result<(), Error> {
        write_value(out, b"scope:client:outgoing?appSid=", application_sid)?;
        self.params.write(out, b"&appParams=")?;
        if let Some(name) = self.caller.as_ref().or(self.incoming.as_ref()) {
            write_value(out, b"&clientName=", name)?;
        }
        Ok(())
    }
}

/// The query `k=v&k=v` encoded as one value of another query: separators once, keys and
/// values twice.
#[derive(Default)]
struct Pairs(Text);

impl Pairs {
    /// Appends a pair. A key may repeat. On an error, nothing is added.
    fn add(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let Self(pairs) = self;
        let length = pairs.len();
        let append = |pairs: &mut Text| {
            if length > 0 {
                pairs.append(b"%26")?;
            }
            append_encoded(pairs, key, TWICE)?;
            pairs.append(b"%3D")?;
            append_encoded(pairs, value, TWICE)
        };
        append(pairs).inspect_err(|_| pairs.truncate(length))
    }

    /// Writes `key` and the pairs. Writes nothing if there are no pairs.
    fn write(&self, out: &mut PayloadBuffer, key: &[u8]) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        write_value(out, key, &self.0)
    }
}

fn write_value(out: &mut PayloadBuffer, key: &[u8], value: &[u8]) -> Result<(), Error> {
    out.append(key)?;
    out.append(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        encode(text).unwrap().into_string()
    }

    #[test]
    fn pairs_are_encoded_twice() {
        let mut scopes = Scopes::default();
        scopes.allow_outgoing("AP 1&x").unwrap();
        scopes.allow_event_stream();
        for (key, value) in [("a&b", "c=d e"), ("", ""), ("a&b", "%41+")] {
            let inner = format!("{}={}", encoded(key), encoded(value));
            let mut expected = String::from_utf8(scopes.params.0.to_vec()).unwrap();
            if !expected.is_empty() {
                expected.push_str(&encoded("&"));
            }
            expected.push_str(&encoded(&inner));
            scopes.add_outgoing_param(key, value).unwrap();
            scopes.add_event_filter(key, value).unwrap();
            assert_eq!(*scopes.params.0, *expected.as_bytes());
        }
        let mut written = PayloadBuffer::default();
        scopes.write(&mut written).unwrap();
        assert_eq!(
            String::from_utf8(written.to_vec()).unwrap(),
            "\"scope:client:outgoing?appSid=AP%201%26x\
             &appParams=a%2526b%3Dc%253Dd%2520e%26%3D%26a%2526b%3D%252541%252B \
             scope:stream:subscribe?path=%2F2010-04-01%2FEvents\
             &params=a%2526b%3Dc%253Dd%2520e%26%3D%26a%2526b%3D%252541%252B\""
        );
    }
}
