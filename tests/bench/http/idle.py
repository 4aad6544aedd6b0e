# SPDX-License-Identifier: Apache-2.0
"""User-space memory of idle keep-alive connections, each of which has served one request."""

import socket
import time
from contextlib import closing

from servers import CANDIDATES, PATHS, Server, trusting_context

PLAIN, TLS = 10_000, 2_000
PLAIN_AIM, TLS_AIM = 1024, 12 * 1024  # bytes a connection


def measure(options, report, build, folder, certificate, one, descriptors):
    report.say("\n## Idle connections\n\nEach served one request and then waits. Growth of the server's "
               "resident memory, by connection.\n")
    report.say("| | connections | resident before, KiB | bytes a connection |\n|---|---|---|---|")
    figures = []
    for tls in (False, True):
        count = min(TLS if tls else PLAIN, descriptors - 500)
        for name in (name for name in CANDIDATES if name in options.candidates):
            with Server(name, 1, certificate if tls else None, one, folder / "idle", build) as server:
                before, each = _measure(server, count)
            report.say(f"| {name}{', TLS' if tls else ''} | {count:,} | {before / 1024:,.0f} | {each:,.0f} |")
            if name == "ours":
                figures.append((tls, count, each))
    report.say()
    for tls, count, each in figures:
        report.judge(f"{count:,} idle {'TLS' if tls else 'plain'} connections, bytes each", each,
                     TLS_AIM if tls else PLAIN_AIM, None, False, f"{each:,.0f}")


def _measure(server, count):
    """(resident bytes before, growth by connection)."""
    for _ in range(50):
        with closing(_connect(server)) as connection:
            _ask(server, connection)
    time.sleep(1)
    before = server.process.resident_bytes()
    connections = []
    try:
        for _ in range(count):
            connection = _connect(server)
            connections.append(connection)
            _ask(server, connection)
        time.sleep(1)
        grown = server.process.resident_bytes() - before
        for connection in connections:  # still served: none was closed meanwhile
            _ask(server, connection)
    finally:
        for connection in connections:
            connection.close()
    return before, grown / count


def _connect(server):
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    return _context(server).wrap_socket(plain) if server.tls else plain


def _context(server):
    if not hasattr(server, "client_context"):
        server.client_context = trusting_context()
    return server.client_context


def _ask(server, connection):
    connection.sendall(f"GET {PATHS[server.candidate]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = connection.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{server.process.name} answered {answer[:60]!r} on an idle connection\n"
                           f"{server.process.tail()}")
