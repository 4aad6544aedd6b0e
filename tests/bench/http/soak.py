# SPDX-License-Identifier: Apache-2.0
"""Full load for minutes: the server must end with the memory it had after its first minute."""

import re
import subprocess
import time

from wrk import command, parse
from servers import Server

INTERVAL = 10  # seconds between two looks
ALLOWED_GROWTH = 1 << 20  # bytes: allocators keep some pages more or less


def measure(options, report, build, folder, one):
    minutes = options.soak
    report.say(f"\n## Soak\n\n{minutes:g} minutes of full load, 64 connections, one core; every {INTERVAL} s "
               "after the first minute.\n")
    report.say("| second | resident KiB | descriptors |\n|---|---|---|")
    seconds = max(round(minutes * 60), 2 * INTERVAL)
    first_minute = min(60, seconds // 2)
    looks = []
    with Server("ours", 1, None, one, folder, build) as server:
        begin = time.monotonic()
        load = subprocess.Popen(["setpriv", "--pdeathsig", "KILL",
                                 *command(server.url, 64, seconds, one)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for second in range(first_minute, seconds, INTERVAL):
                time.sleep(max(0.0, begin + second - time.monotonic()))
                looks.append(server.process.resident_bytes())
                report.say(f"| {second} | {looks[-1] / 1024:,.0f} | {server.process.descriptors()} |")
                if load.poll() is not None or server.process.popen.poll() is not None:
                    break
            output = load.communicate(timeout=60)[0]
        finally:
            load.kill()
            load.wait()
        alive = server.process.popen.poll() is None
        tail = server.process.tail()
    if not alive or "requests in" not in output:
        raise RuntimeError(f"the soak broke off: {output}\n{tail}")
    requests, sample = parse(output)
    report.say(f"\n{requests:,} requests, {sample.rate:,.0f} a second, p99 {sample.p99:,.0f} us; resident "
               f"{looks[0] / 1024:,.0f} KiB after the first minute, {looks[-1] / 1024:,.0f} KiB at the end\n")
    if sample.errors:
        report.errors.append(f"soak: {sample.complaint}")
    report.judge("soak, growth in KiB after the first minute", (looks[-1] - looks[0]) / 1024,
                 ALLOWED_GROWTH / 1024, None, False, f"{(looks[-1] - looks[0]) / 1024:,.0f}")
