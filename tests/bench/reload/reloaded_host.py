# SPDX-License-Identifier: Apache-2.0
"""The program under test: a host whose plugins are replaced while it runs."""

from contextlib import ExitStack
from dataclasses import dataclass

from control_socket import ControlSocket
from host import run_host
from machine import free_port
from processes import Process
from replaceable import ReplaceablePlugins


@dataclass(frozen=True)
class Reloaded:
    """One reload as the host tells it. Milliseconds."""
    pause: float
    reload: float
    drain: float
    trial: float


class ReloadedHost:
    """`connections(port)` are its instances, of the plugins `names`; each instance has its plugin's name.
    `port` is for HTTP; `tried`: libraries are tried in a process of their own first. Use it in a
    `with`."""

    def __init__(self, name, build, folder, processors, names, connections, tried, **rest):
        self.port = free_port()
        own = folder / name
        own.mkdir()
        self.plugins = ReplaceablePlugins(build / "plugins", own, names)
        command = run_host(own, build, connections(self.port), [self.plugins.folder], built_plugins=False,
                           control={"enabled": True},
                           reload={"probation": 0, "probe": 10 if tried else 0}, **rest)
        self.process = Process(name, command, folder, processors)
        self._stack = ExitStack()
        self._stack.callback(self.process.stop)
        try:
            self.process.wait_until((own / "data/control.sock").exists)
            self.control = self._stack.enter_context(ControlSocket(own / "data/control.sock"))
            self.process.wait_until(lambda: self.control.ask("status")["ready"])
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def reload(self, name):
        """Other bytes for this plugin, and what the host made of them. RuntimeError: it did not take them,
        or not as it should."""
        self.plugins.replace(name)
        (outcome,) = self.control.ask("reload", ids=[name])["reloads"]
        report = outcome.get("report")
        if report is None:
            raise RuntimeError(f"{name} was not reloaded: {outcome['error']['message']}")
        (instance,) = report["instances"]
        if report["unchanged"] or not report["unloaded"] or "error" in instance or instance["abandoned"]:
            raise RuntimeError(f"{name} was reloaded, but: {report}")
        return Reloaded(instance["pause_ms"], report["reload_ms"], report["drain_ms"],
                        report["probe_ms"])


HTTP_PLUGINS = ("echo", "http_server")


def http_connections(port):
    return [{"class": "valory/http_server:0.22.0", "name": "http_server", "required": True,
             "config": {"host": "127.0.0.1", "port": port, "target_skill_id": "patchbay/echo:0.1.0",
                        "max_connections_per_address": 10000}},
            {"class": "patchbay/echo:0.1.0", "name": "echo", "required": True}]


HTTP_ROUTES = [{"protocol": "valory/http:1.0.0", "to": "echo"}]
