# SPDX-License-Identifier: Apache-2.0
"""Agent gateway benchmark: agents and their messages beside bare WebSocket servers and nats-server, on loopback.

Called by `./dev bench gateway`; README.md in the folder above tells how to read it.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import idle
import machine
import message_scenarios
from benchmark import exit_code
from report import Report
from servers import CANDIDATES, PYTHON

PARTS = ("echo", "pairs", "idle")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench gateway", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="alternating rounds (5)")
    parser.add_argument("--seconds", type=int, default=2, metavar="S", help="of each run (2)")
    parser.add_argument("--idle", type=int, default=5000, metavar="N", help="idle agents (5000)")
    parser.add_argument("--only", choices=PARTS, help="one part; without it all three")
    parser.add_argument("--candidates", type=lambda text: text.split(","), default=list(CANDIDATES),
                        metavar="A,B", help=f"of {','.join(CANDIDATES)}; ratios need epoll and nats")
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < 1 or options.idle < 1:
        parser.error("rounds, seconds and idle must be positive")
    if unknown := set(options.candidates) - set(CANDIDATES):
        parser.error(f"no candidate {', '.join(sorted(unknown))}")
    return options


def run(options, report):
    machine.need_programs("gateway", "nats-server", "setpriv", "taskset")
    one, _ = machine.placements()
    descriptors = machine.raise_descriptor_limit()
    versions = (machine.output_of("nats-server", "--version"),
                machine.output_of(PYTHON, "-c", "import websockets.version as it; print('websockets', it.version)"))
    report.say(f"# Agent gateway benchmark\n\n{machine.describe(*versions)}\n{options.rounds} alternating rounds of "
               f"{options.seconds} s. Medians; ratios are taken round by round (median, min-max).")
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name:
        folder = Path(name)
        if options.only != "idle":
            message_scenarios.measure(options, report, build, folder / "messages", one)
        if options.only in (None, "idle"):
            idle.measure(options, report, build, folder / "idle", one, descriptors)


def main():
    options = arguments()
    report = Report("msg")
    return exit_code("gateway", lambda: run(options, report), report)


if __name__ == "__main__":
    sys.exit(main())
