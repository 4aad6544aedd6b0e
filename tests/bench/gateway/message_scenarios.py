# SPDX-License-Identifier: Apache-2.0
"""Messages per second: agents that talk to echo beside bare WebSocket servers, and agents that talk to
each other beside nats-server. All servers are up for the whole run, and every round visits each once."""

from contextlib import ExitStack
from dataclasses import dataclass

from load import run_messages
from report import Goal
from servers import Server

CHANNELS = 64


@dataclass(frozen=True)
class Row:
    """One line of a table: a server, and what the load asks of it."""
    name: str
    server: str
    wire: str


@dataclass(frozen=True)
class Scenario:
    part: str
    title: str
    channels: int
    in_flight: int
    content: int
    base: str
    rows: tuple
    goals: tuple = ()


def echo_rows(form):
    return (*(Row(name, name, f"{form}-frames") for name in ("epoll", "beast", "websockets")),
            Row("ours", "ours", f"{form}-echo"))


TO_EPOLL = (Goal("rate to raw epoll", "rate", "epoll", 0.95, 0.70, True),)
TO_BEAST = (Goal("rate to Beast", "rate", "beast", 1.0, None, True),)
TO_NATS = tuple(goal for name in ("ours", "ours-envelopes") for goal in (
    Goal(f"rate of {name} to nats", "rate", "nats", 1.5, 1.0, True, name),
    Goal(f"p99 of {name} to nats", "p99", "nats", 1.0, None, False, name)))
PAIRS = (Row("nats", "nats", "nats"), Row("ours", "ours", "json-pairs"),
         Row("ours-envelopes", "ours", "envelope-pairs"))
ECHO_CONTENT, PAIRS_CONTENT = 100, 200
SCENARIOS = (
    Scenario("echo", "JSON, 64 agents, one in flight each", CHANNELS, 1, ECHO_CONTENT, "epoll",
             echo_rows("json"), TO_EPOLL + TO_BEAST),
    Scenario("echo", "JSON, 64 agents, 16 in flight each", CHANNELS, 16, ECHO_CONTENT, "epoll", echo_rows("json")),
    Scenario("echo", "envelopes, 64 agents, one in flight each", CHANNELS, 1, ECHO_CONTENT, "epoll",
             echo_rows("envelope"), TO_EPOLL + TO_BEAST),
    Scenario("echo", "envelopes, 64 agents, 16 in flight each", CHANNELS, 16, ECHO_CONTENT, "epoll",
             echo_rows("envelope")),
    Scenario("echo", "JSON, one agent, one in flight", 1, 1, ECHO_CONTENT, "epoll", echo_rows("json")),
    Scenario("pairs", "64 pairs of agents, 16 in flight each", CHANNELS, 16, PAIRS_CONTENT, "nats", PAIRS, TO_NATS),
    Scenario("pairs", "64 pairs of agents, one in flight each", CHANNELS, 1, PAIRS_CONTENT, "nats", PAIRS),
)


def measure(options, report, build, folder, placement):
    scenarios = [scenario for scenario in SCENARIOS if options.only in (None, scenario.part)]
    rows = {scenario: [row for row in scenario.rows if row.server in options.candidates]
            for scenario in scenarios}
    names = {row.server for chosen in rows.values() for row in chosen}
    report.say(f"\n## Messages\n\n{placement.text.capitalize()}. Echo: every server gets the same frames, with "
               f"{ECHO_CONTENT} bytes of text in a direct\nmessage or an envelope; ours sends them through the "
               f"multiplexer to the plugin echo and back. Pairs: {PAIRS_CONTENT}\nbytes from agent to agent, or "
               "from publisher to subscriber.")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(Server(name, placement, folder, build)) for name in sorted(names)}
        results = {scenario: {row.name: [] for row in rows[scenario]} for scenario in scenarios}
        for round_number in range(options.rounds + 1):  # the first one warms up
            for scenario in scenarios:
                for row in rows[scenario]:
                    sample = run_messages(servers[row.server], row.wire, scenario.channels, scenario.in_flight,
                                          options.seconds if round_number else 1, scenario.content, placement,
                                          build)
                    if round_number:
                        results[scenario][row.name].append(sample)
    for scenario in scenarios:
        report.table(f"{scenario.part.capitalize()}: {scenario.title}", results[scenario], scenario.base,
                     scenario.goals)
