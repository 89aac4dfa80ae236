//! The token servers under load: honest clients get every token while memory stays flat, and
//! also while hostile clients open 10,000 connections, and reopen those that the server closes.
//!
//! `make load` runs these tests, one after the other. LOAD_SECONDS is the time of each.

#![cfg(not(miri))]
#![expect(clippy::print_stdout, reason = "the figures are the purpose")]

mod attack;
mod clients;
mod fpm;
mod resources;

use std::env;
use std::ffi::OsString;
use std::thread;
use std::time::{Duration, Instant};

use crate::token_servers::server::{Host, PATIENCE, Server};
use crate::token_servers::settings;
use attack::Attack;
use clients::Outcome;
use fpm::Fpm;
use resources::{Descriptors, Resources};

/// The time of a test, 60 seconds unless LOAD_SECONDS is set.
fn time() -> Duration {
    let seconds = env::var("LOAD_SECONDS").map_or(60, |seconds| {
        seconds.parse().expect("LOAD_SECONDS is a number")
    });
    Duration::from_secs(seconds)
}

/// How much one address may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limits {
    Raised,
    Default,
}

const BOTH: [Limits; 2] = [Limits::Raised, Limits::Default];

impl Limits {
    fn variables(self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Raised => settings(&[("TOKEN_LIMIT", "1000000"), ("TOKEN_CONNECTIONS", "500")]),
            Self::Default => settings(&[("TOKEN_LIMIT", "60")]),
        }
    }

    /// The connections of an attack that the servers in C and Go keep open.
    fn open(self, attack: Attack) -> usize {
        let one_address = match self {
            Self::Raised => 500,
            Self::Default => 50,
        };
        500.min(one_address * attack.addresses as usize)
    }
}

#[test]
#[ignore = "takes minutes: make load"]
fn c_serves_load() {
    serve_load(Host::C);
}

#[test]
#[ignore = "takes minutes: make load"]
fn go_serves_load() {
    serve_load(Host::Go);
}

fn serve_load(host: Host) {
    let server = Server::start(host, &Limits::Raised.variables());
    let name = format!("{host:?}");
    let outcome = serve(&name, server.port, &[server.id()], |_| {});
    assert!(outcome.failures.is_empty());
}

#[test]
#[ignore = "takes minutes: make load"]
fn php_fpm_serves_load_despite_kill_and_reload() {
    let fpm = Fpm::start(Limits::Raised);
    let mut killed = None;
    let outcome = serve("PHP", fpm.port, &fpm.masters(), |sample| match sample {
        KILL => killed = Some(fpm.kill_busy_worker()),
        RELOAD => (0..RELOADS).for_each(|_| fpm.reload()),
        _ => {}
    });
    let killed = killed.expect("a time");
    let failures = outcome.failures.iter();
    let meanwhile = failures.filter(|failure| failure.begun < killed && killed < failure.ended);
    let meanwhile = meanwhile.count();
    let others = outcome.failures.len() - meanwhile;
    println!("PHP: {meanwhile} failed when a worker was killed, {others} before or later");
    // The killed worker's own request.
    assert!(meanwhile <= 1, "{}", fpm.log());
    assert_eq!(others, 0, "{}", fpm.log());
}

/// The number of samples, at regular intervals.
const SAMPLES: usize = 60;

/// php-fpm loses a worker before a sample, and is reloaded several times before another.
const KILL: usize = SAMPLES / 3;
const RELOAD: usize = SAMPLES * 2 / 3;
const RELOADS: usize = 5;

/// Runs honest clients, and calls a function before each sample of the server's resources. These
/// must be flat.
fn serve(name: &str, port: u16, roots: &[u32], event: impl FnMut(usize)) -> Outcome {
    let before = Resources::of(roots);
    let (outcome, samples) = sample(clients::run, port, time(), roots, event);
    outcome.print(name);
    resources::assert_flat(name, &samples, outcome.requests());
    resources::assert_same_descriptors(name, before, roots);
    outcome
}

