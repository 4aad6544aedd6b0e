# SPDX-License-Identifier: Apache-2.0
"""Requests per second of HTTP clients against nginx: raw epoll (the limit), libcurl's multi interface,
and our http_client, fed through the multiplexer of a running host (client_load)."""

import json
import subprocess
import threading

from host import run_host
from processes import Process, StartFailed
from report import Goal, Sample
from servers import PATHS, Server

CANDIDATES = ("epoll", "curl", "ours")
CONNECTIONS = 64
GOALS = (Goal("rate to epoll", "rate", "epoll", 0.9, 0.65, True),
         Goal("rate to curl", "rate", "curl", 1.75, None, True))


def measure(options, report, build, folder, one):
    programs = build / "tests/bench/http"
    candidates = [name for name in CANDIDATES if name in options.candidates]
    report.say(f"\n## Client\n\n{CONNECTIONS} requests under way against nginx on another core. Ours: the "
               "whole host, with codec,\ndialogues, time limits and the multiplexer in both directions.")
    if "curl" in candidates and not (programs / "curl_client").exists():
        candidates.remove("curl")
        report.say("libcurl was not there when this was built: no curl_client.")
    results = {name: [] for name in candidates}
    with Server("nginx", 1, None, one, folder, build) as server:
        for round_number in range(options.rounds):
            for name in candidates:
                work = folder / f"client-{name}-{round_number}"
                work.mkdir()
                command = _ours(work, build, server.port, options.seconds) if name == "ours" else \
                    [programs / f"{name}_client", server.port, CONNECTIONS, options.seconds, PATHS["nginx"]]
                results[name].append(_run(name, command, work, one, options.seconds))
    report.table("64 requests under way, one core", results, "epoll", GOALS)


def _ours(work, build, port, seconds):
    return run_host(work, build, [
        {"class": "valory/http_client:0.23.0", "required": True},
        {"class": "patchbay/client_load:0.1.0", "required": True,
         "config": {"url": f"http://127.0.0.1:{port}{PATHS['nginx']}", "requests": CONNECTIONS,
                    "seconds": float(seconds)}}],
        plugin_folders=[build / "tests/bench/http/client_load"])


def _run(name, command, work, placement, seconds):
    """Runs a client until it prints its line of JSON."""
    with Process(f"client-{name}", command, work, placement.load, stdout=subprocess.PIPE) as process:
        late = threading.Timer(seconds + 30, process.popen.kill)
        late.start()
        try:
            for line in process.popen.stdout:
                if line.startswith(b"{"):
                    said = json.loads(line)
                    return Sample(said["rate"], said["p50_us"], said["p99_us"], said["cpu_us"],
                                  said["errors"])
        finally:
            late.cancel()
        raise StartFailed(f"the client '{name}' ended without a figure:\n{process.tail()}")
