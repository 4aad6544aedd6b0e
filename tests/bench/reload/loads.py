# SPDX-License-Identifier: Apache-2.0
"""What the host has to do while it is reloaded: wrk, and a probe that writes down its answers."""

import json
import signal
import subprocess
import time
from array import array
from bisect import bisect_left

import wrk
from processes import Process

CONNECTIONS = 64
WARM_UP = 1.0  # seconds
LONGEST = 3600  # seconds; it is ended before


class FullLoad:
    """wrk, with connections that are kept or with a new one for each request."""

    def __init__(self, host, path, placement, close):
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL",
             *wrk.command(host.url(path), CONNECTIONS, LONGEST, placement,
                          headers=["Connection: close"] if close else ())],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def end(self):
        """(requests, Sample)"""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # it reports what it has
        output = self._process.communicate(timeout=60)[0]
        if "requests in" not in output:
            raise RuntimeError(f"wrk broke off: {output}")
        return wrk.parse(output)


class Probe:
    """One client that asks and waits, asks and waits; probe.cpp says how."""

    def __init__(self, host, path, build, folder, placement, close):
        self._times = folder / "answers"
        self._process = Process("probe", [build / "tests/bench/reload/probe", host.port, path, self._times,
                                          "close" if close else "keep-alive"], folder, placement.load)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stop()

    def end(self):
        """(its counts, Gaps)"""
        self._process.stop()
        times = array("Q")
        times.frombytes(self._times.read_bytes())
        return json.loads(self._process.tail()), Gaps(times)


class Gaps:
    """The time from one answer of the probe to the next, in milliseconds."""

    def __init__(self, times):
        self._times = times

    def of(self, begin, end):
        """Those that ended in this window, of whose begin the first may lie before it."""
        first = max(bisect_left(self._times, begin), 1)
        last = bisect_left(self._times, end)
        return [(self._times[i] - self._times[i - 1]) / 1e6 for i in range(first, last)]


def warm_up():
    time.sleep(WARM_UP)
