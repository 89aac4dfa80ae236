//! Times to live, expiry, `nbf` and the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::*;

use super::fixtures::{Buffer, LAST, NOW, access_handle, assert_unchanged, handle, whole_token};
use crate::support::safe_handle::{Handle, c_string, verify};
use crate::support::token::decode;

#[test]
fn ttl_outside_one_day_is_reported() {
    let mut handle = handle();
    for ttl in [
        0,
        -1,
        86_401,
        i64::from(i32::MAX) + 3600,
        i64::MIN,
        i64::MAX,
    ] {
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate(handle.0, ttl), Status::InvalidTtl);
        buffer.assert_emptied();
        let mut buffer = Buffer::new(1024);
        let status = buffer.generate_at(handle.0, NOW, ttl);
        assert_eq!(status, Status::InvalidTtl);
        buffer.assert_emptied();
        let refused = access_handle().generate_at(NOW, ttl);
        assert_eq!(refused, Err(Status::InvalidTtl));
    }
    assert_unchanged(&mut handle);

    for ttl in [1, Ttl::Default as i64, Ttl::Max as i64] {
        let claims = decode(&handle.generate_at(NOW, ttl).unwrap(), "secret");
        assert_eq!(claims["exp"], NOW + ttl);
    }
    assert_eq!((Ttl::Default as i64, Ttl::Max as i64), (3600, 86_400));
}

#[test]
fn times_outside_53_bits_are_reported() {
    let mut handle = handle();
    let wrong = [
        (-1, 1),
        (-1, 3600),
        (i64::MIN, 1),
        (i64::MAX, 86_400),
        (LAST + 1, 1),
        (LAST, 1),
        (LAST - 3599, 3600),
    ];
    for (now, ttl) in wrong {
        let mut buffer = Buffer::new(1024);
        let status = buffer.generate_at(handle.0, now, ttl);
        assert_eq!(status, Status::InvalidTime, "{now} + {ttl}");
        buffer.assert_emptied();
        let refused = access_handle().generate_at(now, ttl);
        assert_eq!(refused, Err(Status::InvalidTime));
    }
    let (jwt, secret) = (c_string(&whole_token()), c_string("secret"));
    for wrong in [-1, i64::MIN, LAST + 1, i64::MAX] {
        assert_eq!(handle.set_not_before(wrong), Err(Status::InvalidTime));
        let mut buffer = Buffer::new(1024);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), wrong);
        assert_eq!(status, Status::InvalidTime);
        buffer.assert_emptied();
    }
    assert_unchanged(&mut handle);
    for not_before in [1, LAST] {
        handle.set_not_before(not_before).unwrap();
        let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
        assert_eq!(claims["nbf"], not_before);
    }

    for (now, ttl) in [(0, 1), (LAST - 3600, 3600), (1 << 31, 1), (1 << 32, 3600)] {
        let claims = decode(&handle.generate_at(now, ttl).unwrap(), "secret");
        assert_eq!(claims["exp"], now + ttl);
    }
}

#[test]
fn not_before_is_last_and_removable() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let without = handle.generate_at(NOW, 3600).unwrap();
    handle.set_not_before(NOW + 60).unwrap();
    let token = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(verify(&token, "secret", NOW), Err(Status::TokenNotYetValid));
    assert_eq!(
        verify(&token, "secret", NOW + 60).as_deref(),
        Ok(r#"{"scope":"","iss":"AC123123","exp":1400003600,"nbf":1400000060}"#)
    );
    assert_eq!(handle.set_not_before(-1), Err(Status::InvalidTime));
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), token);
    handle.set_not_before(0).unwrap();
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), without);
}

#[test]
fn generate_uses_the_clock() {
    let handle = handle();
    let clock = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    };
    let before = clock();
    let mut buffer = Buffer::new(1024);
    assert_eq!(buffer.generate(handle.0, 600), Status::Ok);
    let after = clock();
    let claims = decode(buffer.string(), "secret");
    let exp = claims["exp"].as_i64().unwrap();
    assert!((before + 600..=after + 600).contains(&exp));
    assert_eq!(buffer.string(), handle.generate_at(exp - 600, 600).unwrap());
}
