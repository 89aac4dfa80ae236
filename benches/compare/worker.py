"""A contestant that runs: a program that does works when it is told to, by a line on its
standard input, and answers by a line. In between it sleeps. c/worker.c says which orders
there are."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess

NICE = -20


@dataclasses.dataclass(frozen=True)
class HeapCalls:
    """How often memory is allocated, and all calls: those and those that free it."""

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
        """Over what else the machine does, where that can be had: root may. Linux shares a
        core out among sessions first, where it has autogroups, and within each by nice."""
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
            raise SystemExit(f"{self.name} has ended with {status} when told to {order!r}")
        return answer[:-1]

    def show(self, work):
        return self.ask("show", work)

    def run(self, work, times, *cores):
        """Nanoseconds for that many times, on each core."""
        return int(self.ask("run", work, times, *cores))

    def heap(self, work):
        """The calls of the heap that it makes, where heap.c is preloaded."""
        return HeapCalls(*(int(number) for number in self.ask("heap", work).split()))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
