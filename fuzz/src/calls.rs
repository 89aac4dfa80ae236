//! The target `calls`: makes the calls of an input on the C functions and on the model. Both
//! must return the same statuses, tokens and lengths.

use std::ffi::c_int;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::{self, Status};

use crate::c::{self, Handle, Outcome, Size};
use crate::input::{self, Call, EVEN};
use crate::model::token::Token;
use crate::model::{self, Defaults, request, verify};

/// Makes the calls of an input.
pub fn run(input: &[u8]) {
    let mut state = State {
        handle: Handle::NULL,
        model: Err(Status::NullArgument),
        defaults: Defaults::default(),
    };
    for call in input::calls(input) {
        state.make(&call);
    }
    // The defaults belong to the process, not to the input.
    assert_eq!(c::configure([None, None]), Status::Ok);
}

struct State {
    handle: Handle,
    /// The token of the handle, or the status of every call with this handle.
    model: Result<Token, Status>,
    defaults: Defaults,
}

impl State {
    fn make(&mut self, call: &Call<'_>) {
        match call.letter {
            b'n' => {
                let new = Handle::new(call.strings());
                let model = self.defaults.new_token(call.strings());
                self.replace(new, model);
            }
            b'a' => self.replace(
                Handle::access(call.strings()),
                Token::access(call.strings()),
            ),
            b'x' => self.forget(Handle::NULL, Status::NullArgument),
            EVEN => self.forget(Handle::even(), Status::InvalidHandle),
            b'X' => {
                // The fuzzer does not load libcap.
                let expected = if self.is_even() { -1 } else { 0 };
                let handle = std::mem::replace(&mut self.handle, Handle::NULL);
                assert_eq!(handle.free(), expected, "cap_free");
                self.forget(Handle::NULL, Status::NullArgument);
            }
            b'T' => self.generate(call.integer(0), Size::new(call.integer(1))),
            b't' => {
                let size = Size::new(call.integer(2));
                self.generate_at(call.integer(0), call.integer(1), size);
            }
            b'm' => {
                let [secret, request] = call.strings();
                let (now, ttl, size) = (call.integer(2), call.integer(3), call.integer(4));
                let expected = request::mint(secret, request, now, ttl);
                let expected = expected.as_deref().map_err(|status| *status);
                let size = Size::new(size);
                check(expected, size, |size| {
                    c::mint(secret, request, now, ttl, size)
                });
            }
            b'v' => {
                let [jwt, secret] = call.strings();
                drop(check_verify(
                    jwt,
                    secret,
                    call.integer(2),
                    Size::new(call.integer(3)),
                ));
            }
            b'k' => {
                let [name] = call.strings();
                assert_status(
                    "k",
                    c::check_client_name(name),
                    model::check_client_name(name),
                );
            }
            b'd' => {
                let status = c::configure(call.strings());
                assert_status("d", status, self.defaults.configure(call.strings()));
            }
            b'V' => {
                let header = include_str!("../../include/captoken.h");
                let version = c::version().to_str().expect("version is not UTF-8");
                assert!(header.contains(&format!("#define CAPTOKEN_VERSION \"{version}\"\n")));
            }
            b's' => check_message(call.integer(0)),
            _ => self.set(call),
        }
    }

    /// Calls a setter.
    fn set(&mut self, call: &Call<'_>) {
        let handle = &mut self.handle;
        let status = match call.letter {
            b'i' => handle.set(ffi::cap_allow_incoming, call.strings()),
            b'c' => handle.set(ffi::cap_set_client_name, call.strings()),
            b'o' => handle.set(ffi::cap_allow_outgoing, call.strings()),
            b'p' => handle.add(ffi::cap_add_outgoing_param, call.strings()),
            b'e' => handle.allow_event_stream(),
            b'f' => handle.add(ffi::cap_add_event_filter, call.strings()),
            b'l' => handle.add(ffi::cap_add_claim, call.strings()),
            b'b' => handle.set_not_before(call.integer(0)),
            b'r' => handle.set(ffi::cap_set_region, call.strings()),
            b'u' => handle.set(ffi::cap_set_push_credential, call.strings()),
            b'g' => handle.add(ffi::cap_add_grant, call.strings()),
            letter => unreachable!("no call has the letter {letter}"),
        };
        let set = |token: &mut Token| match call.letter {
            b'i' => token.allow_incoming(call.strings()),
            b'c' => token.set_client_name(call.strings()),
            b'o' => token.allow_outgoing(call.strings()),
            b'p' => token.add_outgoing_param(call.strings()),
            b'e' => token.allow_event_stream(),
            b'f' => token.add_event_filter(call.strings()),
            b'l' => token.add_claim(call.strings()),
            b'b' => token.set_not_before(call.integer(0)),
            b'r' => token.set_region(call.strings()),
            b'u' => token.set_push_credential(call.strings()),
            _ => token.add_grant(call.strings()),
        };
        let expected = self.model.as_mut().map_err(|status| *status).and_then(set);
        assert_status(char::from(call.letter), status, expected);
    }

