# SPDX-License-Identifier: Apache-2.0
"""Reload benchmark: how long new code keeps traffic waiting, and what thousands of reloads leave behind.

Called by `./dev bench reload`; README.md beside the folder tells how to read it.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import machine
import scenarios
import soak
from benchmark import exit_code
from report import Report

PARTS = ("rest", *(load.key for load in scenarios.LOADS))


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench reload", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--reloads", type=int, default=1000, metavar="N",
                        help="of echo, at rest and under load (1000); of http_server a fifth")
    parser.add_argument("--only", choices=PARTS, help="one part; without it all of them")
    parser.add_argument("--soak", type=int, nargs="?", const=5000, metavar="N",
                        help="instead: N reloads (5000) of each plugin, what the process holds is watched")
    parser.add_argument("--tried", action="store_true",
                        help="each library is tried in a process of its own first (reload.probe)")
    parser.add_argument("--plugin", choices=soak.PLUGINS, help="with --soak: of this one alone")
    options = parser.parse_args()
    if options.reloads < 1 or (options.soak is not None and options.soak < soak.FEWEST):
        parser.error(f"at least one reload is needed, and {soak.FEWEST} for --soak")
    if options.plugin and options.soak is None:
        parser.error("--plugin goes with --soak")
    return options


def run(options, report):
    machine.need_programs("reload", "wrk", "setpriv", "taskset")
    one, _ = machine.placements()
    report.say(f"# Reload benchmark\n\n{machine.describe()}")
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name:
        folder = Path(name)
        if options.soak is not None:
            soak.measure(report, build, folder, one, options.soak,
                         [options.plugin] if options.plugin else soak.PLUGINS, options.tried)
            return
        report.say(f"{one.text.capitalize()}.")
        few = -(-options.reloads // 5)
        if options.only in (None, "rest"):
            scenarios.at_rest(report, build, folder, one, "echo", options.reloads,
                              options.tried)
            scenarios.at_rest(report, build, folder, one, "http_server", few, options.tried)
        for load in scenarios.LOADS:
            if options.only in (None, load.key):
                scenarios.under_load(report, build, folder, one, load,
                                     options.reloads if load.plugin == "echo" else few,
                                     options.tried)


def main():
    options = arguments()
    report = Report()
    return exit_code("reload", lambda: run(options, report), report)


if __name__ == "__main__":
    sys.exit(main())
