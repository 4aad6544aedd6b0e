# SPDX-License-Identifier: Apache-2.0
"""Another configuration, and plugin folders that come and go, in a running host."""

import json
import os
import re
import shutil
import signal
import unittest

from harness import Host, eventually, patchbay
from http_test import free_port
from reload_test import ReloadTest


class ApplyTest(ReloadTest):
    def edit(self, host, *replacements):
        """Replaces the file of the configuration, as an editor does."""
        text = host.config.read_text()
        for old, new in replacements:
            self.assertIn(old, text)
            text = text.replace(old, new)
        fresh = host.config.with_suffix(".new")
        fresh.write_text(text)
        os.rename(fresh, host.config)

    def apply(self, host, *arguments):
        done = patchbay("apply", *arguments, "--config", host.config, "--json")
        answer = json.loads(done.stdout) if done.stdout else None
        return done.returncode, answer, done.stderr.decode()

    @property
    def socket(self):
        return self.data / "http-echo/control.sock"

    def apply_by_socket(self, host):
        """For a file by which the verb itself would not find the host."""
        done = patchbay("apply", "--socket", self.socket, "--json")
        return done.returncode, json.loads(done.stdout), done.stderr.decode()

    def applied(self, host, *arguments):
        """{instance: (action, parts)} of a change that went well."""
        code, answer, errors = self.apply(host, *arguments)
        self.assertEqual(code, 0, errors or answer)
        return {c["instance"]: (c["action"], c["parts"]) for c in answer["changes"]}

    def states(self, host):
        return {i["name"]: i["state"] for i in host.ask("status")["instances"]}

    def events(self, host, code):
        done = patchbay("events", "--config", host.config, "--json")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return [e for e in events if e["code"] == code]

    def generations(self, host):
        return {i["name"]: (i["generation"], i["connects"])
                for i in host.ask("status")["instances"]}


