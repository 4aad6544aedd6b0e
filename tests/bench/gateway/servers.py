# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared, each on a port of its own and on the processor for servers."""

import socket
from pathlib import Path

from host import run_host
from machine import free_port
from processes import Process

# The interpreter that Debian's package python3-websockets is for.
PYTHON = "/usr/bin/python3"
HERE = Path(__file__).parent
# epoll is the limit. All but ours and nats send every message back.
CANDIDATES = ("epoll", "beast", "websockets", "nats", "ours")


class Server:
    def __init__(self, candidate, placement, folder, build):
        self.candidate = candidate
        self.port = free_port()
        self.folder = folder / candidate
        self.folder.mkdir(parents=True)
        programs = build / "tests/bench/gateway"
        command = {
            "epoll": lambda: [programs / "epoll_server", self.port],
            "beast": lambda: [programs / "beast_server", self.port],
            "websockets": lambda: [PYTHON, "-B", HERE / "websockets_server.py", self.port],
            "nats": lambda: ["nats-server", "--addr", "127.0.0.1", "--port", self.port],
            "ours": lambda: self._ours(build),
        }[candidate]()
        self.process = Process(candidate, command, self.folder, placement.server)
        try:
            self.process.wait_until(self._accepts)
        except BaseException:
            self.process.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()

    def _ours(self, build):
        """Defaults, but for what a benchmark on one machine runs into."""
        return run_host(self.folder, build, [
            {"class": "patchbay/agent_gateway:0.1.0", "required": True,
             "config": {"host": "127.0.0.1", "port": self.port, "max_connections": 20000,
                        "may_address": ["patchbay/echo:0.1.0"]}},
            {"class": "patchbay/echo:0.1.0", "required": True}])

    def _accepts(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False
