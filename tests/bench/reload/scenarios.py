# SPDX-License-Identifier: Apache-2.0
"""Reloads at rest and under full load."""

import time
from dataclasses import dataclass

from distribution import distribution
from loads import CONNECTIONS, FullLoad, Probe, warm_up
from reloaded_host import HTTP_PLUGINS, HTTP_ROUTES, ReloadedHost, http_connections

PATH = "/reply"
PAUSE_AIM, GAP_AIM, RELOAD_AIM = 1.0, 2.0, 100.0  # milliseconds
REST = 0.002  # seconds between two reloads at rest
SHORTEST_WINDOW = 30_000_000  # nanoseconds


def host(name, build, folder, placement, tried):
    return ReloadedHost(name, build, folder, placement.server, HTTP_PLUGINS, http_connections, tried,
                        inbound=HTTP_ROUTES)


@dataclass(frozen=True)
class Scenario:
    key: str
    plugin: str
    close: bool
    text: str


LOADS = (
    Scenario("echo", "echo", False, "echo, clients keep their connections"),
    Scenario("server", "http_server", False,
             "http_server, clients keep their connections"),
    Scenario("connections", "http_server", True, "http_server, a new connection for each request"),
)


def at_rest(report, build, folder, placement, plugin, count, tried):
    with host(f"rest-{plugin}", build, folder, placement, tried) as ours:
        reloads = []
        for _ in range(count):
            reloads.append(ours.reload(plugin))
            time.sleep(REST)
    title = f"{plugin}, at rest"
    _figures(report, title, reloads)
    pause = distribution([each.pause for each in reloads])
    report.judge(f"{title}: pause in ms, p99", pause.p99, PAUSE_AIM, None, False, f"{pause.p99:.3f}")
    _judge_reload(report, title, reloads)


def under_load(report, build, folder, placement, scenario, count, tried):
    """Windows with a reload and windows without one take turns; both of a pair are equally long."""
    reloads, with_reload, without = [], [], []
    with host(f"load-{scenario.key}", build, folder, placement, tried) as ours, \
            FullLoad(ours, PATH, placement, scenario.close) as load, \
            Probe(ours, PATH, build, folder, placement, scenario.close) as probe:
        warm_up()
        for _ in range(count):
            begin = time.monotonic_ns()
            reloads.append(ours.reload(scenario.plugin))
            _wait_until(begin + max(SHORTEST_WINDOW, 2 * (time.monotonic_ns() - begin)))
            end = time.monotonic_ns()
            with_reload.append((begin, end))
            _wait_until(end + (end - begin))
            without.append((end, time.monotonic_ns()))
        counts, gaps = probe.end()
        requests, sample = load.end()
    _figures(report, f"{scenario.text}, under load", reloads)
    failed = sum(counts["errors"].values())
    report.say(f"wrk: {requests:,} requests, {sample.rate:,.0f} a second, {CONNECTIONS} connections; "
               f"{sample.errors} failed. Probe: {counts['answers']:,} requests, "
               f"{counts['connections']:,} connections; {failed} failed.\n")
    if sample.errors:
        report.errors.append(f"{scenario.text}, wrk: {sample.complaint}")
    if failed:
        kinds = ", ".join(f"{number} {kind}" for kind, number in counts["errors"].items() if number)
        report.errors.append(f"{scenario.text}, probe: {kinds}")
    largest = {}
    report.say("| gaps between answers, ms | p50 | p99 | worst |\n|---|---|---|---|")
    for name, windows in (("with a reload", with_reload), ("without", without)):
        of_windows = [found for found in (gaps.of(*window) for window in windows) if found]
        largest[name] = distribution([max(found) for found in of_windows])
        every = distribution([gap for found in of_windows for gap in found])
        report.say(f"| all, windows {name} | {every.shown()} |")
        report.say(f"| the largest of each window {name} | {largest[name].shown()} |")
    more = largest["with a reload"].p99 - largest["without"].p99
    report.say()
    report.judge(f"{scenario.text}, under load: largest gap of a window, p99, ms above that of windows "
                 "without a reload", more, GAP_AIM, None, False, f"{more:.3f}")
    _judge_reload(report, f"{scenario.text}, under load", reloads)


def _wait_until(moment):
    time.sleep(max(0, moment - time.monotonic_ns()) / 1e9)


def _figures(report, title, reloads):
    report.say(f"\n### {title}\n\n{len(reloads):,} reloads\n")
    report.say("| ms | p50 | p99 | worst |\n|---|---|---|---|")
    tried = any(each.trial for each in reloads)
    for name in (*(("trial",) if tried else ()), "pause", "reload", "drain"):
        report.say(f"| {name} | {distribution([getattr(each, name) for each in reloads]).shown()} |")
    report.say()


def _judge_reload(report, title, reloads):
    p99 = distribution([each.reload for each in reloads]).p99
    report.judge(f"{title}: reload in ms, p99", p99, RELOAD_AIM, None, False, f"{p99:.3f}")
