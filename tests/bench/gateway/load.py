# SPDX-License-Identifier: Apache-2.0
"""The load program, and what it says."""

import json
import subprocess

from processes import Process
from report import Sample


def run_messages(server, wire, channels, in_flight, seconds, content, placement, build):
    """Loads a server, and reads its processor time before and after."""
    before = server.process.processor_seconds()
    done = subprocess.run(
        ["taskset", "-c", ",".join(map(str, placement.load)), build / "tests/bench/gateway/load", "messages",
         wire, *map(str, (server.port, channels, in_flight, seconds, content))],
        capture_output=True, text=True, timeout=seconds + 60)
    used = server.process.processor_seconds() - before
    if done.returncode:
        raise RuntimeError(f"{wire} against {server.candidate}: {done.stdout}{done.stderr[-2000:]}\n"
                           f"{server.process.tail()}")
    said = json.loads(done.stdout)
    return Sample(said["rate"], said["p50_us"], said["p99_us"], used * 1e6 / max(said["total"], 1),
                  said["errors"], done.stderr.splitlines()[0] if done.stderr else "")


class IdleLoad:
    """Connections that wait. In a `with`: opened when it is entered."""

    def __init__(self, server, kind, count, seconds, placement, build, folder):
        self.server = server
        self.count = count
        self.process = Process(f"idle-{server.candidate}-{count}",
                               [build / "tests/bench/gateway/load", "idle", kind, server.port, count, seconds],
                               folder, placement.load, stdout=subprocess.PIPE)

    def __enter__(self):
        try:
            self._expect("ready")
        except BaseException:
            self.process.stop()
            raise
        return self

    def __exit__(self, *_):
        self.process.stop()

    def expect_alive(self):
        """Waits for its end: every connection has answered once more."""
        self._expect("alive")

    def _expect(self, what):
        line = self.process.popen.stdout.readline().decode()
        if line.split() != [what, str(self.count)]:
            raise RuntimeError(f"idle connections of {self.server.candidate}: {line}\n{self.process.tail()}\n"
                               f"{self.server.process.tail()}")
