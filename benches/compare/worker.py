"""A running contestant. It reads one order per line from standard input, runs a workload,
answers with one line and otherwise sleeps. c/worker.c lists the orders."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess

NICE = -20


@dataclasses.dataclass(frozen=True)
class HeapCalls:
    """The number of allocations, and of all heap calls: allocations and frees."""

    allocations: int
    all: int


class Worker:
    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.take_precedence()

    def take_precedence(self):
        """Takes precedence over other programs, if the user is root. With autogroups, Linux
        shares a core among sessions first, and only within a session by nice."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, NICE)
            autogroup = pathlib.Path(f"/proc/{self.process.pid}/autogroup")
            if autogroup.exists():
                autogroup.write_text(str(NICE))

    def ask(self, *words):
        order = " ".join(str(word) for word in words)
        try:
            self.process.stdin.write(f"{order}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer.endswith("\n"):
            status = self.process.wait()
            raise SystemExit(f"{self.name} exited with {status} at the order {order!r}")
        return answer[:-1]

    def show(self, work):
        return self.ask("show", work)

    def run(self, work, times, *cores):
        """Nanoseconds for `times` repetitions on each core."""
        return int(self.ask("run", work, times, *cores))

    def heap(self, work):
        """Its heap calls. heap.c must be preloaded."""
        return HeapCalls(*(int(number) for number in self.ask("heap", work).split()))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
