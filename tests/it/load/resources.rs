//! Memory and descriptors of a server's processes, and the descriptors of this one.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::token_servers::server::PATIENCE;

/// The memory and descriptors of processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resources {
    /// Private memory.
    bytes: u64,
    pub(super) descriptors: usize,
}

impl Resources {
    /// Adds up the resources of processes and their descendants.
    pub(super) fn of(roots: &[u32]) -> Self {
        let mut all = Self {
            bytes: 0,
            descriptors: 0,
        };
        for process in roots.iter().copied().flat_map(family) {
            // A process may end meanwhile.
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            all.bytes += status
                .lines()
                .find_map(|line| line.strip_prefix("RssAnon:")?.strip_suffix("kB"))
                .map_or(0, |size| {
                    size.trim().parse::<u64>().expect("a number") * 1024
                });
            all.descriptors += descriptors(process);
        }
        all
    }
}

/// The number of open descriptors of a process; none if it has ended. Reading the links would need
/// CAP_SYS_PTRACE for a process of another user, also as root.
pub(super) fn descriptors(process: u32) -> usize {
    let links = fs::read_dir(format!("/proc/{process}/fd"));
    links.into_iter().flatten().flatten().count()
}

/// A process and its descendants.
fn family(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").expect("processes") {
        let name = entry.expect("an entry").file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // PID (NAME) STATE PARENT. The name may contain spaces.
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        if let Some(parent) = parent {
            let parent = parent.parse().expect("a number");
            children.entry(parent).or_default().push(process);
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        family.extend(children.remove(parent).unwrap_or_default());
        next += 1;
    }
    family
}

/// The children of a process.
pub(super) fn children(parent: u32) -> Vec<u32> {
    let mut family = family(parent);
    family.remove(0);
    family
}

/// The last quarter of the samples must not need more memory than the second, except for what a
/// garbage collector varies.
pub(super) fn assert_flat(name: &str, samples: &[Resources], requests: usize) {
    let quarter = samples.len() / 4;
    let median = |samples: &[Resources]| {
        let mut bytes: Vec<u64> = samples.iter().map(|sample| sample.bytes).collect();
        bytes.sort_unstable();
        bytes[bytes.len() / 2]
    };
    let early = median(&samples[quarter..2 * quarter]);
    let late = median(&samples[3 * quarter..]);
    let allowed = early / 10 + (1 << 20);
    let most = samples.iter().map(|sample| sample.descriptors).max();
    println!(
        "{name}: memory {} KiB, later {} KiB; a leak of {} bytes for each request would show; \
         at most {} descriptors",
        early / 1024,
        late / 1024,
        // Half of the requests come between the two medians.
        allowed * 2 / requests.max(1) as u64 + 1,
        most.expect("samples")
    );
    assert!(
        late <= early + allowed,
        "{name}: memory grows: {samples:#?}"
    );
}

/// After the load, the server must return to its descriptors.
pub(super) fn assert_same_descriptors(name: &str, before: Resources, roots: &[u32]) {
    let begun = Instant::now();
    loop {
        let after = Resources::of(roots).descriptors;
        if after == before.descriptors {
            println!("{name}: {after} descriptors, before and after");
            return;
        }
        let before = before.descriptors;
        assert!(
            begun.elapsed() < PATIENCE,
            "{name}: {before} descriptors, later {after}"
        );
        thread::sleep(Duration::from_millis(100));
    }
}

/// Raises this process's limit of open files as far as possible, until it is dropped.
pub(super) struct Descriptors {
    before: libc::rlimit,
}

impl Descriptors {
    pub(super) fn raise() -> Self {
        let before = limit();
        set(libc::rlimit {
            rlim_cur: before.rlim_max,
            ..before
        });
        Self { before }
    }

    /// The highest limit.
    pub(super) fn hard() -> usize {
        usize::try_from(limit().rlim_max).unwrap_or(usize::MAX)
    }

    /// As many connections as wanted, or as are possible.
    pub(super) fn connections(wanted: usize) -> usize {
        let hard = Self::hard();
        // The rest is for honest clients.
        let possible = hard.saturating_sub(500).min(wanted);
        if possible < wanted {
            println!(
                "{possible} connections instead of {wanted}: the hard limit of open files is {hard}"
            );
        }
        possible
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        set(self.before);
    }
}

fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel writes one limit.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(status, 0);
    limit
}

fn set(limit: libc::rlimit) {
    // SAFETY: the kernel reads one limit.
    let status = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(status, 0);
}
