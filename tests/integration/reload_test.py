# SPDX-License-Identifier: Apache-2.0
"""New code in a running host, with the real plugins and clients that do not notice."""

import http.client
import os
import pathlib
import shutil
import signal
import string
import threading
import unittest

from harness import PATIENCE, Host, eventually, patchbay
from http_test import HttpTest, free_port
from plugin_copies import PluginCopies


class ReloadTest(PluginCopies, HttpTest):
    copied = ("echo", "http_server")

    def while_clients_ask(self, count, keep_alive, action):
        """Runs `action` while `count` clients send requests without a pause; what failed. Clients
        that keep their connections note how many they had in `self.connections`."""
        failures = []
        self.connections = [0] * count
        answered = [0] * count
        ended = threading.Event()

        def client(number):
            connection = None
            while not ended.is_set():
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                                timeout=PATIENCE)
                        self.connections[number] += 1
                    body = f"{number}-{answered[number]}".encode()
                    connection.request("POST", "/", body)
                    answer = connection.getresponse()
                    if (answer.status, answer.read()) != (200, body):
                        failures.append(f"status {answer.status}")
                    answered[number] += 1
                    if not keep_alive or answer.will_close:
                        connection.close()
                        connection = None
                except OSError as error:
                    failures.append(repr(error))
                    connection = None
                except http.client.HTTPException as error:
                    failures.append(repr(error))
                    connection = None
            if connection:
                connection.close()

        threads = [threading.Thread(target=client, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: all(answered), "every client has an answer")
            action()
            before = list(answered)
            eventually(lambda: all(n > b for n, b in zip(answered, before)) or failures,
                       "answers after the last reload")
        finally:
            ended.set()
            for thread in threads:
                thread.join(PATIENCE)
        return failures


class Reload(ReloadTest):
    def test_clients_do_not_notice_that_echo_is_new(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            def reload_often():
                for generation in range(2, 7):
                    self.rebuild("echo")
                    report = self.reloaded(host, "echo")
                    self.assertEqual(report["generation"], generation)
                    self.assertFalse(report["unchanged"])
            self.assertEqual(self.while_clients_ask(8, True, reload_often), [])
            self.assertEqual(self.generation(host, "echo"), 6)
            self.assertEqual(self.generation(host, "http_server"), 1)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_new_connections_do_not_notice_that_the_server_is_new(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            def reload_often():
                for _ in range(3):
                    self.rebuild("http_server")
                    self.reloaded(host, "http_server")
            self.assertEqual(self.while_clients_ask(4, False, reload_often), [])
            self.assertEqual(self.generation(host, "http_server"), 4)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_clients_keep_their_connections_when_the_server_is_new(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            idle = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            self.assertEqual(self.ask("POST", "/", b"1", connection=idle).text, b"1")
            fresh = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            fresh.connect()
            half = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            half.connect()
            half.sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-")
            # Of these, one is in the middle of a body: it is answered by the server that began it.
            body = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            body.putrequest("POST", "/")
            body.putheader("Content-Length", "4")
            body.endheaders(b"be")

            def reload_often():
                for _ in range(5):
                    self.rebuild("http_server")
                    self.reloaded(host, "http_server")
            bodies = threading.Timer(0.3, lambda: body.send(b"en"))
            bodies.start()
            self.assertEqual(self.while_clients_ask(8, True, reload_often), [])
            bodies.join()
            self.assertEqual(self.connections, [1] * 8)
            self.assertEqual(body.getresponse().read(), b"been")
            self.assertEqual(self.ask("POST", "/", b"2", connection=body).text, b"2")
            self.assertEqual(self.ask("POST", "/", b"2", connection=idle).text, b"2")
            self.assertEqual(self.ask("POST", "/", b"2", connection=fresh).text, b"2")
            half.sock.sendall(b"Length: 2\r\n\r\nab")
            answer = http.client.HTTPResponse(half.sock)
            answer.begin()
            self.assertEqual((answer.status, answer.read()), (200, b"ab"))
            for connection in (idle, fresh, half, body):
                connection.close()
            self.assertEqual(self.generation(host, "http_server"), 6)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_broken_build_changes_nothing_and_the_fixed_one_is_taken(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            library = self.library("echo")
            good = library.read_bytes()
            library.unlink()
            library.write_bytes(good[:len(good) // 2])
            code, answer, _ = self.reload(host, "echo")
            self.assertEqual(code, 1)
            error = answer["reloads"][0]["error"]
            self.assertIn("step `check`", error["message"])
            self.assertIn("generation 1 goes on", error["message"])
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            quarantine = host.ask("status")["quarantine"]
            self.assertEqual([pathlib.Path(q["library"]).name for q in quarantine], [library.name])
            # The same bytes again are not even tried.
            code, answer, _ = self.reload(host, "echo")
            self.assertEqual(answer["reloads"][0]["error"]["code"], "reload.quarantined")
            events = patchbay("events", "--config", host.config).stdout.decode()
            self.assertIn("failed at the step `check`", events)
            self.assertIn(f"`check`: {library}: ", events)

            library.unlink()
            library.write_bytes(good + b"\0")
            self.assertEqual(self.reloaded(host, "echo")["generation"], 2)
            self.assertEqual(host.ask("status")["quarantine"], [])
            self.assertEqual(self.ask("POST", "/", b"y").text, b"y")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_library_that_crashes_does_so_in_a_process_of_its_own(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            library = self.library("echo")
            good = library.read_bytes()
            library.unlink()
            shutil.copyfile(os.environ["PATCHBAY_FATAL_ECHO"], library)
            code, answer, _ = self.reload(host, "echo")
            self.assertEqual(code, 1)
            error = answer["reloads"][0]["error"]
            self.assertEqual(error["code"], "probe.crashed")
            self.assertIn("the step `probe` failed", error["message"])
            self.assertIn("while creating echo; it said: the invariant does not hold",
                          error["message"])
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")

            library.unlink()
            library.write_bytes(good + b"\0")
            report = self.reloaded(host, "echo")
            self.assertEqual(report["generation"], 2)
            self.assertGreater(report["probe_ms"], 0)
            self.assertEqual(self.ask("POST", "/", b"y").text, b"y")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_all_takes_what_has_changed_and_nothing_else(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.rebuild("echo")
            done = patchbay("reload", "--all", "--config", host.config)
            text = done.stdout.decode()
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertRegex(text, r"echo: generation 2 of patchbay/echo:0\.1\.0, tried for [0-9.]+ ms, "
                                   r"reloaded in [0-9.]+ ms, ")
            self.assertRegex(text, r"http_server: unchanged, generation 1 ")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_sighup_does_the_same(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.rebuild("echo")
            host.send(signal.SIGHUP)
            eventually(lambda: self.generation(host, "echo") == 2, "generation 2")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_watched_folder_needs_no_command(self):
        config = self.config("http-echo.yaml")
        text = config.read_text()
        config.write_text(text.replace("autostart: false}", "autostart: false, watch: true}"))
        with Host(config).wait_ready() as host:
            self.rebuild("echo")
            eventually(lambda: self.generation(host, "echo") == 2, "generation 2")
            # Another folder in the place of the first one, as a package manager would do it.
            old = self.plugins / "echo"
            fresh = self.root / "echo.fresh"
            shutil.copytree(old, fresh)
            os.rename(old, self.root / "echo.old")
            os.rename(fresh, old)
            self.rebuild("echo")
            eventually(lambda: self.generation(host, "echo") == 3, "generation 3")
            self.rebuild("echo")
            eventually(lambda: self.generation(host, "echo") == 4, "generation 4")
            self.assertEqual(self.generation(host, "http_server"), 1)
            self.assertEqual(self.ask("POST", "/", b"x").text, b"x")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_misused(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            self.assertEqual(patchbay("reload", "--config", host.config).returncode, 2)
            done = patchbay("reload", "ehco", "--config", host.config)
            self.assertEqual(done.returncode, 1)
            self.assertIn("echo", done.stderr.decode(), "the nearest name is told")
            self.assertEqual(host.stop(), 0, host.log_text())


class EveryPlugin(ReloadTest):
    """All that this project ships, in one process: what a reload leaves there would add up."""

    reloaded_ones = ("echo", "http_server", "http_client", "agent_gateway", "stub", "local", "greeter",
                     "phrases", "loopback")
    copied = (*reloaded_ones, "language")

    CONNECTIONS = """
reload: {probation: 0}
connections:
  - {class: "valory/http_server:0.22.0", name: http_server, required: true, config: {port: $http, target: echo}}
  - {class: "valory/http_client:0.23.0", name: http_client, required: true}
  - {class: "patchbay/agent_gateway:0.1.0", name: agent_gateway, required: true, config: {port: $gateway}}
  - {class: "fetchai/stub:0.21.0", name: stub, required: true}
  - {class: "fetchai/local:0.20.0", name: local, required: true}
  - {class: "patchbay/echo:0.1.0", name: echo, required: true}
  - {class: "patchbay/greeter:0.1.0", name: greeter, required: true}
  - {class: "patchbay/phrases:0.1.0", name: phrases, required: true}
  - {class: "patchbay/language:0.1.0", name: language}
  - {class: "patchbay/loopback:0.1.0", name: loopback, required: true}
inbound:
  - {protocol: "valory/http:1.0.0", to: echo}
"""

    def reload_all(self, host):
        for name in self.reloaded_ones:
            self.rebuild(name)
        code, answer, errors = self.reload(host, *self.reloaded_ones)
        self.assertEqual(code, 0, errors or answer)
        for each in answer["reloads"]:
            self.assertTrue(each["report"]["unloaded"], each)
        self.assertEqual(self.ask("POST", "/", b"x").text, b"x")

    @staticmethod
    def held(host):
        """(descriptors, threads, private copies of libraries that are mapped)"""
        process = pathlib.Path("/proc", str(host.process.pid))
        mapped = {line.split(maxsplit=5)[5] for line in (process / "maps").read_text().splitlines()
                  if "/run/host-" in line}
        return len(os.listdir(process / "fd")), len(os.listdir(process / "task")), len(mapped)

    def test_what_is_reloaded_again_and_again_leaves_nothing_behind(self):
        self.port = free_port()
        text = string.Template(self.CONNECTIONS).substitute(http=self.port, gateway=free_port())
        config = self.write_config(text, plugins="../plugins")
        with Host(config).wait_ready() as host:
            for _ in range(2):  # lanes of two generations, which are used again by those that follow
                self.reload_all(host)
            before = self.held(host)
            self.assertEqual(before[2], len(self.reloaded_ones))
            for _ in range(10):
                self.reload_all(host)
            # Not equal: the first look may have found what the last client has not given back yet.
            eventually(lambda: all(now <= then for now, then in zip(self.held(host), before)),
                       f"no more than {before} descriptors, threads and libraries")
            status = host.ask("status")
            self.assertEqual(status["kept_libraries"], 0)
            self.assertEqual({each["generation"] for each in status["instances"]
                              if each["name"] in self.reloaded_ones}, {13})
            self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
