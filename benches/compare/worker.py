"""A contestant that runs: a program that does works when it is told to, by a line on its
standard input, and answers by a line. In between it sleeps. c/worker.c says which orders
there are."""

import os
import subprocess


class Worker:
    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

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
        """How often it allocates, and how many calls of the heap it makes in all."""
        return tuple(int(number) for number in self.ask("heap", work).split())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
