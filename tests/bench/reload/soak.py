# SPDX-License-Identifier: Apache-2.0
"""Thousands of reloads of each plugin: the process must hold afterwards what it held before."""

import http.client
import time
from dataclasses import dataclass

from reloaded_host import HTTP_ROUTES, ReloadedHost, http_connections
from machine import free_port

PLUGINS = ("echo", "http_server", "http_client", "agent_gateway", "stub", "local", "greeter", "phrases",
           "loopback")
FEWEST = 20


@dataclass(frozen=True)
class Look:
    resident: int
    descriptors: int
    threads: int
    mappings: int
    libraries: int  # distinct files of the run folder that are mapped
    deleted: int  # mapped, but no longer there


def look(host):
    lines = host.process.mappings()
    libraries = {line.split(maxsplit=5)[5] for line in lines if "/data/run/" in line}
    return Look(host.process.resident_bytes(), host.process.descriptors(), host.process.threads(),
                len(lines), len(libraries), sum(library.endswith("(deleted)") for library in libraries))


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


def measure(report, build, folder, placement, count, plugins):
    with ReloadedHost("soak", build, folder, placement.server, (*PLUGINS, "language"), connections,
                      inbound=HTTP_ROUTES) as host:
        for plugin in plugins:
            begin = time.monotonic()
            looks = []
            for number in range(count + 1):
                if number:
                    host.reload(plugin)
                    ask(host)
                if number in (0, count // 10, count) or number % max(1,count // 20) == 0:
                    looks.append((number, look(host)))
            report.say(f"{plugin} {time.monotonic() - begin:.1f}s")
            for number, l in looks:
                report.say(f"{number} {l.resident//1024} {l}")


def ask(host):
    client = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    client.request("GET", "/reply")
    answer = client.getresponse()
    answer.read()
    client.close()
    if answer.status != 200:
        raise RuntimeError(f"status {answer.status}")
