//! Hostile clients, which open connections and send no whole request.

use std::fmt::{self, Display, Formatter};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::token_servers::server::socket_of;

/// A way to attack.
#[derive(Clone, Copy)]
pub(super) struct Attack {
    pub(super) addresses: u32,
    sent: &'static str,
}

/// Half of a header. Its end would follow.
const HALF: &str = "GET /token?client=mallory HTTP/1.1\r\nHost: local";

pub(super) const ALL: [Attack; 4] = [
    Attack {
        addresses: 200,
        sent: "",
    },
    Attack {
        addresses: 1,
        sent: "",
    },
    Attack {
        addresses: 200,
        sent: HALF,
    },
    Attack {
        addresses: 1,
        sent: HALF,
    },
];

impl Display for Attack {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let what = if self.sent.is_empty() {
            "nothing"
        } else {
            "half a header"
        };
        let Self { addresses, .. } = self;
        write!(
            to,
            "{what} from {addresses} address{}",
            if *addresses == 1 { "" } else { "es" }
        )
    }
}

/// The success of hostile clients.
pub(super) struct Attacked {
    opened: usize,
    /// Those that the server had not closed before the client could send.
    pub(super) used: usize,
}

impl Display for Attacked {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self { opened, used } = self;
        write!(to, "{opened} opened, {used} used")
    }
}

impl Attack {
    /// Attacks with a number of connections until a function has run or panicked.
    pub(super) fn during<T>(
        self,
        port: u16,
        connections: usize,
        run: impl FnOnce() -> T,
    ) -> (T, Attacked) {
        thread::scope(|scope| {
            // If run() panics, this drops `running` too. The scope waits for the attack.
            let (running, ended) = mpsc::channel();
            let attack = scope.spawn(move || Crowd::new(self, port).hold(connections, &ended));
            let result = run();
            drop(running);
            (result, attack.join().expect("no panic"))
        })
    }
}

/// The connections of an attack.
struct Crowd {
    attack: Attack,
    port: u16,
    poll: Poll,
    connections: Vec<Connection>,
    opened: usize,
    used: usize,
}

struct Connection {
    stream: TcpStream,
    is_used: bool,
}

impl Crowd {
    fn new(attack: Attack, port: u16) -> Self {
        let poll = Poll::new().expect("a poll");
        Self {
            attack,
            port,
            poll,
            connections: Vec::new(),
            opened: 0,
            used: 0,
        }
    }

    /// Opens connections as fast as possible, and replaces each that the server closes.
    fn hold(mut self, connections: usize, ended: &Receiver<()>) -> Attacked {
        for number in 0..connections {
            let connection = self.open(number);
            self.connections.push(connection);
            self.use_it(number);
        }
        let mut events = Events::with_capacity(1024);
        while ended.try_recv() == Err(TryRecvError::Empty) {
            let wait = Some(Duration::from_millis(100));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != ErrorKind::Interrupted => panic!("{error}"),
                _ => {}
            }
            for event in &events {
                let Token(number) = event.token();
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.connections[number] = self.open(number);
                }
                self.use_it(number);
            }
        }
        Attacked {
            opened: self.opened,
            used: self.used,
        }
    }

    fn open(&mut self, number: usize) -> Connection {
        let address = number as u32 % self.attack.addresses;
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 66, 0, 0)) + address);
        let socket = socket_of(address).expect("a socket");
        socket.set_nonblocking(true).expect("set");
        // Closing then frees the port immediately.
        socket.set_linger(Some(Duration::ZERO)).expect("set");
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port);
        match socket.connect(&server.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => panic!("{error}"),
            _ => {}
        }
        let mut stream = TcpStream::from_std(socket.into());
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry
            .register(&mut stream, Token(number), interest)
            .expect("registered");
        self.opened += 1;
        Connection {
            stream,
            is_used: false,
        }
    }

    /// Sends once, when the connection is established.
    fn use_it(&mut self, number: usize) {
        let connection = &mut self.connections[number];
        let bytes = self.attack.sent.as_bytes();
        if !connection.is_used && connection.stream.write(bytes).is_ok() {
            connection.is_used = true;
            self.used += 1;
        }
    }
}
