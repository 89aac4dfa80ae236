//! The target `verify`: `cap_verify` must return the status and the payload of the model, and
//! agree with jsonwebtoken except for the differences that `peer.rs` names.
//!
//! The first byte of an input chooses how its token is made.

use std::sync::LazyLock;

use crate::c::Size;
use crate::calls::check_verify;
use crate::input::{Fields, integer};
use crate::model::{request, token};
use crate::peer;

/// Verifies the token of an input.
pub fn run(input: &[u8]) {
    let Some((&mode, rest)) = input.split_first() else {
        return;
    };
    let mut fields = Fields(rest);
    let now = integer(fields.next());
    match mode {
        b'a' => {
            let secret = fields.next();
            check(fields.0, secret.unwrap_or_default(), now);
        }
        b's' => {
            let [secret, header] = [fields.next(), fields.next()].map(Option::unwrap_or_default);
            // Only a string can be a secret.
            if let Ok(secret) = std::str::from_utf8(secret) {
                let jwt = token::sign(secret, header, fields.0);
                check(jwt.as_bytes(), secret.as_bytes(), now);
            }
        }
        b'c' | b'm' => {
            let [capability, access] = &*GENUINE;
            let mut jwt = if mode == b'c' { capability } else { access }
                .clone()
                .into_bytes();
            for edit in fields.0.chunks(4) {
                apply(edit, &mut jwt);
            }
            check(&jwt, b"secret", now);
        }
        _ => {}
    }
}

/// A capability token and an access token that expire at 1400003600.
static GENUINE: LazyLock<[String; 2]> = LazyLock::new(|| {
    let rest = r#""account_sid":"AC123123","incoming":"Alice","not_before":1300000000,
        "outgoing":{"application_sid":"AP123123","params":[["Foo","Bar"]]},
        "claims":{"a":[1,{"b":"c"}]}}"#;
    ["{", r#"{"api_key_sid":"SK123123","grants":{"video":{}},"#].map(|start| {
        let request = format!("{start}{rest}");
        let token = request::mint(
            Some(b"secret"),
            Some(request.as_bytes()),
            1_400_000_000,
            3600,
        );
        token.expect("the request is right")
    })
});

/// Applies an edit: its kind, its position in two bytes, and a byte.
fn apply(edit: &[u8], jwt: &mut Vec<u8>) {
    let &[kind, low, high, byte] = edit else {
        return;
    };
    let position = usize::from(u16::from_le_bytes([low, high])) % (jwt.len() + 1);
    match kind {
        b'i' => jwt.insert(position, byte),
        b'd' if position < jwt.len() => {
            jwt.remove(position);
        }
        _ => {
            if let Some(changed) = jwt.get_mut(position) {
                *changed ^= byte;
            }
        }
    }
}

fn check(jwt: &[u8], secret: &[u8], now: i64) {
    // A C string ends at the first NUL.
    let jwt = jwt.split(|&byte| byte == 0).next().unwrap_or_default();
    // Documented to be large enough.
    let size = Size::of(jwt.len());
    let result = check_verify(Some(jwt), Some(secret), now, size);
    peer::compare(jwt, secret, &result);
}
