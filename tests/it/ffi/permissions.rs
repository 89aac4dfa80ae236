//! Permissions, client names and private claims.

use captoken::ffi::*;

use super::fixtures::{NOW, access_handle, assert_as_made_by, assert_unchanged, handle};
use crate::support::safe_handle::{Handle, c_string, verify};
use crate::support::token::decode;

#[test]
fn pairs_before_their_permission_are_reported() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    let before = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(
        handle.add_outgoing_param("Foo", "Bar"),
        Err(Status::MissingScope)
    );
    let filter = |handle: &mut Handle| handle.add_event_filter("Type", "Call");
    assert_eq!(filter(&mut handle), Err(Status::MissingScope));
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), before);

    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    assert_eq!(filter(&mut handle), Err(Status::MissingScope));
    handle.allow_event_stream().unwrap();
    filter(&mut handle).unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    assert_unchanged(&mut handle);
}

#[test]
fn unsupported_calls_change_nothing() {
    let mut capability = handle();
    assert_eq!(capability.set_region("ie1"), Err(Status::Unsupported));
    let push = capability.set_push_credential("CR1");
    assert_eq!(push, Err(Status::Unsupported));
    let grant = capability.add_grant("video", "{}");
    assert_eq!(grant, Err(Status::Unsupported));
    assert_unchanged(&mut capability);

    let mut access = access_handle();
    assert_eq!(access.allow_event_stream(), Err(Status::Unsupported));
    let filter = access.add_event_filter("Type", "Call");
    assert_eq!(filter, Err(Status::Unsupported));
    assert_as_made_by(access_handle, &mut access);
}

#[test]
fn repeated_permission_replaces_the_first() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    for round in 0..3 {
        handle.allow_incoming(&format!("name{round}")).unwrap();
        handle.allow_outgoing(&format!("AP{round}")).unwrap();
        handle.allow_event_stream().unwrap();
        if round < 2 {
            handle.add_outgoing_param("old", "1").unwrap();
            handle.add_event_filter("old", "1").unwrap();
        }
    }
    let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
    assert_eq!(
        claims["scope"],
        "scope:client:incoming?clientName=name2 \
         scope:client:outgoing?appSid=AP2&clientName=name2 \
         scope:stream:subscribe?path=%2F2010-04-01%2FEvents"
    );
}

#[test]
fn last_client_name_is_on_outgoing_calls() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let mut scope_after = |change: fn(&mut Handle) -> Result<(), Status>| {
        change(&mut handle).unwrap();
        let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
        claims["scope"].as_str().unwrap().to_owned()
    };
    // A name alone is not a permission.
    assert_eq!(scope_after(|handle| handle.set_client_name("Bob &")), "");
    let outgoing = "scope:client:outgoing?appSid=AP1";
    assert_eq!(
        scope_after(|handle| handle.allow_outgoing("AP1")),
        format!("{outgoing}&clientName=Bob%20%26")
    );
    assert_eq!(
        scope_after(|handle| handle.allow_incoming("Alice")),
        format!("scope:client:incoming?clientName=Alice {outgoing}&clientName=Alice")
    );
    let both = format!("scope:client:incoming?clientName=Alice {outgoing}&clientName=Carol");
    assert_eq!(scope_after(|handle| handle.set_client_name("Carol")), both);
    // Failed calls change nothing.
    assert_eq!(
        scope_after(|handle| {
            assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
            assert_eq!(handle.set_client_name(""), Err(Status::EmptyArgument));
            handle.allow_outgoing("AP1")
        }),
        both
    );
}

#[test]
fn check_client_name_accepts_plain_names() {
    let check = |name: &str| {
        // SAFETY: a string.
        unsafe { cap_check_client_name(c_string(name).as_ptr()) }
    };
    for name in [
        "a",
        "Z",
        "0",
        "_",
        "alice_2",
        "0123456789",
        &"x".repeat(256),
    ] {
        assert_eq!(check(name), Status::Ok, "{name}");
    }
    let wrong = [
        " ",
        "a b",
        "a-b",
        "a.b",
        "a+b",
        "a\n",
        "\n",
        "a@b",
        "é",
        "ａ",
        "/",
        ":",
        "[",
        "`",
        "{",
        "a\u{7f}",
        &"x".repeat(257),
    ];
    for name in wrong {
        assert_eq!(check(name), Status::InvalidClientName, "{name:?}");
    }
    // 256 bytes, but not ASCII.
    assert_eq!(check(&"é".repeat(128)), Status::InvalidClientName);
}

#[test]
fn claims_are_compact_and_come_first() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let payload =
        |handle: &Handle| verify(&handle.generate_at(NOW, 3600).unwrap(), "secret", NOW).unwrap();
    let own = r#""scope":"","iss":"AC123123","exp":1400003600}"#;
    handle
        .add_claim("é\"", " { \"b\" : 1.50 , \"a\" : [ \"é/\" ] } ")
        .unwrap();
    handle.add_claim("a", "null").unwrap();
    handle.add_claim("Scope", "-0").unwrap();
    let expected = r#"{"\u00e9\"":{"b":1.50,"a":["\u00e9/"]},"a":null,"Scope":-0,"#;
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    // The same name again keeps the place and changes the value.
    handle.add_claim("é\"", "1E+2").unwrap();
    handle.add_claim("b", "2").unwrap();
    let expected = r#"{"\u00e9\"":1E+2,"a":null,"Scope":-0,"b":2,"#;
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    // Refused claims change nothing.
    for name in ["scope", "iss", "exp", "nbf", "iat"] {
        assert_eq!(handle.add_claim(name, "1"), Err(Status::ReservedName));
    }
    let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for json in ["", " ", "x", "{", "1 2", "'1'", r#""\ud800""#, &deep(128)] {
        assert_eq!(handle.add_claim("a", json), Err(Status::InvalidJson));
        assert_eq!(handle.add_claim("c", json), Err(Status::InvalidJson));
    }
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    handle.add_claim("a", &deep(127)).unwrap();
    let expected = format!(r#"{{"\u00e9\"":1E+2,"a":{},"Scope":-0,"b":2,"#, deep(127));
    assert_eq!(payload(&handle), format!("{expected}{own}"));
}
