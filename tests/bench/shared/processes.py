# SPDX-License-Identifier: Apache-2.0
"""Programs under test: started on chosen processors, measured from /proc, ended by their id."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path


class StartFailed(Exception):
    """A program did not come up; the text holds the end of its log."""


class Process:
    """A running program and its children. Use it in a `with`, or call `stop`.

    It ends with the driver, whatever becomes of that: the kernel signals it then.
    """

    def __init__(self, name, command, folder, processors, stdout=None):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", ",".join(map(str, processors)),
                 *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()

    def wait_until(self, ready, seconds=20):
        """Waits for `ready()`; a program that ends before, or takes too long, raises StartFailed."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.popen.poll() is not None:
                raise StartFailed(f"{self.name} ended with {self.popen.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{self.name} is not ready after {seconds} s:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    # ---- Figures, of the program and its children ----

    def ids(self):
        found, left = [], [self.popen.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            for task in _listed(f"/proc/{pid}/task"):
                left += map(int, _text(f"/proc/{pid}/task/{task}/children").split())
        return found

    def processor_seconds(self):
        """Exact time on a processor of all threads that live."""
        return sum(int((_text(f"/proc/{pid}/task/{task}/schedstat").split() or ["0"])[0])
                   for pid in self.ids() for task in _listed(f"/proc/{pid}/task")) / 1e9

    def resident_bytes(self):
        return 1024 * sum(int(match[1]) for pid in self.ids()
                          if (match := re.search(r"^VmRSS:\s+(\d+)", _text(f"/proc/{pid}/status"),
                                                 re.MULTILINE)))

    def descriptors(self):
        return sum(len(_listed(f"/proc/{pid}/fd")) for pid in self.ids())

    def threads(self):
        return sum(len(_listed(f"/proc/{pid}/task")) for pid in self.ids())

    def mappings(self):
        """The lines of /proc/PID/maps."""
        return [line for pid in self.ids() for line in _text(f"/proc/{pid}/maps").splitlines()]


def _text(path):
    try:
        return Path(path).read_text()
    except OSError:  # it ended meanwhile
        return ""


def _listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []
