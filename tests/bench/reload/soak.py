# SPDX-License-Identifier: Apache-2.0
"""Thousands of reloads of each plugin: the process must hold afterwards what it held before."""

import http.client
import time
from dataclasses import dataclass, fields

from machine import free_port
from reloaded_host import HTTP_ROUTES, ReloadedHost, http_connections

PLUGINS = ("echo", "http_server", "http_client", "agent_gateway", "stub", "local", "greeter", "phrases",
           "loopback")
# A level is the smallest of so many looks, each a moment after another reload: what a client's
# connection leaves until the host gets to it is not in it.
LOOKS = 10
MOMENT = 0.02  # seconds
FEWEST = 20 * LOOKS
# Bytes: allocators keep some pages more or less. 60 bytes lost by each of 4,500 reloads exceed it.
ALLOWED_GROWTH = 256 << 10


@dataclass(frozen=True)
class Level:
    resident: int  # bytes
    descriptors: int
    threads: int
    mappings: int
    libraries: int  # private copies of libraries that are mapped
    deleted: int  # those of them that are no longer on the disk


def look(host):
    lines = host.process.mappings()
    libraries = {line.split(maxsplit=5)[5] for line in lines if "/data/run/host-" in line}
    return Level(host.process.resident_bytes(), host.process.descriptors(), host.process.threads(),
                 len(lines), len(libraries), sum(path.endswith(" (deleted)") for path in libraries))


def smallest(looks):
    return Level(*(min(getattr(each, field.name) for each in looks) for field in fields(Level)))


def connections(port):
    return [*http_connections(port),
            {"class": "valory/http_client:0.23.0", "name": "http_client", "required": True},
            {"class": "patchbay/agent_gateway:0.1.0", "name": "agent_gateway", "required": True,
             "config": {"port": free_port()}},
            {"class": "fetchai/stub:0.21.0", "name": "stub", "required": True},
            {"class": "fetchai/local:0.20.0", "name": "local", "required": True},
            {"class": "patchbay/greeter:0.1.0", "name": "greeter", "required": True},
            {"class": "patchbay/phrases:0.1.0", "name": "phrases", "required": True},
            {"class": "patchbay/language:0.1.0", "name": "language"},
            {"class": "patchbay/loopback:0.1.0", "name": "loopback", "required": True}]


def measure(report, build, folder, placement, count, plugins, tried):
    report.say(f"\n## Soak\n\n{count:,} reloads of each plugin, one after the other, in one process that "
               "runs all of them; after each, one HTTP\nrequest on a new connection is answered by echo. "
               f"Each figure is the smallest of {LOOKS} looks, each after another reload.\n")
    report.say("| plugin | reloads | seconds | resident KiB | descriptors | threads | mappings | "
               "libraries mapped | of them deleted |\n|---|---|---|---|---|---|---|---|---|")
    ends = {}
    with ReloadedHost("soak", build, folder, placement.server, (*PLUGINS, "language"), connections,
                      tried, inbound=HTTP_ROUTES) as host:
        for plugin in plugins:
            ends[plugin] = _soak(report, host, plugin, count)
        kept = host.control.ask("status")["kept_libraries"]
    report.say()
    for plugin, (tenth, end) in ends.items():
        _judge(report, plugin, count, tenth, end)
    _require(report, "libraries of former generations that the host keeps", kept, 0)


def _soak(report, host, plugin, count):
    """(level after a tenth, level at the end)"""
    begin = time.monotonic()
    looks, levels = [], []
    first_looks = {0, count // 10, count - LOOKS}
    for number in range(1, count + 1):
        host.reload(plugin)
        _ask(host)
        if looks or number - 1 in first_looks:
            time.sleep(MOMENT)
            looks.append(look(host))
        if len(looks) == LOOKS:
            levels.append(smallest(looks))
            level = levels[-1]
            report.say(f"| {plugin} | {number:,} | {time.monotonic() - begin:.0f} | "
                       f"{level.resident / 1024:,.0f} | {level.descriptors} | {level.threads} | "
                       f"{level.mappings} | {level.libraries} | {level.deleted} |")
            looks = []
    return levels[1:]


def _judge(report, plugin, count, tenth, end):
    growth = (end.resident - tenth.resident) / 1024
    after = f"{plugin}, growth from {count // 10:,} to {count:,} reloads"
    _require(report, f"{after}, resident KiB", growth, ALLOWED_GROWTH / 1024)
    for name in ("descriptors", "threads", "mappings"):
        _require(report, f"{after}, {name}", getattr(end, name) - getattr(tenth, name), 0)
    _require(report, f"{plugin}, libraries mapped that are not in use", end.libraries - len(PLUGINS), 0)


def _require(report, text, value, most):
    report.judge(text, value, most, None, False, f"{value:,.0f}")
    if value > most:
        report.errors.append(f"{text}: {value:,.0f}")


def _ask(host):
    client = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    try:
        client.request("GET", "/reply")
        answer = client.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"no answer after a reload: {error!r}\n{host.process.tail()}") from error
    finally:
        client.close()
    if answer.status != 200:
        raise RuntimeError(f"status {answer.status} after a reload\n{host.process.tail()}")
