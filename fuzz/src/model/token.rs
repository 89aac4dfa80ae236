//! A token in preparation, and what it looks like when it is minted.

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{check_time, json, non_empty, required};
use crate::input::Field;

/// RFC 3986 calls the other characters unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

type Pair = (String, String);

/// A token of either kind. A failed call leaves it as it was.
#[derive(Clone, Default)]
pub(crate) struct Token {
    pub(crate) secret: String,
    account_sid: String,
    /// Only an access token has one.
    api_key_sid: Option<String>,
    incoming: Option<String>,
    /// The name of outgoing calls, and of an access token.
    client_name: Option<String>,
    outgoing: Option<(String, Vec<Pair>)>,
    event_stream: Option<Vec<Pair>>,
    claims: Vec<Pair>,
    pub(crate) not_before: i64,
    region: Option<String>,
    push_credential_sid: Option<String>,
    grants: Vec<Pair>,
}

impl Token {
    pub(crate) fn new(account_sid: String, secret: String) -> Self {
        Self {
            account_sid,
            secret,
            ..Self::default()
        }
    }

    /// `cap_new_access`
    pub(crate) fn access([account, api_key, secret]: [Field<'_>; 3]) -> Result<Self, Status> {
        Ok(Self {
            account_sid: non_empty(account)?.into(),
            api_key_sid: Some(non_empty(api_key)?.into()),
            secret: non_empty(secret)?.into(),
            ..Self::default()
        })
    }

    /// `cap_allow_incoming`
    pub(crate) fn allow_incoming(&mut self, [name]: [Field<'_>; 1]) -> Result<(), Status> {
        let name = non_empty(name)?;
        self.incoming = Some(name.into());
        self.client_name = Some(name.into());
        Ok(())
    }

    /// `cap_set_client_name`
    pub(crate) fn set_client_name(&mut self, [name]: [Field<'_>; 1]) -> Result<(), Status> {
        self.client_name = Some(non_empty(name)?.into());
        Ok(())
    }

    /// `cap_allow_outgoing`
    pub(crate) fn allow_outgoing(&mut self, [sid]: [Field<'_>; 1]) -> Result<(), Status> {
        self.outgoing = Some((non_empty(sid)?.into(), Vec::new()));
        Ok(())
    }

    /// `cap_add_outgoing_param`
    pub(crate) fn add_outgoing_param(
        &mut self,
        [key, value]: [Field<'_>; 2],
    ) -> Result<(), Status> {
        let (key, value) = (required(key)?, required(value)?);
        let (_, params) = self.outgoing.as_mut().ok_or(Status::MissingScope)?;
        if self.api_key_sid.is_some() {
            set(params, key, value);
        } else {
            params.push((key.into(), value.into()));
        }
        Ok(())
    }

    /// `cap_allow_event_stream`
    pub(crate) fn allow_event_stream(&mut self) -> Result<(), Status> {
        self.only_capability()?;
        self.event_stream = Some(Vec::new());
        Ok(())
    }

    /// `cap_add_event_filter`
    pub(crate) fn add_event_filter(&mut self, [key, value]: [Field<'_>; 2]) -> Result<(), Status> {
        let (key, value) = (required(key)?, required(value)?);
        self.only_capability()?;
        let filters = self.event_stream.as_mut().ok_or(Status::MissingScope)?;
        filters.push((key.into(), value.into()));
        Ok(())
    }

    /// `cap_add_claim`
    pub(crate) fn add_claim(&mut self, [name, json]: [Field<'_>; 2]) -> Result<(), Status> {
        let name = non_empty(name)?;
        match name {
            "scope" | "iss" | "exp" | "nbf" | "iat" => return Err(Status::ReservedName),
            "jti" | "sub" | "grants" if self.api_key_sid.is_some() => {
                return Err(Status::ReservedName);
            }
            _ => {}
        }
        let json = compact(required(json)?)?;
        set(&mut self.claims, name, &json);
        Ok(())
    }

    /// `cap_set_not_before`
    pub(crate) fn set_not_before(&mut self, not_before: i64) -> Result<(), Status> {
        check_time(not_before)?;
        self.not_before = not_before;
        Ok(())
    }

    /// `cap_set_region`
    pub(crate) fn set_region(&mut self, [region]: [Field<'_>; 1]) -> Result<(), Status> {
        let region = non_empty(region)?;
        self.only_access()?;
        self.region = Some(region.into());
        Ok(())
    }

    /// `cap_set_push_credential`
    pub(crate) fn set_push_credential(&mut self, [sid]: [Field<'_>; 1]) -> Result<(), Status> {
        let sid = non_empty(sid)?;
        self.only_access()?;
        self.push_credential_sid = Some(sid.into());
        Ok(())
    }

    /// `cap_add_grant`
    pub(crate) fn add_grant(&mut self, [name, json]: [Field<'_>; 2]) -> Result<(), Status> {
        let name = non_empty(name)?;
        if matches!(name, "identity" | "voice") {
            return Err(Status::ReservedName);
        }
        let json = compact(required(json)?)?;
        if !json.starts_with('{') {
            return Err(Status::InvalidJson);
        }
        self.only_access()?;
        set(&mut self.grants, name, &json);
        Ok(())
    }

    fn only_capability(&self) -> Result<(), Status> {
        match self.api_key_sid {
            None => Ok(()),
            Some(_) => Err(Status::Unsupported),
        }
    }

    fn only_access(&self) -> Result<(), Status> {
        match self.api_key_sid {
            Some(_) => Ok(()),
            None => Err(Status::Unsupported),
        }
    }

    /// `cap_generate_at`
    pub(crate) fn generate(&self, now: i64, ttl: i64) -> Result<String, Status> {
        Ok(self.sign(&self.payload(now, ttl)?))
    }

    pub(crate) fn sign(&self, payload: &str) -> String {
        sign(&self.secret, self.header().as_bytes(), payload.as_bytes())
    }

    fn header(&self) -> String {
        let mut members = vec![("typ", quoted("JWT")), ("alg", quoted("HS256"))];
        if self.api_key_sid.is_some() {
            members.push(("cty", quoted("twilio-fpa;v=1")));
        }
        members.extend(self.region.as_deref().map(|region| ("twr", quoted(region))));
        json::object(members)
    }

    /// The payload of a token that is minted at `now`.
    pub(crate) fn payload(&self, now: i64, ttl: i64) -> Result<String, Status> {
        check_time(now)?;
        if !(1..=86400).contains(&ttl) {
            return Err(Status::InvalidTtl);
        }
        check_time(now + ttl)?;

        let mut claims = self.claims.clone();
        let mut add = |name: &str, json: String| claims.push((name.into(), json));
        if let Some(api_key) = &self.api_key_sid {
            add("jti", quoted(&format!("{api_key}-{now}")));
            add("iss", quoted(api_key));
            add("sub", quoted(&self.account_sid));
        } else {
            add("scope", quoted(&self.scope()));
            add("iss", quoted(&self.account_sid));
        }
        add("exp", (now + ttl).to_string());
        if self.not_before != 0 {
            add("nbf", self.not_before.to_string());
        }
        if self.api_key_sid.is_some() {
            add("grants", self.grants());
        }
        Ok(json::object(claims))
    }

    fn scope(&self) -> String {
        let mut scopes = Vec::new();
        if let Some(name) = &self.incoming {
            let query = query(&[("clientName", name)]);
            scopes.push(format!("scope:client:incoming?{query}"));
        }
        if let Some((sid, params)) = &self.outgoing {
            let params = query(params);
            let mut pairs = vec![("appSid", sid)];
            if !params.is_empty() {
                pairs.push(("appParams", &params));
            }
            pairs.extend(self.client_name.as_ref().map(|name| ("clientName", name)));
            scopes.push(format!("scope:client:outgoing?{}", query(&pairs)));
        }
        if let Some(filters) = &self.event_stream {
            let filters = query(filters);
            let mut pairs = vec![("path", "/2010-04-01/Events")];
            if !filters.is_empty() {
                pairs.push(("params", &filters));
            }
            scopes.push(format!("scope:stream:subscribe?{}", query(&pairs)));
        }
        scopes.join(" ")
    }

    fn grants(&self) -> String {
        let mut grants = Vec::new();
        grants.extend(
            self.client_name
                .as_ref()
                .map(|name| ("identity".into(), quoted(name))),
        );
        let mut voice = Vec::new();
        if self.incoming.is_some() {
            voice.push(("incoming", json::object([("allow", "true")])));
        }
        if let Some((sid, params)) = &self.outgoing {
            let mut outgoing = vec![("application_sid", quoted(sid))];
            if !params.is_empty() {
                let params = params.iter().map(|(key, value)| (key, quoted(value)));
                outgoing.push(("params", json::object(params)));
            }
            voice.push(("outgoing", json::object(outgoing)));
        }
        voice.extend(
            self.push_credential_sid
                .as_ref()
                .map(|sid| ("push_credential_sid", quoted(sid))),
        );
        if !voice.is_empty() {
            grants.push(("voice".into(), json::object(voice)));
        }
        grants.extend(self.grants.iter().cloned());
        json::object(grants)
    }

    /// A request of `cap_mint` for the same token. Every token has one: `client_name` comes
    /// after `incoming` in a request, and decides the name as the last call does.
    pub(crate) fn request(&self) -> String {
        let mut members = Vec::new();
        let mut add = |name, json| members.push((name, json));
        if !self.grants.is_empty() {
            add("grants", json::object(self.grants.iter().cloned()));
        }
        if self.not_before != 0 {
            add("not_before", self.not_before.to_string());
        }
        if !self.claims.is_empty() {
            add("claims", json::object(self.claims.iter().cloned()));
        }
        if let Some(filters) = &self.event_stream {
            add("event_stream", json::object([("filters", pairs(filters))]));
        }
        if let Some((sid, params)) = &self.outgoing {
            let outgoing = [("params", pairs(params)), ("application_sid", quoted(sid))];
            add("outgoing", json::object(outgoing));
        }
        for (name, string) in [
            ("push_credential_sid", &self.push_credential_sid),
            ("region", &self.region),
            ("client_name", &self.client_name),
            ("incoming", &self.incoming),
            ("api_key_sid", &self.api_key_sid),
        ] {
            if let Some(string) = string {
                add(name, quoted(string));
            }
        }
        add("account_sid", quoted(&self.account_sid));
        json::object(members)
    }
}

/// The signed token with this header and this payload.
pub(crate) fn sign(secret: &str, header: &[u8], payload: &[u8]) -> String {
    let [header, payload] = [header, payload].map(|part| BASE64URL_NOPAD.encode(part));
    let signing_input = format!("{header}.{payload}");
    let signature = hmac_sha256::HMAC::mac(&signing_input, secret);
    format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// Sets the value of a name, which keeps its position.
fn set(pairs: &mut Vec<Pair>, name: &str, value: &str) {
    match pairs.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value.into(),
        None => pairs.push((name.into(), value.into())),
    }
}

fn compact(json: &str) -> Result<String, Status> {
    let value = json::tokens(json).ok_or(Status::InvalidJson)?;
    if json::depth(&value) > 127 {
        return Err(Status::InvalidJson);
    }
    Ok(json::compact(&value))
}

fn quoted(string: &str) -> String {
    json::quote(string)
}

fn pairs(pairs: &[Pair]) -> String {
    let pair = |(key, value): &Pair| format!("[{},{}]", quoted(key), quoted(value));
    let pairs: Vec<_> = pairs.iter().map(pair).collect();
    format!("[{}]", pairs.join(","))
}

fn query<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    let encode = |string: &str| utf8_percent_encode(string, RESERVED).to_string();
    let pair =
        |(key, value): &(K, V)| format!("{}={}", encode(key.as_ref()), encode(value.as_ref()));
    let pairs: Vec<_> = pairs.iter().map(pair).collect();
    pairs.join("&")
}
