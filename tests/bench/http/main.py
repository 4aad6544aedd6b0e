# SPDX-License-Identifier: Apache-2.0
"""HTTP benchmark: our http_server and http_client beside nginx, Beast, libcurl and raw epoll, on loopback.

Called by `./dev bench http`; README.md beside tells how to read it.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import client_scenarios
import idle
import machine
import server_scenarios
import soak
from benchmark import exit_code
from report import Report

PARTS = ("server", "client", "idle")
EVERYBODY = ("nginx", "beast", "epoll", "curl", "ours")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench http", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="alternating rounds (5)")
    parser.add_argument("--seconds", type=int, default=2, metavar="S", help="of each run (2)")
    parser.add_argument("--only", choices=PARTS, help="one part; without it all three")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="instead: full load, memory watched")
    parser.add_argument("--candidates", type=lambda text: text.split(","), default=list(EVERYBODY),
                        metavar="A,B", help=f"of {','.join(EVERYBODY)}; ratios need nginx and epoll")
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < 1 or (options.soak is not None and options.soak <= 0):
        parser.error("rounds, seconds and minutes must be positive")
    if unknown := set(options.candidates) - set(EVERYBODY):
        parser.error(f"no candidate {', '.join(sorted(unknown))}")
    return options


def run(options, report):
    machine.need_programs("http", "nginx", "wrk", "openssl", "setpriv", "taskset")
    one, two = machine.placements()
    descriptors = machine.raise_descriptor_limit()
    nginx = machine.output_of("nginx", "-v").removeprefix("nginx version: ")
    report.say(f"# HTTP benchmark\n\n{machine.describe(nginx)}\n{options.rounds} alternating rounds of "
               f"{options.seconds} s. Medians; ratios are taken round by round (median, min-max).")
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name:
        folder = Path(name)
        if options.soak:
            soak.measure(options, report, build, folder, one)
            return
        certificate = machine.make_certificate(folder)
        if options.only in (None, "server"):
            server_scenarios.measure(options, report, build, folder, certificate, one, two)
        if options.only in (None, "client"):
            (folder / "client").mkdir()
            client_scenarios.measure(options, report, build, folder / "client", one)
        if options.only in (None, "idle"):
            (folder / "idle").mkdir()
            idle.measure(options, report, build, folder, certificate, one, descriptors)


def main():
    options = arguments()
    report = Report()
    return exit_code("http", lambda: run(options, report), report)


if __name__ == "__main__":
    sys.exit(main())