class ChangedFile(ApplyTest):
    def test_an_instance_is_added_and_removed_and_nobody_else_notices(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            before = self.generations(host)

            def add_and_remove():
                for _ in range(3):
                    self.edit(host, ("    name: echo\n",
                                     "    name: echo\n  - {class: patchbay/echo:0.1.0, name: second}\n"))
                    self.assertEqual(self.applied(host), {"second": ("added", [])})
                    self.assertEqual(self.states(host)["second"], "connected")
                    self.edit(host, ("  - {class: patchbay/echo:0.1.0, name: second}\n", ""))
                    self.assertEqual(self.applied(host), {"second": ("removed", [])})
                    self.assertNotIn("second", self.states(host))
            self.assertEqual(self.while_clients_ask(4, True, add_and_remove), [])
            self.assertEqual(self.generations(host), before)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_sighup_applies_the_file(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.edit(host, ("    name: echo\n",
                             "    name: echo\n  - {class: patchbay/echo:0.1.0, name: second}\n"))
            host.send(signal.SIGHUP)
            eventually(lambda: self.states(host).get("second") == "connected", "second")
            self.edit(host, ("  - {class: patchbay/echo:0.1.0, name: second}\n", ""))
            host.send(signal.SIGHUP)
            eventually(lambda: "second" not in self.states(host), "no second")
            # A library that changed is reloaded besides.
            self.rebuild("echo")
            host.send(signal.SIGHUP)
            eventually(lambda: self.generation(host, "echo") == 2, "generation 2")
            self.assertEqual(len(self.events(host, "configuration.applied")), 3)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_clients_do_not_notice_that_configurations_change(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            def change_often():
                for number in range(4):
                    self.edit(host, ("    name: echo\n",
                                     f"    name: echo\n    config: {{max_dialogues: {100 + number}}}\n"))
                    self.assertEqual(self.applied(host), {"echo": ("changed", ["config"])})
                    self.edit(host, (f"    config: {{max_dialogues: {100 + number}}}\n", ""))
                    self.assertEqual(self.applied(host), {"echo": ("changed", ["config"])})
            self.assertEqual(self.while_clients_ask(8, True, change_often), [])
            self.assertEqual(self.generation(host, "echo"), 1)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_new_connections_do_not_notice_that_the_server_changes(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            def change_often():
                for timeout in (6, 7, 8):
                    self.edit(host, (f"timeout: {timeout - 1}", f"timeout: {timeout}"))
                    self.assertEqual(self.applied(host), {"http_server": ("changed", ["config"])})
            self.assertEqual(self.while_clients_ask(4, False, change_often), [])
            listeners = [i["listeners"] for i in host.ask("status")["instances"]
                         if i["name"] == "http_server"][0]
            self.assertEqual([one["address"] for one in listeners], [f"127.0.0.1:{self.port}"])
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_an_invalid_file_changes_nothing_and_names_the_line(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            before = self.generations(host)
            good = host.config.read_text()
            for old, new, expected in (
                    ("name: http_server", "nmae: http_server", "nmae"),
                    ("timeout: 5", "timeuot: 5", "timeuot"),
                    ("to: echo}", "to: ehco}", "ehco")):
                self.edit(host, (old, new), ("    name: echo\n",
                                             "    name: echo\n    config: {max_dialogues: 7}\n"))
                code, answer, _ = self.apply_by_socket(host)
                self.assertEqual(code, 1)
                self.assertFalse(answer["applied"])
                problem = next(p for p in answer["problems"] if expected in p["message"])
                self.assertEqual(problem["file"], str(host.config))
                self.assertIn(expected, host.config.read_text().splitlines()[problem["line"] - 1])
                done = patchbay("apply", "--socket", self.socket)
                self.assertEqual(done.returncode, 1)
                self.assertIn("Nothing was changed.", done.stderr.decode())
                self.assertIn(expected, done.stderr.decode())
                host.config.write_text(good)
            self.edit(host, ("connections:", "connections: ["))
            host.send(signal.SIGHUP)
            eventually(lambda: "syntax" in host.log_text(), "the refusal")
            host.config.write_text(good)
            self.assertEqual(len(self.events(host, "configuration.refused")), 7)
            metrics = patchbay("metrics", "--socket", self.socket).stdout.decode()
            self.assertIn("patchbay_configuration_refused_total 7\n", metrics)
            self.assertIn("patchbay_configuration_applied_total 0\n", metrics)
            self.assertEqual(self.generations(host), before)
            self.assertEqual(self.applied(host), {})
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_configuration_that_does_not_work_leaves_the_old_one_running(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.edit(host, ("timeout: 5", "timeout: 5, ssl_cert: /nowhere, ssl_key: /nowhere"))
            code, answer, _ = self.apply(host)
            self.assertEqual(code, 1)
            self.assertTrue(answer["applied"])
            self.assertIn("/nowhere", answer["changes"][0]["error"]["message"])
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            self.edit(host, (", ssl_cert: /nowhere, ssl_key: /nowhere", ""))
            self.assertEqual(self.applied(host), {}, "it runs as configured")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_dry_run_only_tells(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.edit(host, ("timeout: 5", "timeout: 6"))
            self.assertEqual(self.applied(host, "--dry-run"),
                             {"http_server": ("changed", ["config"])})
            text = patchbay("apply", "--dry-run", "--config", host.config).stdout.decode()
            self.assertEqual(text, "http_server: changed (config)\n1 instance would not be touched\n")
            self.assertEqual(self.events(host, "configuration.applied"), [])
            self.assertEqual(self.applied(host), {"http_server": ("changed", ["config"])})
            self.assertEqual(self.applied(host, "--dry-run"), {})
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_what_needs_a_restart_is_told_and_the_rest_applied(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            with open(host.config, "a") as file:
                file.write("network: {name: another}\nlog: {levels: {plugins: debug}}\n")
            self.edit(host, ("timeout: 5", "timeout: 6"))
            code, answer, _ = self.apply(host)
            self.assertEqual(code, 0, answer)
            self.assertEqual(answer["needs_restart"], ["network.name"])
            self.assertEqual([c["instance"] for c in answer["changes"]], ["http_server"])
            self.assertEqual(len(self.events(host, "configuration.needs_restart")), 1)
            self.assertEqual(host.ask("log-level")["levels"], {"plugins": "debug"})
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_routes_lead_to_the_new_instance(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.edit(host, ("    name: echo\n", "    name: second\n"), ("to: echo}", "to: second}"),
                      ("target: echo", "target: second"))
            changes = self.applied(host)
            self.assertEqual(changes["second"], ("added", []))
            self.assertEqual(changes["echo"], ("removed", []))
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            self.assertEqual(host.stop(), 0, host.log_text())


class WatchedFolder(ApplyTest):
    def start(self):
        """A host that starts what lies in plugins/, where only echo is at first."""
        self.shelf = self.root / "shelf"
        shutil.move(self.plugins / "http_server", self.shelf)
        # What autostart starts has the configuration of its connection.yaml.
        manifest = self.shelf / "connection.yaml"
        text, count = re.subn(r"(?m)^  port: .*$", f"  port: {free_port()}", manifest.read_text())
        self.assertEqual(count, 1)
        manifest.write_text(text)
        path = self.configs / "watched.yaml"
        path.write_text("plugin_folders: [{path: ../plugins, autostart: true, watch: true}]\n")
        return Host(path).wait_ready()

    def test_a_plugin_that_is_dropped_in_starts_and_one_that_is_removed_stops(self):
        server = self.plugins / "http_server"
        with self.start() as host:
            self.assertEqual(self.states(host), {"echo": "connected"})
            shutil.copytree(self.shelf, self.root / "copy")
            os.rename(self.root / "copy", server)
            # It does not know where to send requests.
            eventually(lambda: self.states(host).get("http_server") == "failed", "the server")
            for manifest in (self.shelf, server):
                manifest = manifest / "connection.yaml"
                text = manifest.read_text()
                self.assertIn("  target: null", text)
                manifest.write_text(text.replace("  target: null", "  target: echo"))
            eventually(lambda: self.states(host).get("http_server") == "connected", "the server")
            self.assertTrue(self.events(host, "instance.added"))
            self.assertEqual(self.generations(host)["echo"], (1, 1), "not touched")

            # A library that changed there is reloaded.
            self.rebuild("http_server")
            eventually(lambda: self.generation(host, "http_server") == 2, "generation 2")

            shutil.rmtree(server)
            eventually(lambda: "http_server" not in self.states(host), "the server is gone")
            self.assertTrue(self.events(host, "instance.removed"))

            # Copied file by file, with the library last.
            server.mkdir()
            shutil.copy(self.shelf / "connection.yaml", server)
            eventually(lambda: self.states(host).get("http_server") == "failed", "incomplete")
            shutil.copy(next(self.shelf.glob("*.so")), server)
            eventually(lambda: self.states(host).get("http_server") == "connected", "complete")

            # A folder that is moved away.
            os.rename(server, self.root / "copy")
            eventually(lambda: "http_server" not in self.states(host), "the server is gone")
            self.assertEqual(self.generations(host)["echo"], (1, 1), "not touched")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_library_that_is_taken_away_leaves_its_instance_running(self):
        with self.start() as host:
            library = self.library("echo")
            good = library.read_bytes()
            library.unlink()
            manifest = self.plugins / "echo/connection.yaml"
            manifest.touch()
            with open(manifest, "a") as file:
                file.write("# edited\n")
            eventually(lambda: "runs on as it was" in host.log_text(), "the problem")
            self.assertEqual(self.states(host), {"echo": "connected"})
            library.write_bytes(good + b"\0")
            eventually(lambda: self.generation(host, "echo") == 2, "generation 2")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_changed_connection_yaml_is_read_again(self):
        manifest = self.plugins / "echo/connection.yaml"
        with self.start() as host:
            good = manifest.read_text()
            manifest.write_text(good.replace("max_dialogues: 4096", "max_dialogues: 17"))
            eventually(lambda: self.events(host, "instance.changed"), "the change")
            self.assertIn("(config)", self.events(host, "instance.changed")[0]["text"])
            self.assertEqual(self.generations(host)["echo"], (1, 1))

            # One that cannot be read is told, and the instance runs on.
            manifest.write_text("name: [")
            eventually(lambda: "runs on as it was" in host.log_text(), "the problem")
            self.assertEqual(self.states(host), {"echo": "connected"})
            manifest.write_text(good)
            eventually(lambda: len(self.events(host, "instance.changed")) == 2, "the repair")
            self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
