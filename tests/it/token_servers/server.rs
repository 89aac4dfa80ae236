//! The three token servers, and raw requests to them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::c_compiler::{Language, Linkage};
use crate::support::install::{go, isolated, make, root, run, stage};
use crate::token_server::{VARIABLES, token_server};

/// Every wait ends with an event. After this time, the event is not going to happen, even on a
/// busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    C,
    Go,
    Php,
}

pub(super) const HOSTS: [Host; 3] = [Host::C, Host::Go, Host::Php];

impl Host {
    /// The program, on a port that the system chooses.
    fn command(self) -> Command {
        match self {
            Self::C => {
                let mut command = isolated(c_program());
                command.arg("0");
                command
            }
            Self::Go => {
                let mut command = isolated(go_program());
                command.args(["-addr", "127.0.0.1:0"]);
                command
            }
            Self::Php => {
                let mut command = isolated("php");
                // An installed captoken.ini may preload another library.
                command
                    .args(["-d", "ffi.enable=1", "-d", "ffi.preload="])
                    .args(["-d", "error_log=", "-d", "log_errors=1"])
                    .args(["-S", "127.0.0.1:0"])
                    .arg(root().join("php/examples/token.php"))
                    .env("CAPTOKEN_LIB", stage().join("lib/libcaptoken.so.0"));
                command
            }
        }
    }
}

fn c_program() -> &'static Path {
    static C: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = token_server(Language::C99, Linkage::Static);
        keep(&program.path, "token_server")
    });
    &C
}

fn go_program() -> &'static Path {
    static GO: LazyLock<PathBuf> = LazyLock::new(|| {
        run(&mut make("go-lib"));
        let new = format!("{TARGET}/tokenserver-{}", process::id());
        run(&mut go(
            &root().join("go"),
            &["build", "-o", &new, "./examples/tokenserver"],
        ));
        keep(Path::new(&new), "tokenserver")
    });
    &GO
}

const TARGET: &str = env!("CARGO_TARGET_TMPDIR");

/// Renames a program, so that each run of the tests replaces the last one's. Atomic, because
/// another run may have started it.
fn keep(new: &Path, name: &str) -> PathBuf {
    let program = Path::new(TARGET).join(name);
    fs::rename(new, &program).expect("renamed");
    program
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server with only these variables, or returns the output of one that ended
    /// with status 1.
    pub(super) fn try_start(host: Host, settings: &[(&str, OsString)]) -> Result<Self, String> {
        let program = host.command();
        // With both outputs in one pipe: each server prints its address to another one. With the
        // usual limit of open files, which must be enough.
        let mut command = isolated("sh");
        command.args(["-c", "ulimit -n 1024 && exec \"$@\" 2>&1", "sh"]);
        command.arg(program.get_program()).args(program.get_args());
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        let added = program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command.envs(added).envs(settings.iter().cloned());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut said = String::new();
        while out.read_line(&mut said).expect("a line") > 0 {
            if let Some((_, address)) = said.rsplit_once("http://127.0.0.1:") {
                let digits = address.split(|other: char| !other.is_ascii_digit());
                let port = digits.into_iter().next().and_then(|port| port.parse().ok());
                let port = port.expect("a port");
                return Ok(Self { child, out, port });
            }
        }
        assert_eq!(child.wait().expect("an end").code(), Some(1), "{said}");
        Err(said)
    }

    pub(crate) fn start(host: Host, settings: &[(&str, OsString)]) -> Self {
        Self::try_start(host, settings).unwrap_or_else(|said| panic!("{host:?}: {said}"))
    }

    pub(super) fn ask(&self, request: &str) -> Answer {
        self.ask_from(Ipv4Addr::LOCALHOST, request)
    }

    /// Sends a request from an address of this machine.
    pub(super) fn ask_from(&self, client: Ipv4Addr, request: &str) -> Answer {
        let bytes = self.bytes_for(client, request);
        Answer::read(&bytes).unwrap_or_else(|| panic!("{request:?}: {bytes:?}"))
    }

    /// The bytes that a server sends until it closes the connection.
    pub(super) fn bytes_for(&self, client: Ipv4Addr, request: &str) -> String {
        exchange(client, self.port, request).expect("an answer")
    }

    pub(super) fn connect_from(&self, client: Ipv4Addr) -> TcpStream {
        connect(client, self.port).expect("a connection")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server, and returns what it said after its address.
    pub(super) fn end(mut self) -> String {
        self.child.kill().expect("killed");
        let mut said = String::new();
        self.out.read_to_string(&mut said).expect("text");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // end() or a failed test has ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request from an address of this machine, and reads until the server closes the
/// connection.
pub(crate) fn exchange(client: Ipv4Addr, port: u16, request: &str) -> io::Result<String> {
    let mut connection = connect(client, port)?;
    // The server may close before it has read everything.
    let _ = connection.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    match connection.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error),
        _ => Ok(String::from_utf8(bytes).expect("text")),
    }
}

fn connect(client: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let socket = socket_of(client)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket.into())
}

/// A socket with an address of this machine. TcpStream has no function for it.
pub(crate) fn socket_of(client: Ipv4Addr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddrV4::new(client, 0).into())?;
    Ok(socket)
}

/// The parts of an answer that do not depend on the language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In order, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Each server adds some of these.
const IGNORED: [&str; 5] = [
    "content-length",
    "date",
    "host",
    "server",
    "transfer-encoding",
];

impl Answer {
    pub(crate) fn read(bytes: &str) -> Option<Self> {
        let (head, body) = bytes.split_once("\r\n\r\n")?;
        let (status, lines) = head.split_once("\r\n")?;
        let status = status
            .strip_prefix("HTTP/1.1 ")
            .or(status.strip_prefix("HTTP/1.0 "))?;
        let mut headers: Vec<(String, String)> = lines
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
            .collect();
        headers.sort();
        Some(Self {
            status: status.get(..3)?.parse().ok()?,
            headers,
            body: body.to_owned(),
        })
    }
}
