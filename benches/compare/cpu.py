"""The kinds of CPU: the machine as it is, and, if it has SHA instructions, the same with
these masked, because many CPUs have none."""

import dataclasses
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class Cpu:
    """`masked` means that the machine has SHA instructions and the contestants do not use them."""

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
        """Masks OpenSSL, AWS-LC and Go. The bit is SHA's in EBX of CPUID leaf 7."""
        if not self.masked:
            return {}
        return {"OPENSSL_ia32cap": ":~0x20000000", "GODEBUG": "cpu.sha=off"}

    @property
    def rustflags(self):
        """Masks the crate sha2, which has no switch at run time."""
        return '--cfg sha2_backend="soft"' if self.masked else ""


def flags():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        # ARM calls them Features.
        if name.strip() in ("flags", "Features"):
            return value.split()
    return []


def kinds():
    if "sha_ni" in flags():
        return [Cpu(has_sha=True, masked=False), Cpu(has_sha=False, masked=True)]
    return [Cpu(has_sha="sha2" in flags(), masked=False)]


def cores():
    """One CPU of each core that this process may use: two hardware threads would share it."""
    seen, chosen = set(), []
    for core in sorted(os.sched_getaffinity(0)):
        siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        shared = siblings.read_text().strip() if siblings.exists() else str(core)
        if shared not in seen:
            seen.add(shared)
            chosen.append(core)
    return chosen
