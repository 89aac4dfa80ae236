//! The limits of the servers in C and Go. Those of nginx are in the documentation.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::server::{Answer, Host, PATIENCE, Server};
use super::{answer, get, settings};

const ANOTHER_CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[test]
fn requests_beyond_limit_wait() {
    for host in [Host::C, Host::Go] {
        let request = get("/token?client=alice");
        let (server, refused) = loop {
            let server = Server::start(host, &settings(&[("TOKEN_LIMIT", "3")]));
            let begun = Instant::now();
            let answers: Vec<Answer> = (0..4).map(|_| server.ask(&request)).collect();
            let allowed = answers.iter().filter(|answer| answer.status == 200).count();
            let last = answers.into_iter().next_back().expect("four answers");
            if last.status == 429 {
                assert_eq!(allowed, 3, "{host:?}");
                break (server, last);
            }
            // A busy machine took so long that another minute began.
            assert!(
                begun.elapsed() >= Duration::from_secs(59),
                "{host:?}: {last:?}"
            );
        };
        let wait = refused
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after");
        let (_, wait) = wait.expect("a header").clone();
        assert!(
            (1..=60).contains(&wait.parse::<u32>().expect("seconds")),
            "{wait}"
        );
        let body = "{\"error\":\"too many requests\"}\n".to_owned();
        assert_eq!(refused, answer(429, body, &[("retry-after", &wait)]));

        let other = server.ask_from(ANOTHER_CLIENT, &request);
        assert_eq!(other.status, 200, "{host:?}: {other:?}");
    }
}

#[test]
fn slow_request_is_cut_off() {
    thread::scope(|scope| {
        for host in [Host::C, Host::Go] {
            scope.spawn(move || send_slowly(host));
        }
    });
}

/// Sends a byte every half second until the server closes the connection.
fn send_slowly(host: Host) {
    let server = Server::start(host, &settings(&[]));
    let mut connection = server.connect_from(Ipv4Addr::LOCALHOST);
    // The pace of the client: a byte at each end of this wait, so it is never idle.
    let pace = Some(Duration::from_millis(500));
    connection.set_read_timeout(pace).expect("set");
    let _ = connection.write_all(get("/token?client=alice").trim_end().as_bytes());
    let _ = connection.write_all(b"\r\nX: ");
    let begun = Instant::now();
    loop {
        match connection.read(&mut [0; 1024]) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                break;
            }
        }
        let _ = connection.write_all(b"x");
        assert!(
            begun.elapsed() < PATIENCE,
            "{host:?} still waits for the request"
        );
    }
}

#[test]
fn connections_of_one_client_are_limited() {
    for host in [Host::C, Host::Go] {
        let server = Server::start(host, &settings(&[("TOKEN_CONNECTIONS", "2")]));
        let request = get("/token?client=alice");
        loop {
            let begun = Instant::now();
            let open = [(); 2].map(|()| server.connect_from(Ipv4Addr::LOCALHOST));
            let refused = server.bytes_for(Ipv4Addr::LOCALHOST, &request);
            let other = server.ask_from(ANOTHER_CLIENT, &request);
            assert_eq!(other.status, 200, "{host:?}: {other:?}");
            drop(open);
            if refused.is_empty() {
                break;
            }
            // A busy machine took so long that the server has closed the two.
            assert!(
                begun.elapsed() >= Duration::from_secs(9),
                "{host:?}: {refused}"
            );
        }
    }
}

/// Fills a server with connections that send no request. A client must be answered before the
/// server's time for a request is over.
fn fill(host: Host, more: &[(&str, &str)], sent: &str, address: impl Fn(u16) -> Ipv4Addr) {
    let begun = Instant::now();
    loop {
        let server = Server::start(host, &settings(more));
        let first = Instant::now();
        let mut hostile: Vec<TcpStream> = (0..600)
            .map(|number| {
                let mut connection = server.connect_from(address(number));
                connection.write_all(sent.as_bytes()).expect("sent");
                connection
            })
            .collect();
        let answer = server.ask_from(ANOTHER_CLIENT, &get("/token?client=alice"));
        let open: Vec<bool> = hostile.iter_mut().map(is_open).collect();
        if first.elapsed() < Duration::from_secs(9) {
            assert_eq!(answer.status, 200, "{host:?}: {answer:?}");
            // 499 and the client's were open.
            let newest: Vec<bool> = (0..600).map(|number| number > 100).collect();
            assert_eq!(open, newest, "{host:?}");
            // Hostile clients must not fill the disk.
            assert_eq!(server.end(), "", "{host:?}");
            break;
        }
        // The server has waited, or a busy machine took so long.
        assert!(begun.elapsed() < PATIENCE, "{host:?}: the client waits");
    }
}

fn is_open(connection: &mut TcpStream) -> bool {
    connection.set_nonblocking(true).expect("set");
    match connection.read(&mut [0]) {
        Ok(length) => {
            assert_eq!(length, 0, "an answer without a request");
            false
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            true
        }
    }
}

#[test]
fn full_server_ends_oldest_connections() {
    for host in [Host::C, Host::Go] {
        for sent in ["", "GET /token?client=alice HTTP/1.1\r\nHost: localh"] {
            // Each address has the connections that it may have by default.
            let address = |number: u16| Ipv4Addr::new(127, 2, 0, (number / 50) as u8);
            fill(host, &[], sent, address);
        }
        // A proxy has one address.
        fill(host, &[("TOKEN_CONNECTIONS", "500")], "", |_| {
            ANOTHER_CLIENT
        });
    }
}

/// The servers remember 1024 clients. They forget the one whose minute began first.
#[test]
fn many_clients_are_forgotten() {
    for host in [Host::C, Host::Go] {
        let server = Server::start(host, &settings(&[("TOKEN_LIMIT", "1")]));
        let request = get("/token?client=alice");
        for number in 0..1025_u32 {
            let client = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + number);
            assert_eq!(server.ask_from(client, &request).status, 200, "{host:?}");
        }
        let first = server.ask_from(Ipv4Addr::new(127, 1, 0, 0), &request);
        assert_eq!(first.status, 200, "{host:?}");
    }
}
