//! Why the library calls a token malformed. The verdict is the library's alone: this
//! only finds words for it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use captoken::validity;
use serde_json::value::RawValue;

use super::members::Members;

/// How deep the library reads: an object, and what nests in one of its members.
const DEPTH: usize = 1 + 128;

/// What is wrong with a token about which the library said `TokenMalformed`, as an
/// error.
pub(crate) fn explain(token: &str) -> Result<(), String> {
    let (header, payload) = parts(token)?;
    let (_, signature) = token.rsplit_once('.').unwrap_or_default();
    bytes("signature", signature)?;

    let header = Members::of(&header)?;
    header.once("alg")?;
    if header.once("crit")?.is_some() {
        return Err("its header has crit: it asks for extensions, and none is known".into());
    }
    let is_jwt = |typ: &RawValue| {
        serde_json::from_str::<String>(typ.get()).is_ok_and(|typ| typ.eq_ignore_ascii_case("JWT"))
    };
    if header.once("typ")?.is_some_and(|typ| !is_jwt(typ)) {
        return Err("its typ is not JWT".into());
    }

    let payload = Members::of(&payload)?;
    let (exp, nbf) = (payload.once("exp")?, payload.once("nbf")?);
    if exp.is_none() {
        return Err("it has no exp".into());
    }
    for (name, claim) in [("exp", exp), ("nbf", nbf)] {
        if claim.is_some_and(|claim| validity::time(claim.get()).is_err()) {
            return Err(format!("its {name} is not a time that can be read"));
        }
    }
    Ok(())
}

/// Header and payload as they are spelled, if they are JSON objects.
pub(crate) fn parts(token: &str) -> Result<(Box<RawValue>, Box<RawValue>), String> {
    if token.is_empty() {
        return Err("it is empty".into());
    }
    let scheme = token.get(..7).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("Bearer ") {
        return Err("'Bearer ' stands before it: leave that out".into());
    }
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, payload, _] = parts.as_slice() else {
        let count = parts.len();
        return Err(format!(
            "it is not 3 parts with dots between them, but {count}"
        ));
    };
    Ok((object("header", header)?, object("payload", payload)?))
}

fn object(part: &str, base64url: &str) -> Result<Box<RawValue>, String> {
    let json = String::from_utf8(bytes(part, base64url)?)
        .map_err(|_| format!("its {part} is not UTF-8"))?;
    let no_object = |_| format!("its {part} is not a JSON object");
    let json: Box<RawValue> = serde_json::from_str(&json).map_err(no_object)?;
    check(json.get()).map_err(|why| format!("its {part} {why}"))?;
    serde_json::from_str::<Members>(json.get()).map_err(no_object)?;
    Ok(json)
}

/// Whether this JSON is also some to the library. Others who read a report that
/// contains it would stumble over the same.
fn check(json: &str) -> Result<(), String> {
    let (mut depth, mut text) = (0_usize, None);
    let mut bytes = json.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match (byte, text) {
            // What it escapes may be a quote.
            (b'\\', _) => _ = bytes.next(),
            (b'"', None) => text = Some(place),
            (b'"', Some(start)) => {
                text = None;
                let text = json.get(start..=place).unwrap_or_default();
                serde_json::from_str::<String>(text)
                    .map_err(|_| "has an escape for half a character")?;
            }
            (b'[' | b'{', None) if depth == DEPTH => {
                return Err(format!("nests deeper than {DEPTH} levels"));
            }
            (b'[' | b'{', None) => depth += 1,
            (b']' | b'}', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn bytes(part: &str, base64url: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(base64url).map_err(|_| {
        let is_other = |c: &char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
        let what = match base64url.chars().find(is_other) {
            Some('=') => "it has padding, '='".to_owned(),
            // With an escape for what cannot be seen.
            Some(other) => format!("it has {other:?}"),
            None => "it does not end where a byte does, as if it were cut".to_owned(),
        };
        format!("its {part} is not base64url: {what}")
    })
}
