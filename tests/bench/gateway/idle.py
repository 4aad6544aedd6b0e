# SPDX-License-Identifier: Apache-2.0
"""User-space memory of idle agents: registered, with their identity, route and heartbeat. Beside it, of
WebSockets on bare servers, each of which has had one message sent back."""

import time

from load import IdleLoad
from servers import Server

ROWS = (("epoll", "sockets"), ("beast", "sockets"), ("websockets", "sockets"), ("ours", "agents"))
AIM, FLOOR = 1024, 6 * 1024  # bytes an agent
WARMED_BY = 64
HOLD = 5  # seconds


def measure(options, report, build, folder, placement, descriptors):
    count = min(options.idle, descriptors - 500)
    report.say(f"\n## Idle agents\n\nGrowth of the server's resident memory with {count:,} of them, by each. Then "
               "each is asked once more.\n")
    report.say("| | resident before, KiB | bytes each |\n|---|---|---|")
    ours = None
    for name, kind in ROWS:
        if name not in options.candidates:
            continue
        with Server(name, placement, folder, build) as server:
            with IdleLoad(server, kind, WARMED_BY, 0, placement, build, folder) as load:
                load.expect_alive()
            time.sleep(1)
            before = server.process.resident_bytes()
            with IdleLoad(server, kind, count, HOLD, placement, build, folder) as load:
                time.sleep(1)
                each = (server.process.resident_bytes() - before) / count
                load.expect_alive()
        report.say(f"| {name} | {before / 1024:,.0f} | {each:,.0f} |")
        if name == "ours":
            ours = each
    report.say()
    if ours is not None:
        report.judge(f"{count:,} idle agents, bytes each", ours, AIM, FLOOR, False, f"{ours:,.0f}")
