//! From when until when a token is valid: the claims `exp` and `nbf` (RFC 7519,
//! section 4.1), in seconds since 1970-01-01 UTC.

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

/// The last time that every JSON reader holds exactly, as a number of seconds:
/// 2^53 - 1.
const LAST_TIME: i64 = (1 << 53) - 1;

/// Whether a token may live `ttl` seconds.
pub(crate) fn check_ttl(ttl: i64) -> Result<(), Error> {
    if (1..=Ttl::Max as i64).contains(&ttl) {
        Ok(())
    } else {
        Err(Error::InvalidTtl)
    }
}

/// Whether a time is one that a token can be made for, or checked at.
pub fn check_time(time: i64) -> Result<(), Error> {
    if (0..=LAST_TIME).contains(&time) {
        Ok(())
    } else {
        Err(Error::InvalidTime)
    }
}

/// When a token expires that is valid from `now` for `ttl` seconds.
pub(crate) fn expiry(now: i64, ttl: i64) -> Result<i64, Error> {
    check_time(now)?;
    check_ttl(ttl)?;
    let expiry = now + ttl;
    check_time(expiry)?;
    Ok(expiry)
}

/// Whether the token with this payload is valid at the time `now`: it has not
/// expired, and its beginning, if it names one, has come.
pub fn check(payload: &str, now: i64) -> Result<(), Error> {
    check_time(now)?;
    let [exp, nbf] = json::members(payload, ["exp", "nbf"]).map_err(Error::in_token)?;
    // Exact: no time is above 2^53.
    let now = now as f64;
    if now >= time(exp.ok_or(Error::TokenMalformed)?)? {
        return Err(Error::TokenExpired);
    }
    match nbf {
        Some(nbf) if now < time(nbf)? => Err(Error::TokenNotYetValid),
        _ => Ok(()),
    }
}

/// The longest spelling of a time that is read. The standard library misreads numbers
/// of more than 65,536 digits whose exponent takes as many away again.
const LONGEST_TIME: usize = 1000;

/// The time of a claim: a number, whole or not, or the digits that twilio-java 4.x
/// writes as a string.
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
