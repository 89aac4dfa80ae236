//! Any strings arrive unchanged in a token, which contains nothing else.

#![cfg(not(miri))]

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::safe_handle::{Handle, mint, verify};
use crate::support::scope::{Scope, scopes};
use crate::support::token::{ACCESS_HEADER, decode, signed_parts};
use captoken::ffi::Status;

/// Any character except NUL. Characters with a meaning in scopes, forms or JSON are more
/// frequent.
fn any_character() -> impl Strategy<Value = char> {
    let special = " +%&=?:\"\\/~\u{7f}\u{80}\u{ffff}\u{10000}";
    prop_oneof![
        any::<char>().prop_map(|character| character.max('\u{1}')),
        proptest::char::range('\u{1}', '\u{7f}'),
        proptest::sample::select(special.chars().collect::<Vec<_>>()),
    ]
}

fn any_string() -> impl Strategy<Value = String> {
    proptest::collection::vec(any_character(), 0..40).prop_map(String::from_iter)
}

fn any_name() -> impl Strategy<Value = String> {
    proptest::collection::vec(any_character(), 1..40).prop_map(String::from_iter)
}

/// JSON with white space, as a program might write it.
fn any_json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "(null|true|false)",
        r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
        any_string().prop_map(|string| Value::from(string).to_string()),
    ];
    scalar.prop_recursive(5, 30, 5, |inner| {
        let member = (any_string(), inner.clone())
            .prop_map(|(key, value)| format!("{}: {value}", Value::from(key)));
        prop_oneof![
            proptest::collection::vec(inner, 0..5)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            proptest::collection::vec(member, 0..5)
                .prop_map(|members| format!("{{\n{}\n}}", members.join(",\n"))),
        ]
    })
}

fn any_object() -> impl Strategy<Value = String> {
    (any_string(), any_json()).prop_map(|(key, value)| format!("{{{}: {value}}}", Value::from(key)))
}