/// Runs honest clients, and takes samples of the server's resources meanwhile.
fn sample(
    clients: fn(u16, Duration) -> Outcome,
    port: u16,
    time: Duration,
    roots: &[u32],
    mut event: impl FnMut(usize),
) -> (Outcome, Vec<Resources>) {
    thread::scope(|scope| {
        let clients = scope.spawn(move || clients(port, time));
        let begun = Instant::now();
        let mut samples = Vec::new();
        for number in 0..SAMPLES {
            let next = time * u32::try_from(number).expect("small") / SAMPLES as u32;
            thread::sleep(next.saturating_sub(begun.elapsed()));
            event(number);
            samples.push(Resources::of(roots));
        }
        (clients.join().expect("no panic"), samples)
    })
}

#[test]
#[ignore = "takes minutes: make load"]
fn c_serves_despite_half_open_connections() {
    serve_despite_half_open_connections(Host::C);
}

#[test]
#[ignore = "takes minutes: make load"]
fn go_serves_despite_half_open_connections() {
    serve_despite_half_open_connections(Host::Go);
}

fn serve_despite_half_open_connections(host: Host) {
    for limits in BOTH {
        let server = Server::start(host, &limits.variables());
        let name = format!("{host:?}, {limits:?} limits");
        let open = |attack| limits.open(attack);
        resist(&name, server.port, &[server.id()], open, LOST);
    }
}

#[test]
#[ignore = "takes minutes: make load"]
fn php_fpm_serves_despite_half_open_connections() {
    for limits in BOTH {
        let fpm = Fpm::start(limits);
        let name = format!("PHP, {limits:?} limits");
        // nginx limits only connections whose header it has read.
        resist(&name, fpm.port, &fpm.masters(), |_| CONNECTIONS, 0);
    }
}

/// The percentage of requests that the servers in C and Go may lose: a full server ends its oldest
/// connection, also one with a request that it has not read yet. Hostile clients open 10,000 a
/// second.
const LOST: usize = 1;

/// The connections of an attack, which reopens those that the server closes.
const CONNECTIONS: usize = 10_000;

/// Each attack lasts a part of the time, and must not keep honest clients waiting. `open` is the
/// number of its connections that the server does not close immediately.
fn resist(name: &str, port: u16, roots: &[u32], open: impl Fn(Attack) -> usize, lost: usize) {
    let _raised = Descriptors::raise();
    let connections = Descriptors::connections(CONNECTIONS);
    let time = time() / attack::ALL.len() as u32;
    for attack in attack::ALL {
        let before = Resources::of(roots);
        let open = open(attack).min(connections);
        // The server replaces connections all the time.
        let enough = open * 9 / 10;
        let held = |after: Resources| after.descriptors.saturating_sub(before.descriptors);
        let ((outcome, samples), attacked) = attack.during(port, connections, || {
            wait(&format!("{open} open connections"), || {
                held(Resources::of(roots)) >= enough
            });
            sample(clients::come, port, time, roots, |_| {})
        });
        let mut held: Vec<usize> = samples.into_iter().map(held).collect();
        held.sort_unstable();
        let held = held[held.len() / 2];
        println!(
            "{name}, {attack}: {connections} connections, reopened when the server closes them: \
             it holds {held}; {attacked}"
        );
        outcome.print("    honest clients");
        assert!(held >= enough, "{name}, {attack}: {held} of {open}");
        assert!(attacked.used >= open, "{name}, {attack}");
        let allowed = outcome.requests().max(100) * lost / 100;
        assert!(outcome.failures.len() <= allowed, "{name}, {attack}");
        let slowest = outcome.slowest();
        assert!(slowest < STARVED, "{name}, {attack}: {slowest:?}");
        resources::assert_same_descriptors("    then", before, roots);
    }
}

/// A starved client waits until the server ends hostile connections, after 10 seconds. A busy
/// machine delays it by much less.
const STARVED: Duration = Duration::from_secs(5);

fn wait(event: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "still waiting for {event}");
        thread::sleep(Duration::from_millis(20));
    }
}
