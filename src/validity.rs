//! The claims `exp` and `nbf` (RFC 7519, section 4.1), in seconds since 1970-01-01 UTC:
//! times to live, checks for minting, and times read for verifying.

#![forbid(unsafe_code)]

use crate::error::Error;
use crate::json;

/// Times to live, in seconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum Ttl {
    /// An hour, the default of Twilio's libraries.
    Default = 3600,
    /// A day, the maximum. Twilio rejects longer ones with error 31207.
    Max = 86400,
}

/// 2^53 - 1, the largest integer that every JSON reader holds exactly.
const LAST_TIME: i64 = (1 << 53) - 1;

/// Checks a time to live in seconds.
pub(crate) fn check_ttl(ttl: i64) -> Result<(), Error> {
    if (1..=Ttl::Max as i64).contains(&ttl) {
        Ok(())
    } else {
        Err(Error::InvalidTtl)
    }
}

/// Checks a time at which to mint or verify.
pub fn check_time(time: i64) -> Result<(), Error> {
    if (0..=LAST_TIME).contains(&time) {
        Ok(())
    } else {
        Err(Error::InvalidTime)
    }
}

/// The expiry of a token that is valid for `ttl` seconds from `now`.
pub(crate) fn expiry(now: i64, ttl: i64) -> Result<i64, Error> {
    check_time(now)?;
    check_ttl(ttl)?;
    let expiry = now + ttl;
    check_time(expiry)?;
    Ok(expiry)
}

/// Checks that the token with this payload is valid at `now`: before `exp`, and not before
/// `nbf` if there is one.
pub fn check(payload: &str, now: i64) -> Result<(), Error> {
    check_time(now)?;
    let [exp, nbf] = json::members(payload, ["exp", "nbf"]).map_err(Error::in_token)?;
    // Exact, because no time is above 2^53.
    let now = now as f64;
    if now >= time(exp.ok_or(Error::TokenMalformed)?)? {
        return Err(Error::TokenExpired);
    }
    match nbf {
        Some(nbf) if now < time(nbf)? => Err(Error::TokenNotYetValid),
        _ => Ok(()),
    }
}

/// The longest accepted spelling of a time. The standard library misreads numbers of more
/// than 65,536 digits with an equally large negative exponent.
const LONGEST_TIME: usize = 1000;

/// The time in a claim: a number, or the string of digits that twilio-java 4.x writes.
pub fn time(json: &str) -> Result<f64, Error> {
    if json.len() > LONGEST_TIME {
        return Err(Error::TokenMalformed);
    }
    let string;
    let number = if json.starts_with('"') {
        string = json::string_value(json)?;
        if string.len() > 20 || !string.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::TokenMalformed);
        }
        &*string
    } else {
        json
    };
    match number.parse() {
        Ok(time) if f64::is_finite(time) => Ok(time),
        _ => Err(Error::TokenMalformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_checks_time_then_ttl_then_sum() {
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
