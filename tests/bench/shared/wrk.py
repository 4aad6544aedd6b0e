# SPDX-License-Identifier: Apache-2.0
"""wrk, and what it says."""

import re
import subprocess

from report import Sample

PIPELINE = """
local requests
init = function(arguments)
    local all = {{}}
    for i = 1, {depth} do all[i] = wrk.format() end
    requests = table.concat(all)
end
request = function() return requests end
"""

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}


def parse(output):
    """(requests, Sample without processor time) from wrk's report."""
    def latency(percent):
        value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m|h)$", output, re.MULTILINE).groups()
        return float(value) * UNITS[unit]

    complaints = re.findall(r"^\s*(?:Non-2xx or 3xx responses|Socket errors):.*", output, re.MULTILINE)
    errors = sum(int(number) for line in complaints for number in re.findall(r"\d+", line.split(":", 1)[1]))
    requests = int(re.search(r"(\d+) requests in", output)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    return requests, Sample(rate, latency(50), latency(99), 0.0, errors,
                            "; ".join(line.strip() for line in complaints))


def command(url, connections, seconds, placement, script=None, shared=True, headers=()):
    threads = min(connections, 1 if shared else len(placement.load))
    return ["taskset", "-c", ",".join(map(str, placement.load)), "wrk", f"-t{threads}",
            f"-c{connections}", f"-d{seconds}s", "--latency", *(["-s", str(script)] if script else []),
            *(part for header in headers for part in ("-H", header)), url]


def run_wrk(server, connections, seconds, placement, script=None):
    """Loads a server, and reads its processor time before and after."""
    shared = set(placement.server) & set(placement.load)
    before = server.process.processor_seconds()
    done = subprocess.run(command(server.url, connections, seconds, placement, script, bool(shared)),
                          capture_output=True, text=True, timeout=seconds + 60)
    used = server.process.processor_seconds() - before
    if done.returncode or "requests in" not in done.stdout:
        raise RuntimeError(f"wrk against {server.process.name}: {done.stdout}{done.stderr}\n"
                           f"{server.process.tail()}")
    requests, sample = parse(done.stdout)
    return Sample(sample.rate, sample.p50, sample.p99, used * 1e6 / max(requests, 1), sample.errors,
                  sample.complaint)
