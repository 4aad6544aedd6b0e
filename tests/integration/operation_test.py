# SPDX-License-Identifier: Apache-2.0
"""Instances of a running host, disabled, enabled and drained by command."""

import json
import unittest

from harness import Host, eventually, patchbay
from http_test import HttpTest


class Operation(HttpTest):
    def do(self, host, *arguments):
        """A verb with --json; exit code, answer, and what it complained of."""
        done = patchbay(*arguments, "--config", host.config, "--json")
        answer = json.loads(done.stdout) if done.stdout else None
        return done.returncode, answer, done.stderr.decode()

    def instance(self, host, name):
        return next(i for i in host.ask("status")["instances"] if i["name"] == name)

    def test_a_disabled_instance_stays_away_until_it_is_enabled(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            code, answer, errors = self.do(host, "disable", "echo")
            self.assertEqual((code, errors), (0, ""))
            self.assertEqual(answer["disabled"],
                             [{"name": "echo", "already": False, "abandoned": 0}])
            echo = self.instance(host, "echo")
            self.assertEqual((echo["state"], echo["disabled"]), ("disabled", True))
            self.assertIn(" disabled ", patchbay("status", "--config", host.config).stdout.decode())
            # A request fails by a dead letter, as for any instance that is not connected.
            self.assertNotEqual(self.ask("POST", "/", b"x").status, 200)
            letters = patchbay("dead-letters", "list", "--config", host.config, "--json")
            self.assertIn(b"not_connected", letters.stdout)
            # Reloads, by command or signal, leave it there.
            host.ask("reload", "--all")
            self.assertEqual(self.instance(host, "echo")["state"], "disabled")
            again = patchbay("disable", "echo", "--config", host.config)
            self.assertEqual(again.stdout, b"echo: disabled already\n")

            code, answer, _ = self.do(host, "enable", "echo")
            self.assertEqual(code, 0)
            self.assertEqual(answer["enabled"], [{"name": "echo", "already": False}])
            self.assertEqual(self.ask("POST", "/", b"y").text, b"y")
            events = patchbay("events", "--config", host.config, "--json").stdout.decode()
            codes = [json.loads(line)["code"] for line in events.splitlines()]
            self.assertLess(codes.index("connection.disabled"), codes.index("connection.enabled"))
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_drained_server_refuses_and_then_goes_on(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            code, answer, errors = self.do(host, "drain", "http_server", "--timeout", "30")
            self.assertEqual((code, errors), (0, ""))
            self.assertEqual((answer["drained"], answer["left"]), (True, []))
            server = self.instance(host, "http_server")
            self.assertEqual((server["state"], server["inbound_stopped"]), ("connected", True))
            self.assertIn("connected (drained)",
                          patchbay("status", "--config", host.config).stdout.decode())
            self.assertEqual(self.ask("POST", "/", b"x").status, 503)
            self.assertTrue(host.ask("status")["ready"], "the rest of the host works on")
            self.assertEqual(self.do(host, "enable", "http_server")[0], 0)
            self.assertEqual(self.ask("POST", "/", b"y").text, b"y")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_drained_host_is_not_ready(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            code, answer, _ = self.do(host, "drain")
            self.assertEqual((code, answer["drained"]), (0, True))
            status = host.ask("status")
            self.assertEqual((status["ready"], status["inbound_stopped"]), (False, True))
            text = patchbay("status", "--config", host.config).stdout.decode()
            self.assertIn("not ready", text)
            self.assertIn("patchbay enable --all", text)
            self.assertEqual(self.ask("POST", "/", b"x").status, 503)
            code, answer, _ = self.do(host, "enable", "--all")
            self.assertEqual((code, answer["inbound_stopped"]), (0, False))
            self.assertTrue(host.ask("status")["ready"])
            self.assertEqual(self.ask("POST", "/", b"y").text, b"y")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_dependents_are_named_or_disabled_before_it(self):
        config = self.write_config("connections:\n"
                                   "  - class: patchbay/greeter:0.1.0\n"
                                   "  - class: patchbay/phrases:0.1.0\n"
                                   "  - class: patchbay/language:0.1.0\n")
        with Host(config).wait_ready() as host:
            code, _, errors = self.do(host, "disable", "phrases")
            self.assertEqual(code, 1)
            self.assertIn("`greeter` depends on `phrases`", errors)
            self.assertIn("operation.dependents", errors)
            code, answer, _ = self.do(host, "disable", "phrases", "--cascade")
            self.assertEqual(code, 0)
            self.assertEqual([i["name"] for i in answer["disabled"]], ["greeter", "phrases"])
            code, _, errors = self.do(host, "enable", "greeter")
            self.assertEqual(code, 1)
            self.assertIn("`greeter` depends on `phrases`", errors)
            code, answer, _ = self.do(host, "enable", "greeter", "--cascade")
            self.assertEqual(code, 0, answer)
            self.assertEqual([i["name"] for i in answer["enabled"]], ["phrases", "greeter"])
            eventually(lambda: self.instance(host, "greeter")["state"] == "connected", "greeter")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_misused(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.assertEqual(patchbay("disable", "--config", host.config).returncode, 2)
            self.assertEqual(patchbay("enable", "--config", host.config).returncode, 2)
            self.assertEqual(
                patchbay("enable", "echo", "--all", "--config", host.config).returncode, 2)
            for verb in ("disable", "enable", "drain"):
                done = patchbay(verb, "ehco", "--config", host.config)
                self.assertEqual(done.returncode, 1)
                self.assertIn("echo", done.stderr.decode(), "the nearest name is told")
            self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
