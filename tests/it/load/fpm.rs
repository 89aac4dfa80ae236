//! php-fpm and nginx with the lines of docs/token-servers.md, which differ only in names, paths and
//! the port, and for raised limits in their values.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

use tempfile::TempDir;

use super::resources::{Descriptors, children, descriptors};
use super::{Limits, wait};
use crate::support::document::document;
use crate::support::install::{isolated, make, run, target_folder};
use crate::token_servers::server::exchange;

/// The number of workers.
const WORKERS: usize = 4;

pub(super) struct Fpm {
    pub(super) port: u16,
    fpm: Daemon,
    nginx: Daemon,
    /// The descriptors of a worker without a request.
    idle: usize,
    /// Of settings, sockets and logs. The last member, because the programs end first.
    folder: TempDir,
}

impl Fpm {
    pub(super) fn start(limits: Limits) -> Self {
        // Workers of another user read the package. They cannot enter every target folder.
        let mut builder = tempfile::Builder::new();
        builder
            .prefix("captoken-load-")
            .permissions(fs::Permissions::from_mode(0o755));
        let folder = builder.tempdir().expect("a folder");
        let path = folder.path();
        let prefix = path.join("usr");
        run(make("install-php").arg(format!("PREFIX={}", prefix.display())));
        let package = prefix.join("share/php/captoken");

        fs::write(path.join("php-fpm.conf"), fpm_settings(path, limits)).expect("written");
        let mut fpm = Daemon::command(&php_fpm());
        fpm.arg("--nodaemonize")
            .arg("--fpm-config")
            .arg(path.join("php-fpm.conf"));
        // After the settings of the machine.
        fpm.env("PHP_INI_SCAN_DIR", format!(":{}", package.display()));
        let mut fpm = Daemon::start(fpm, path);
        wait("php-fpm", || {
            assert!(fpm.runs(), "php-fpm has ended:\n{}", log(path));
            log(path).contains("ready to handle connections")
        });

        let program = nginx();
        let etc = program
            .ancestors()
            .nth(3)
            .expect("a root")
            .join("etc/nginx");
        fs::copy(etc.join("fastcgi_params"), path.join("fastcgi_params")).expect("copied");
        loop {
            let port = unused_port();
            let settings = nginx_settings(path, &package, port, limits);
            fs::write(path.join("nginx.conf"), settings).expect("written");
            let mut nginx = Daemon::command(&program);
            nginx
                .arg("-e")
                .arg(path.join("nginx.log"))
                .arg("-c")
                .arg(path.join("nginx.conf"));
            let mut nginx = Daemon::start(nginx, path);
            wait("nginx", || !nginx.runs() || path.join("nginx.pid").exists());
            if nginx.runs() {
                // nginx has closed this connection when the answer ends.
                let request = "GET / HTTP/1.0\r\n\r\n";
                wait("nginx's port", || {
                    exchange(Ipv4Addr::LOCALHOST, port, request).is_ok()
                });
                let mut server = Self {
                    port,
                    fpm,
                    nginx,
                    idle: 0,
                    folder,
                };
                let workers = server.workers().into_iter();
                server.idle = workers.map(descriptors).min().expect("workers");
                return server;
            }
            // Another program may have taken the port.
            let log = log(path);
            assert!(
                log.contains("Address already in use"),
                "nginx has ended:\n{log}"
            );
        }
    }

    pub(super) fn masters(&self) -> [u32; 2] {
        [self.fpm.child.id(), self.nginx.child.id()]
    }

    fn workers(&self) -> Vec<u32> {
        let mut workers = Vec::new();
        wait("workers", || {
            workers = children(self.fpm.child.id());
            workers.len() == WORKERS
        });
        workers
    }

    /// Ends a worker in the middle of a request. Returns a time in the middle of the request.
    pub(super) fn kill_busy_worker(&self) -> Instant {
        let workers = self.workers();
        let mut killed = None;
        wait("a busy worker", || {
            workers.iter().any(|worker| {
                // A stopped worker cannot finish meanwhile.
                signal("STOP", *worker);
                let is_busy = descriptors(*worker) > self.idle;
                killed = Some(Instant::now());
                signal(if is_busy { "KILL" } else { "CONT" }, *worker);
                is_busy
            })
        });
        killed.expect("a time")
    }

    /// Reloads php-fpm as `systemctl reload` does, and waits for new workers.
    pub(super) fn reload(&self) {
        let old = self.workers();
        signal("USR2", self.fpm.child.id());
        wait("new workers", || {
            self.workers().iter().all(|worker| !old.contains(worker))
        });
    }

