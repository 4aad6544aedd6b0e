# SPDX-License-Identifier: Apache-2.0
"""Requests per second: nginx, a bare Beast server, and ours. All are up for the whole run, and every
round visits each once, so that what disturbs the machine disturbs all alike."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, field

from wrk import PIPELINE, run_wrk
from report import Goal
from servers import CANDIDATES, Server, trusting_context

PIPELINE_DEPTH = 16

FULL_LOAD = (Goal("rate to nginx", "rate", "nginx", 1.0, 0.75, True),
             Goal("CPU per request to nginx", "cpu", "nginx", 1.0, 1.35, False))


@dataclass(frozen=True)
class Scenario:
    title: str
    cores: int
    tls: bool = False
    connections: int = 64
    pipelined: bool = False
    goals: tuple = field(default=FULL_LOAD)


TLS = (Goal("rate to nginx", "rate", "nginx", 0.97, 0.85, True),)
SCENARIOS = (
    Scenario("keep-alive, 64 connections, one core", 1),
    Scenario("keep-alive, 64 connections, two cores", 2),
    Scenario(f"{PIPELINE_DEPTH} requests pipelined, 64 connections, one core", 1, pipelined=True,
             goals=(Goal("rate to nginx", "rate", "nginx", 5.0, 2.0, True),)),
    Scenario("one connection, one core", 1, connections=1,
             goals=(Goal("p50 to nginx", "p50", "nginx", 1.1, 1.25, False),)),
    Scenario("TLS, keep-alive, 64 connections, one core", 1, tls=True, goals=TLS),
    Scenario("TLS, keep-alive, 64 connections, two cores", 2, tls=True, goals=TLS),
)


def measure(options, report, build, folder, certificate, one, two):
    script = folder / "pipeline.lua"
    script.write_text(PIPELINE.format(depth=PIPELINE_DEPTH))
    placement = {1: one, 2: two}
    candidates = [name for name in CANDIDATES if name in options.candidates]
    report.say("\n## Server")
    report.say(f"\n{one.text.capitalize()}; {two.text}. nginx and Beast answer 13 bytes to /hello; ours\n"
               "sends /reply through the multiplexer to echo, which answers three headers and 2 bytes.")
    with ExitStack() as stack:
        servers = {(name, cores, tls): stack.enter_context(
            Server(name, cores, certificate if tls else None, placement[cores], folder, build))
            for cores in (1, 2) for tls in (False, True) for name in candidates}
        report.say("TLS: " + "; ".join(f"{name} {cipher(servers[name, 1, True])}"
                                       for name in candidates))
        results = {scenario: {name: [] for name in candidates} for scenario in SCENARIOS}
        for round_number in range(options.rounds + 1):  # the first one warms up
            for scenario in SCENARIOS:
                for name in candidates:
                    sample = run_wrk(servers[name, scenario.cores, scenario.tls], scenario.connections,
                                     options.seconds if round_number else 1, placement[scenario.cores],
                                     script if scenario.pipelined else None)
                    if round_number:
                        results[scenario][name].append(sample)
    for scenario in SCENARIOS:
        report.table(scenario.title, results[scenario], "nginx", scenario.goals,
                     latency=not scenario.pipelined)


def cipher(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain, \
            trusting_context().wrap_socket(plain) as secured:
        return f"{secured.version()} {secured.cipher()[0]}"