proptest! {
    #[test]
    fn capability_strings_arrive_unchanged(
        account_sid in any_name(),
        auth_token in any_name(),
        client_name in any_name(),
        application_sid in any_name(),
        caller in proptest::option::of(any_name()),
        params in proptest::collection::vec((any_string(), any_string()), 0..5),
        filters in proptest::collection::vec((any_string(), any_string()), 0..5),
        claims in proptest::collection::vec((any_name(), any_json()), 0..3),
        now in 0..=9_007_199_254_740_991_i64 - 86_400,
        ttl in 1..=86_400_i64,
    ) {
        let mut handle = Handle::new(&account_sid, &auth_token).expect("a handle");
        handle.allow_incoming(&client_name).expect("incoming");
        handle.allow_outgoing(&application_sid).expect("outgoing");
        for (key, value) in &params {
            handle.add_outgoing_param(key, value).expect("a parameter");
        }
        if let Some(caller) = &caller {
            handle.set_client_name(caller).expect("a caller");
        }
        handle.allow_event_stream().expect("events");
        for (key, value) in &filters {
            handle.add_event_filter(key, value).expect("a filter");
        }
        for (name, json) in &claims {
            handle.add_claim(name, json).expect("a claim");
        }
        let token = handle.generate_at(now, ttl).expect("a token");

        // Also checks that the token and its payload are ASCII.
        let payload = decode(&token, &auth_token);
        prop_assert_eq!(&payload["iss"], &account_sid);
        prop_assert_eq!(&payload["exp"], now + ttl);
        for (index, (name, json)) in claims.iter().enumerate() {
            let is_last = claims[index + 1..].iter().all(|(other, _)| other != name);
            if is_last {
                prop_assert_eq!(&payload[name], &serde_json::from_str::<Value>(json)?);
            }
        }
        let verified = verify(&token, &auth_token, now).expect("a valid token");
        prop_assert_eq!(serde_json::from_str::<Value>(&verified).ok(), Some(payload.clone()));
        // Without a plus, form decoders and decodeURIComponent agree.
        let scope = payload["scope"].as_str().expect("a string");
        prop_assert!(!scope.contains('+'));
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        prop_assert_eq!(
            scopes(&payload),
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
                        pair("clientName", caller.as_ref().unwrap_or(&client_name)),
                    ],
                    params,
                },
                Scope {
                    name: "scope:stream:subscribe".to_owned(),
                    query: vec![pair("path", "/2010-04-01/Events")],
                    params: filters,
                },
            ]
        );
    }

    #[test]
    fn access_token_strings_arrive_unchanged(
        sids in proptest::array::uniform3(any_name()),
        secret in any_name(),
        identity in any_name(),
        region in any_name(),
        application_sid in any_name(),
        params in proptest::collection::vec((any_string(), any_string()), 0..5),
        grants in proptest::collection::vec((any_name(), any_object()), 0..3),
        claims in proptest::collection::vec((any_name(), any_json()), 0..3),
        now in 0..=9_007_199_254_740_991_i64 - 86_400,
        ttl in 1..=86_400_i64,
    ) {
        let [account_sid, api_key_sid, push_credential_sid] = &sids;
        let mut handle = Handle::access(account_sid, api_key_sid, &secret).expect("a handle");
        handle.allow_incoming(&identity).expect("incoming");
        handle.allow_outgoing(&application_sid).expect("outgoing");
        for (key, value) in &params {
            handle.add_outgoing_param(key, value).expect("a parameter");
        }
        handle.set_push_credential(push_credential_sid).expect("a credential");
        handle.set_region(&region).expect("a region");
        for (name, json) in &grants {
            handle.add_grant(name, json).expect("a grant");
        }
        for (name, json) in &claims {
            handle.add_claim(name, json).expect("a claim");
        }
        let token = handle.generate_at(now, ttl).expect("a token");

        let [header, payload] = signed_parts(&token, &secret);
        prop_assert!(header.is_ascii() && payload.is_ascii());
        let verified = verify(&token, &secret, now).expect("a valid token");
        prop_assert_eq!(&verified, &payload);

        let header: Value = serde_json::from_str(&header)?;
        let mut expected: Value = serde_json::from_str(ACCESS_HEADER)?;
        expected["twr"] = region.into();
        prop_assert_eq!(header, expected);
        let mut outgoing = json!({"application_sid": application_sid});
        for (key, value) in params {
            outgoing["params"][key] = value.into();
        }
        let mut expected = json!({
            "jti": format!("{api_key_sid}-{now}"),
            "iss": api_key_sid,
            "sub": account_sid,
            "exp": now + ttl,
            "grants": {
                "identity": identity,
                "voice": {
                    "incoming": {"allow": true},
                    "outgoing": outgoing,
                    "push_credential_sid": push_credential_sid,
                },
            },
        });
        for (name, json) in grants {
            expected["grants"][name] = serde_json::from_str(&json)?;
        }
        for (name, json) in claims {
            expected[name] = serde_json::from_str(&json)?;
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&payload)?, expected);
    }

    /// One handle mints before each change and has a cached state; the other does not. Both
    /// must mint the same tokens.
    #[test]
    fn cached_state_ends_with_each_change(
        is_access in any::<bool>(),
        changes in proptest::collection::vec((0..10, any_name(), any_name()), 0..12),
        now in 0..=9_007_199_254_740_991_i64 - 86_400,
    ) {
        let new = || if is_access {
            Handle::access("AC123123", "SK123123", "secret")
        } else {
            Handle::new("AC123123", "secret")
        };
        let mut minting = new().expect("a handle");
        let mut silent = new().expect("a handle");
        for (number, (change, one, other)) in changes.iter().enumerate() {
            let at = now.saturating_sub(number as i64).max(0);
            minting.generate_at(at, 3600).expect("a token");
            let json = Value::from(other.as_str()).to_string();
            let make = |handle: &mut Handle| match change {
                0 => handle.allow_incoming(one),
                1 => handle.allow_outgoing(one),
                2 => handle.add_outgoing_param(one, other),
                3 => handle.set_client_name(one),
                4 => handle.allow_event_stream(),
                5 => handle.add_event_filter(one, other),
                6 => handle.add_claim(one, &json),
                7 => handle.set_region(one),
                8 => handle.set_push_credential(one),
                _ => handle.add_grant(one, &format!("{{\"a\":{json}}}")),
            };
            prop_assert_eq!(make(&mut minting), make(&mut silent));
        }
        for at in [now, now + 1] {
            prop_assert_eq!(minting.generate_at(at, 3600), silent.generate_at(at, 3600));
        }
    }

    /// A request with members in any order, compared with the calls that it stands for.
    #[test]
    fn request_equals_its_calls(
        account_sid in any_name(),
        secret in any_name(),
        api_key_sid in proptest::option::of(any_name()),
        names in proptest::array::uniform2(proptest::option::of(any_string())),
        outgoing in proptest::option::of((any_string(), any_pairs())),
        filters in proptest::option::of(any_pairs()),
        claims in proptest::collection::vec((any_claim_name(), any_json()), 0..4),
        not_before in proptest::option::of(any_time()),
        strings in proptest::array::uniform2(proptest::option::weighted(0.3, any_string())),
        grants in proptest::collection::vec((any_claim_name(), any_object()), 0..2),
        order in Just((0..11_usize).collect::<Vec<_>>()).prop_shuffle(),
        escaped in any::<bool>(),
        now in any_time(),
        ttl in prop_oneof![Just(0), 1..=86_400_i64, Just(86_401)],
    ) {
        let quote = |string: &str| if escaped { escape(string) } else { Value::from(string).to_string() };
        let pairs = |pairs: &[(String, String)]| {
            let pairs = pairs.iter().map(|(key, value)| format!("[{}, {}]", quote(key), quote(value)));
            format!("[{}]", pairs.collect::<Vec<_>>().join(","))
        };
        let values = |members: &[(String, String)]| {
            let members = members.iter().map(|(name, json)| format!("{}:{json}", quote(name)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        let [incoming, client_name] = &names;
        let [region, push_credential_sid] = &strings;
        let members = [
            ("account_sid", Some(quote(&account_sid))),
            ("api_key_sid", api_key_sid.as_deref().map(quote)),
            ("incoming", incoming.as_deref().map(quote)),
            ("client_name", client_name.as_deref().map(quote)),
            ("outgoing", outgoing.as_ref().map(|(sid, params)| {
                format!(r#"{{"application_sid":{},"params":{}}}"#, quote(sid), pairs(params))
            })),
            ("event_stream", filters.as_ref().map(|filters| {
                format!(r#"{{"filters":{}}}"#, pairs(filters))
            })),
            ("claims", (!claims.is_empty()).then(|| values(&claims))),
            ("not_before", not_before.map(|time| time.to_string())),
            ("region", region.as_deref().map(quote)),
            ("push_credential_sid", push_credential_sid.as_deref().map(quote)),
            ("grants", (!grants.is_empty()).then(|| values(&grants))),
        ];
        let members: Vec<String> = order
            .iter()
            .filter_map(|&index| {
                let (name, value) = &members[index];
                value.as_ref().map(|value| format!("{}: {value}", quote(name)))
            })
            .collect();
        let request = format!("{{{}}}", members.join(","));

        let calls = || -> Result<String, Status> {
            let mut handle = match &api_key_sid {
                None => Handle::new(&account_sid, &secret)?,
                Some(api_key_sid) => Handle::access(&account_sid, api_key_sid, &secret)?,
            };
            if let Some(name) = incoming {
                handle.allow_incoming(name)?;
            }
            if let Some(name) = client_name {
                handle.set_client_name(name)?;
            }
            if let Some((sid, params)) = &outgoing {
                handle.allow_outgoing(sid)?;
                params.iter().try_for_each(|(key, value)| handle.add_outgoing_param(key, value))?;
            }
            if let Some(filters) = &filters {
                handle.allow_event_stream()?;
                filters.iter().try_for_each(|(key, value)| handle.add_event_filter(key, value))?;
            }
            claims.iter().try_for_each(|(name, json)| handle.add_claim(name, json))?;
            if let Some(time) = not_before {
                handle.set_not_before(time)?;
            }
            if let Some(region) = region {
                handle.set_region(region)?;
            }
            if let Some(sid) = push_credential_sid {
                handle.set_push_credential(sid)?;
            }
            grants.iter().try_for_each(|(name, json)| handle.add_grant(name, json))?;
            handle.generate_at(now, ttl)
        };
        prop_assert_eq!(mint(&secret, &request, now, ttl), calls(), "{}", request);
    }
}

fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((any_string(), any_string()), 0..4)
}

/// Usually any name, sometimes a reserved or an empty one.
fn any_claim_name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => any_name(),
        1 => proptest::sample::select(vec!["", "iss", "sub", "voice"]).prop_map(str::to_owned),
    ]
}

/// Usually a valid time.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0..=9_007_199_254_740_991_i64 - 86_400,
        1 => Just(-1),
        1 => any::<i64>(),
    ]
}

/// A JSON string in which every character is escaped.
fn escape(string: &str) -> String {
    let units = string.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
    format!("\"{}\"", units.collect::<String>())
}
