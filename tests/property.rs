//! Whatever text a program gives arrives unchanged, and nothing else does.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;

#[path = "support/handle.rs"]
mod handle;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/token.rs"]
mod token;

use handle::Handle;
use scope::{Scope, scopes};
use token::decode;

/// Any character that C can pass, all of Unicode but NUL, with more of those that
/// have a meaning in a scope, a form or JSON.
fn any_character() -> impl Strategy<Value = char> {
    let special = " +%&=?:\"\\/~\u{7f}\u{80}\u{ffff}\u{10000}";
    prop_oneof![
        any::<char>().prop_map(|character| character.max('\u{1}')),
        proptest::char::range('\u{1}', '\u{7f}'),
        proptest::sample::select(special.chars().collect::<Vec<_>>()),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any_character(), 0..40).prop_map(String::from_iter)
}

fn any_name() -> impl Strategy<Value = String> {
    proptest::collection::vec(any_character(), 1..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn every_text_comes_back_unchanged(
        account_sid in any_name(),
        auth_token in any_name(),
        client_name in any_name(),
        application_sid in any_name(),
        params in proptest::collection::vec((any_text(), any_text()), 0..5),
        now in 0..=9_007_199_254_740_991_i64 - 86_400,
        ttl in 1..=86_400_i64,
    ) {
        let mut handle = Handle::new(&account_sid, &auth_token).expect("a handle");
        handle.allow_incoming(&client_name).expect("incoming");
        handle.allow_outgoing(&application_sid).expect("outgoing");
        for (key, value) in &params {
            handle.add_outgoing_param(key, value).expect("a parameter");
        }
        let token = handle.generate_at(now, ttl).expect("a token");

        // Also sees to it that token and payload are ASCII.
        let claims = decode(&token, &auth_token);
        prop_assert_eq!(&claims["iss"], &account_sid);
        prop_assert_eq!(&claims["exp"], now + ttl);
        // Where there is no plus, a form decoder and decodeURIComponent agree.
        let scope = claims["scope"].as_str().expect("a string");
        prop_assert!(!scope.contains('+'));
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        prop_assert_eq!(
            scopes(&claims),
            vec![
                Scope {
                    name: "scope:client:incoming".to_owned(),
                    query: vec![pair("clientName", &client_name)],
                    params: Vec::new(),
                },
                Scope {
                    name: "scope:client:outgoing".to_owned(),
                    query: vec![
                        pair("appSid", &application_sid),
                        pair("clientName", &client_name),
                    ],
                    params,
                },
            ]
        );
    }
}
