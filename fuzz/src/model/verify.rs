//! `cap_verify`: the checks in the order of the documentation.

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;

use super::json::{self, Value};
use super::{check_time, non_empty, required};
use crate::input::Field;

/// The decoded parts of a token. All three are canonical base64url.
pub(crate) struct Parts<'a> {
    signing_input: &'a str,
    pub(crate) header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Splits and decodes a token.
pub(crate) fn parts(jwt: &str) -> Option<Parts<'_>> {
    let parts: Vec<_> = jwt.split('.').collect();
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
    match *parts {
        [header, payload, signature] => Some(Parts {
            signing_input: jwt.get(..header.len() + 1 + payload.len())?,
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        }),
        _ => None,
    }
}

/// `cap_verify`: the payload
pub(crate) fn verify(jwt: Field<'_>, secret: Field<'_>, now: i64) -> Result<String, Status> {
    let (jwt, secret) = (required(jwt)?, non_empty(secret)?);
    check_time(now)?;

    let parts = parts(jwt).ok_or(Status::TokenMalformed)?;
    check_header(&parts.header)?;
    let signature = hmac_sha256::HMAC::mac(parts.signing_input, secret);
    if parts.signature != signature {
        return Err(Status::TokenSignature);
    }

    let payload = String::from_utf8(parts.payload).map_err(|_| Status::TokenMalformed)?;
    let tokens = json::tokens(&payload).ok_or(Status::TokenMalformed)?;
    let claims = members(&tokens).ok_or(Status::TokenMalformed)?;
    let exp = single(&claims, "exp")?.ok_or(Status::TokenMalformed)?;
    let nbf = single(&claims, "nbf")?;
    if now as f64 >= time(exp).ok_or(Status::TokenMalformed)? {
        return Err(Status::TokenExpired);
    }
    match nbf
        .map(|nbf| time(nbf).ok_or(Status::TokenMalformed))
        .transpose()?
    {
        Some(nbf) if (now as f64) < nbf => Err(Status::TokenNotYetValid),
        _ => Ok(payload),
    }
}

fn check_header(header: &[u8]) -> Result<(), Status> {
    let header = std::str::from_utf8(header).map_err(|_| Status::TokenMalformed)?;
    let tokens = json::tokens(header).ok_or(Status::TokenMalformed)?;
    let members = members(&tokens).ok_or(Status::TokenMalformed)?;
    let [alg, typ, crit] = ["alg", "typ", "crit"].map(|name| single(&members, name));
    let (alg, typ, crit) = (alg?, typ?, crit?);
    let is_jwt = |typ| json::string(typ).is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"));
    if crit.is_some() || !typ.is_none_or(is_jwt) {
        return Err(Status::TokenMalformed);
    }
    match alg.and_then(json::string).as_deref() {
        Some("HS256") => Ok(()),
        _ => Err(Status::TokenAlgorithm),
    }
}

type Members<'v, 'a> = Vec<(String, &'v Value<'a>)>;

fn members<'v, 'a>(value: &'v Value<'a>) -> Option<Members<'v, 'a>> {
    let members = json::members(value)?;
    let is_too_deep = members.iter().any(|(_, value)| json::depth(value) > 128);
    (!is_too_deep).then_some(members)
}

/// The member of this name, which must not repeat.
fn single<'v, 'a>(members: &Members<'v, 'a>, name: &str) -> Result<Option<&'v Value<'a>>, Status> {
    let mut found = members.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Status::TokenMalformed),
        (first, None) => Ok(first.map(|(_, value)| *value)),
    }
}

/// A time: a number that fits into a double, or a string of digits.
pub(crate) fn time(value: &Value<'_>) -> Option<f64> {
    let time = match (value, json::string(value)) {
        (_, Some(digits)) => {
            let is_time = digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_time.then(|| digits.parse().ok())?
        }
        ([number], None) if number.len() <= 1000 => number.parse().ok(),
        _ => None,
    };
    time.filter(|time: &f64| time.is_finite())
}