    pub(super) fn log(&self) -> String {
        log(self.folder.path())
    }
}

fn fpm_settings(folder: &Path, limits: Limits) -> String {
    let document = document("docs/token-servers.md");
    let folder = folder.display();
    let mut settings = format!("[global]\nerror_log = {folder}/php-fpm.log\n");
    settings += &document.block("ini", "process_control_timeout");
    settings += &format!(
        "[www]\nlisten = {folder}/php-fpm.sock\nlisten.mode = 0666\n\
         pm = static\npm.max_children = {WORKERS}\n"
    );
    if is_root() {
        settings += "user = www-data\ngroup = www-data\n";
    }
    for (name, value) in limits.variables() {
        settings += &format!("env[{name}] = {}\n", value.to_str().expect("UTF-8"));
    }
    settings
}

fn nginx_settings(folder: &Path, package: &Path, port: u16, limits: Limits) -> String {
    let document = document("docs/token-servers.md");
    let mut server = document.block("nginx", "limit_req_zone");
    let mut replace = |old: &str, new: &str| {
        assert_eq!(server.matches(old).count(), 1, "{old}");
        server = server.replace(old, new);
    };
    let folder = folder.display();
    replace("listen 80", &format!("listen 127.0.0.1:{port}"));
    replace(
        "/usr/local/share/php/captoken",
        &package.display().to_string(),
    );
    replace(
        "/run/php/php8.2-fpm.sock",
        &format!("{folder}/php-fpm.sock"),
    );
    if limits == Limits::Raised {
        replace("rate=60r/m", "rate=1000000r/m");
        replace("limit_conn connections 50;", "limit_conn connections 500;");
    }
    let user = if is_root() { "user www-data;\n" } else { "" };
    let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    format!(
        "{user}daemon off;\npid {folder}/nginx.pid;\n{}http {{\naccess_log off;\n{temporary}{server}}}\n",
        events(&document.block("nginx", "worker_rlimit_nofile")),
    )
}

/// The documented lines, with the limit of open files that this machine allows.
fn events(documented: &str) -> String {
    let start = "worker_rlimit_nofile ";
    let (value, rest) = documented
        .strip_prefix(start)
        .and_then(|rest| rest.split_once(';'))
        .expect("a limit");
    let possible = Descriptors::hard();
    if possible >= value.parse().expect("a number") {
        return documented.to_owned();
    }
    println!("{start}{possible} instead of {value}: the hard limit of open files");
    format!("{start}{possible};{rest}")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("a process").uid() == 0
}

/// php-fpm of the same version as php.
fn php_fpm() -> PathBuf {
    let version = "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;";
    let version = run(isolated("php").args(["-r", version]));
    let program = PathBuf::from(format!("/usr/sbin/php-fpm{version}"));
    assert!(
        program.exists(),
        "{} is missing: sh scripts/setup.sh load",
        program.display()
    );
    program
}

/// The nginx of the machine, or the one that scripts/setup.sh has unpacked.
fn nginx() -> PathBuf {
    let unpacked = target_folder().join("nginx/usr/sbin/nginx");
    let programs = [PathBuf::from("/usr/sbin/nginx"), unpacked];
    let found = programs.into_iter().find(|program| program.exists());
    found.expect("nginx: sh scripts/setup.sh load")
}

fn unused_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// All logs so far.
fn log(folder: &Path) -> String {
    ["output", "php-fpm.log", "nginx.log"]
        .map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
        .concat()
}

fn signal(name: &str, process: u32) {
    run(isolated("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string()));
}

/// A program with children, which end with it.
struct Daemon {
    child: Child,
}

impl Daemon {
    /// A command for a program that ends with the thread of the test, and has the usual limit of
    /// open files.
    fn command(program: &Path) -> Command {
        let mut command = isolated("setpriv");
        command.args([
            "--pdeathsig",
            "TERM",
            "sh",
            "-c",
            "ulimit -Sn 1024 && exec \"$@\"",
            "sh",
        ]);
        command.arg(program);
        command
    }

    fn start(mut command: Command, folder: &Path) -> Self {
        let output = fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join("output"));
        let output = output.expect("a file");
        let second = output.try_clone().expect("a descriptor");
        let child = command
            .current_dir("/")
            .stdout(output)
            .stderr(second)
            .spawn();
        Self {
            child: child.expect("a process"),
        }
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.runs() {
            signal("TERM", self.child.id());
            let _ = self.child.wait();
        }
    }
}
