"""The kinds of CPU that are measured: as the machine is, and, where it has instructions for
SHA-256, with these masked, as many CPUs have none."""

import dataclasses
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class Cpu:
    """`has_sha` says which it is, `masked` that it is only made to look so."""

    has_sha: bool
    masked: bool

    @property
    def name(self):
        return f"{'with' if self.has_sha else 'without'} SHA instructions"

    @property
    def folder(self):
        return "masked" if self.masked else "native"

    @property
    def environment(self):
        """For OpenSSL and AWS-LC, and for Go. The bit is that of CPUID's leaf 7, EBX."""
        if not self.masked:
            return {}
        return {"OPENSSL_ia32cap": ":~0x20000000", "GODEBUG": "cpu.sha=off"}

    @property
    def rustflags(self):
        """For the crate sha2, which has nothing that does it at run time."""
        return '--cfg sha2_backend="soft"' if self.masked else ""


def flags():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        # The second is what it is called on ARM.
        if name.strip() in ("flags", "Features"):
            return value.split()
    return []


def kinds():
    if "sha_ni" in flags():
        return [Cpu(has_sha=True, masked=False), Cpu(has_sha=False, masked=True)]
    return [Cpu(has_sha="sha2" in flags(), masked=False)]


def cores():
    """A core of its own for each thread, as far as they go, of those that this process may
    use: two that share one are taken for one."""
    seen, chosen = set(), []
    for core in sorted(os.sched_getaffinity(0)):
        siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        shared = siblings.read_text().strip() if siblings.exists() else str(core)
        if shared not in seen:
            seen.add(shared)
            chosen.append(core)
    return chosen