    /// Takes the results of `cap_new` or `cap_new_access`. A failed call leaves no handle.
    fn replace(&mut self, (status, handle): (Status, Handle), model: Result<Token, Status>) {
        assert_status(
            "new handle",
            status,
            model.as_ref().map(drop).map_err(|status| *status),
        );
        assert_eq!(handle.is_null(), status != Status::Ok);
        self.handle = handle;
        self.model = model.map_err(|_| Status::NullArgument);
    }

    fn forget(&mut self, handle: Handle, status: Status) {
        self.handle = handle;
        self.model = Err(status);
    }

    fn is_even(&self) -> bool {
        matches!(self.model, Err(Status::InvalidHandle))
    }

    fn generate(&mut self, ttl: i64, size: Size) {
        let seconds = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map(|time| time.as_secs())
        };
        let now = || seconds().expect("the clock is before 1970") as i64;
        let before = now();
        let outcome = self.handle.generate(ttl, size);
        let is_expected = |now| {
            outcome == model::output(self.expected(now, ttl).as_deref().map_err(|s| *s), size)
        };
        assert!(
            (before..=now()).any(is_expected),
            "cap_generate: {outcome:?}"
        );
    }

    fn generate_at(&mut self, now: i64, ttl: i64, size: Size) {
        let model = self.model.as_ref().map_err(|status| *status);
        let payload = model.and_then(|token| token.payload(now, ttl));
        let expected = model.and_then(|token| Ok(token.sign(&payload.clone()?)));
        let expected = expected.as_deref().map_err(|status| *status);
        check(expected, size, |size| {
            self.handle.generate_at(now, ttl, size, true)
        });

        // Later tokens reuse a hash state. NULL for the length changes nothing.
        let fit = Size::of(expected.map_or(0, str::len) + 1);
        let outcome = model::output(expected, fit);
        let again = self.handle.generate_at(now, ttl, fit, false);
        assert_eq!(
            (again.status, &again.contents),
            (outcome.status, &outcome.contents)
        );

        let Ok(token) = model else {
            return;
        };
        let (secret, request) = (Some(token.secret.as_bytes()), token.request());
        let minted = c::mint(secret, Some(request.as_bytes()), now, ttl, fit);
        assert_eq!(minted, outcome, "{request}");

        if let (Ok(jwt), Ok(payload)) = (expected, &payload) {
            let is_early = now < token.not_before;
            let expected = match is_early {
                true => Err(Status::TokenNotYetValid),
                false => Ok(payload.as_str()),
            };
            let size = Size::of(payload.len() + 1);
            let verified = c::verify(Some(jwt.as_bytes()), secret, now, size);
            assert_eq!(verified, model::output(expected, size));
        }
    }

    fn expected(&self, now: i64, ttl: i64) -> Result<String, Status> {
        self.model
            .as_ref()
            .map_err(|status| *status)?
            .generate(now, ttl)
    }
}

/// Asserts that a call gives the result of the model in a buffer of this size, and in one that is
/// too small by one byte.
fn check(expected: Result<&str, Status>, size: Size, call: impl Fn(Size) -> Outcome) {
    for size in [size, Size::of(expected.map_or(0, str::len))] {
        assert_eq!(call(size), model::output(expected, size), "{size:?}");
    }
}

/// Asserts that `cap_verify`, which does not require a buffer, gives the result of the model,
/// and returns it.
pub(crate) fn check_verify(
    jwt: input::Field<'_>,
    secret: input::Field<'_>,
    now: i64,
    size: Size,
) -> Result<String, Status> {
    let expected = verify::verify(jwt, secret, now);
    let call = |size| c::verify(jwt, secret, now, size);
    let result = expected.as_deref().map_err(|status| *status);
    if size.is_null {
        let (status, length) = match result {
            Ok(payload) => (Status::Ok, payload.len()),
            Err(status) => (status, 0),
        };
        let outcome = call(size);
        assert_eq!((outcome.status, outcome.length), (status, Some(length)));
    } else {
        check(result, size, call);
    }
    expected
}

fn check_message(status: i64) {
    let status = status.clamp(c_int::MIN.into(), c_int::MAX.into()) as c_int;
    let message = c::strerror(status).to_str().expect("message is not UTF-8");
    assert!(!message.is_empty() && !message.contains('\n') && !message.ends_with('.'));
    let is_known = (0..=Status::InvalidRequest as c_int).contains(&status);
    assert_eq!(message != "unknown status", is_known, "{status}");
}

fn assert_status(call: impl std::fmt::Display, status: Status, expected: Result<(), Status>) {
    assert_eq!(status, expected.err().unwrap_or(Status::Ok), "{call}");
}
