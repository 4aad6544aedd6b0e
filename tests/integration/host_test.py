# SPDX-License-Identifier: Apache-2.0
"""The program from outside: start, traffic, control socket, dead letters, end."""

import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import unittest

from harness import PROGRAM, SOURCE, Host, HostTest, eventually, patchbay

STUB = ("connections:\n"
        "  - {class: fetchai/stub:0.21.0, name: stub, required: true,\n"
        "     config: {input_file: input, output_file: output}}\n")
STUB_AND_ECHO = (STUB + "  - {class: patchbay/echo:0.1.0, name: echo}\n"
                 "inbound: [{protocol: 'fetchai/default:1.0.0', to: echo}]\n"
                 "default_connection: stub\n")


class Configs(HostTest):
    def test_every_shipped_configuration_passes_its_check(self):
        names = sorted(path.name for path in (SOURCE / "configs").glob("*.yaml"))
        self.assertIn("quickstart.yaml", names)
        for name in names:
            with self.subTest(name):
                done = patchbay("check", self.copy_config(name))
                self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_quickstart_answers_through_two_plugins(self):
        with Host(self.copy_config("quickstart.yaml")).wait_ready() as host:
            self.append(self.data / "input", "--to", "assistant", "--text", "hello")
            first = eventually(lambda: self.decoded(self.data / "output"), "the echo")[0]
            self.assertEqual(first["decoded"]["content"], "hello")
            self.assertEqual(first["decoded"]["target"], 1)
            self.assertEqual(first["to"], "cli")
            # A dependency that is called, and one that is abstract.
            self.append(self.data / "input", "--to", "greeter", "--text", "Ada")
            greeting = eventually(lambda: self.decoded(self.data / "output")[1:], "the greeting")
            self.assertEqual(greeting[0]["decoded"]["content"], "Hello, Ada!")
            self.assertEqual(host.stop(), 0, host.log_text())
            self.assertEqual(host.process.stdout.read(), b"", "one line is all it prints")

    def test_explain_route_says_what_the_host_does(self):
        config = self.copy_config("quickstart.yaml")
        done = patchbay("explain-route", config, "--to", "assistant", "--protocol",
                        "fetchai/default:1.0.0", "--from", "stub", "--json")
        self.assertEqual(json.loads(done.stdout)["destinations"], ["echo"])
        done = patchbay("explain-route", config, "--to", "assistant", "--protocol",
                        "nobody/knows:1.0.0", "--from", "stub", "--json")
        self.assertEqual(json.loads(done.stdout)["dead_letter"], "no_route")


class Control(HostTest):
    def test_status_metrics_levels_and_events(self):
        config = self.write_config(STUB_AND_ECHO)
        with Host(config).wait_ready() as host:
            path = self.data / "control.sock"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(self.data.stat().st_mode), 0o700)
            status = host.ask("status")
            self.assertTrue(status["ready"])
            self.assertEqual(status["pid"], host.process.pid)
            self.assertEqual({i["name"]: i["state"] for i in status["instances"]},
                             {"stub": "connected", "echo": "connected"})
            listed = patchbay("list", config, "--json")
            self.assertTrue(json.loads(listed.stdout)["running"])

            text = patchbay("metrics", "--config", config).stdout.decode()
            self.assertIn("# TYPE patchbay_delivered_envelopes_total counter\n", text)
            self.assertRegex(text, r'patchbay_connected\{instance="echo",class="[^"]+"\} 1\n')
            self.assertIn("patchbay_connected", host.ask("metrics"))

            levels = host.ask("log-level", "echo", "debug")
            self.assertEqual(levels, {"level": "info", "levels": {"echo": "debug"}})
            self.assertEqual(host.ask("log-level", "echo", "default")["levels"], {})
            loud = patchbay("log-level", "loud", "--config", config)
            self.assertEqual(loud.returncode, 2)

            events = patchbay("events", "--config", config, "--json").stdout.decode()
            codes = [json.loads(line)["code"] for line in events.splitlines()]
            self.assertIn("host.ready", codes)

    def test_stop_ends_the_host_and_its_followers(self):
        config = self.write_config(STUB_AND_ECHO)
        with Host(config).wait_ready() as host, subprocess.Popen(
                [PROGRAM, "events", "--config", str(config), "--follow", "--json"],
                stdout=subprocess.PIPE) as follower:
            self.addCleanup(follower.kill)
            codes = []
            while "host.ready" not in codes:
                codes.append(json.loads(follower.stdout.readline())["code"])
            done = patchbay("stop", "--config", config)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(host.wait(), 0, host.log_text())
            later = [json.loads(line)["code"] for line in follower.stdout]
            self.assertIn("host.stopping", later)
            self.assertEqual(follower.wait(60), 0)
        self.assertFalse((self.data / "control.sock").exists())
        done = patchbay("status", "--config", config)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"control.not_running", done.stderr)

    def test_a_verb_without_a_host_is_a_usage_error(self):
        self.assertEqual(patchbay("status").returncode, 2)


class Listening(HostTest):
    """A plugin that listens, with sockets on loan from the host."""

    def listening_config(self, name, port):
        folder = self.root / "listening"
        folder.mkdir(exist_ok=True)
        shutil.copy(os.environ["PATCHBAY_LISTENING"], folder / "liblistening.so")
        manifest = (SOURCE / "plugins/echo/connection.yaml").read_text()
        manifest = (manifest.replace("echo", "listening").replace("EchoConnection", "Listening")
                    .replace("author: patchbay", "author: tests")
                    .replace("max_dialogues: 4096", "{address: 127.0.0.1, port: 0, count: 2}"))
        (folder / "connection.yaml").write_text(manifest)
        return self.write_config(
            "connections:\n"
            f"  - {{class: tests/listening:0.1.0, name: web, config: {{port: {port}}}}}\n"
            f"data_dir: data-{name}\n", name + ".yaml", "../listening")

    def test_status_shows_where_clients_connect_and_no_other_host_gets_it(self):
        config = self.listening_config("first", 0)
        with Host(config).wait_ready() as host:
            web = host.ask("status")["instances"][0]
            self.assertEqual(len(web["listeners"]), 1)
            self.assertEqual(web["listeners"][0]["sockets"], 2)
            address = web["listeners"][0]["address"]
            port = int(address.removeprefix("127.0.0.1:"))
            text = patchbay("status", "--config", config).stdout.decode()
            self.assertIn(f"web listens on {address}\n", text)
            socket.create_connection(("127.0.0.1", port)).close()
            with Host(self.listening_config("second", port)).wait_ready() as second:
                other = second.ask("status")["instances"][0]
                self.assertEqual(other["state"], "disconnected")
                self.assertEqual(other["last_error"]["code"], "listen.address_in_use")
                self.assertEqual(other["listeners"], [])
            self.assertEqual(host.stop(), 0, host.log_text())
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


class DeadLetters(HostTest):
    def test_are_listed_shown_and_replayed(self):
        config = self.write_config(STUB_AND_ECHO)
        with Host(config).wait_ready() as host:
            self.append(self.data / "input", "--to", "nobody", "--protocol", "nobody/knows:1.0.0",
                        "--hex", "2a0161")
            letters = eventually(lambda: host.ask("dead-letters", "list"), "the dead letter")
            self.assertEqual(letters[0]["code"], "no_route")
            self.assertEqual(letters[0]["source"], "stub")
            shown = host.ask("dead-letters", "show", letters[0]["id"])
            self.assertEqual(shown["envelope"]["to"], "nobody")
            # Nothing has changed, so it dies again, as a new letter.
            done = patchbay("dead-letters", "replay", letters[0]["id"], "--config", config,
                            "--json")
            self.assertEqual(json.loads(done.stdout)[0]["result"], "dead_lettered")
            self.assertEqual(done.returncode, 1)
            eventually(lambda: len(host.ask("dead-letters", "list")) == 2, "the second letter")
            self.assertEqual(host.stop(), 0, host.log_text())

        # With a route for it, and another start of the host, it arrives.
        config = self.write_config(
            STUB + "  - {class: patchbay/loopback:0.1.0, name: loopback}\n"
            "inbound: [{protocol: 'nobody/knows:1.0.0', to: loopback}]\n")
        with Host(config).wait_ready() as host:
            done = patchbay("dead-letters", "replay", "--all", "--config", config, "--json")
            self.assertEqual([o["result"] for o in json.loads(done.stdout)], ["delivered"])
            back = eventually(lambda: self.decoded(self.data / "output"), "the envelope")
            self.assertEqual(back[0]["sender"], "nobody")
            again = patchbay("dead-letters", "replay", "2", "--config", config, "--json")
            self.assertEqual(json.loads(again.stdout)[0]["result"], "refused")

    def test_a_host_without_any_says_so(self):
        config = self.write_config(STUB)
        self.assertEqual(patchbay("dead-letters", "list", "--config", config).stdout,
                         b"No dead letters.\n")


class LifeAndDeath(HostTest):
    def test_both_signals_drain(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Host(self.write_config(STUB_AND_ECHO)).wait_ready() as host:
                host.send(number)
                self.assertEqual(host.wait(), 0, host.log_text())
                self.assertIn("nothing was left over", host.log_text())

    def blocked(self, host):
        """Keeps the stub from writing its answer, so that there is something to drain."""
        output = open(self.data / "output", "ab")
        self.addCleanup(output.close)
        fcntl.flock(output, fcntl.LOCK_EX)
        self.append(self.data / "input", "--to", "assistant", "--text", "hello")
        eventually(lambda: any(i.get("queued", 0) + i.get("in_flight", 0) > 0
                               for i in host.ask("status")["instances"]), "an envelope in flight")

    def test_what_is_left_at_the_deadline_is_told(self):
        config = self.write_config(STUB_AND_ECHO + "shutdown: {drain_timeout: 0.2}\n")
        with Host(config).wait_ready() as host:
            self.blocked(host)
            self.assertEqual(host.stop(), 1)
            self.assertIn("host.leftover", host.log_text())

    def test_a_second_signal_does_not_wait_for_the_drain(self):
        config = self.write_config(STUB_AND_ECHO + "shutdown: {drain_timeout: 3600}\n")
        with Host(config).wait_ready() as host:
            self.blocked(host)
            host.send(signal.SIGTERM)
            eventually(lambda: "host.stopping" in host.log_text(), "the drain")
            self.assertIsNone(host.process.poll())
            host.send(signal.SIGTERM)
            self.assertEqual(host.wait(), 1)
            self.assertIn("host.hurried", host.log_text())

    def test_sighup_reloads_what_has_changed(self):
        with Host(self.write_config(STUB_AND_ECHO)).wait_ready() as host:
            host.send(signal.SIGHUP)
            eventually(lambda: "host.reload" in host.log_text(), "the notice")
            self.assertEqual(host.stop(), 0)
            self.assertNotIn("plugin.reloaded", host.log_text(), "nothing has changed")

    def test_two_hosts_do_not_share_a_data_folder(self):
        config = self.write_config(STUB_AND_ECHO)
        with Host(config).wait_ready() as first, Host(config) as second:
            self.assertEqual(second.wait(), 1)
            self.assertIn("data.in_use", second.log_text())
            self.assertIn(str(first.process.pid), second.log_text())
            self.assertEqual(first.ask("status")["pid"], first.process.pid)

    def test_a_killed_host_leaves_nothing_that_stops_the_next(self):
        config = self.write_config(STUB_AND_ECHO)
        with Host(config).wait_ready() as host:
            host.send(signal.SIGKILL)
            host.wait()
        self.assertTrue((self.data / "control.sock").exists())
        with Host(config).wait_ready() as host:
            self.assertTrue(host.ask("status")["ready"])
            self.assertEqual(host.stop(), 0)

    def test_tells_the_service_manager(self):
        path = str(self.root / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(60)
            with Host(self.write_config(STUB_AND_ECHO), NOTIFY_SOCKET=path).wait_ready() as host:
                self.assertIn(b"READY=1", manager.recv(4096))
                self.assertEqual(host.stop(), 0)
                self.assertIn(b"STOPPING=1", manager.recv(4096))

    def test_a_wrong_configuration_is_78_and_says_where(self):
        config = self.write_config("conections: []\n")
        with Host(config) as host:
            self.assertEqual(host.wait(), 78)
            self.assertIn(f"{config}:2:1:", host.log_text())

    def test_a_required_plugin_that_is_missing_is_78(self):
        config = self.write_config(
            "connections: [{class: nobody/made:0.1.0, name: it, required: true}]\n")
        with Host(config) as host:
            self.assertEqual(host.wait(), 78)
            self.assertIn("nobody/made:0.1.0", host.log_text())

    def test_a_required_instance_that_does_not_connect_is_1(self):
        config = self.write_config(
            "connections: [{class: fetchai/stub:0.21.0, name: stub, required: true,\n"
            "  config: {input_file: /dev/null/no/such/folder, output_file: output}}]\n")
        with Host(config) as host:
            self.assertEqual(host.wait(), 1)
            self.assertIn("stub", host.log_text())
            self.assertEqual(host.process.stdout.read(), b"", "it never was ready")

    def test_an_optional_plugin_that_is_missing_stops_nothing_else(self):
        config = self.write_config(STUB + "  - {class: nobody/made:0.1.0, name: it}\n")
        with Host(config).wait_ready() as host:
            self.assertIn("not connected: it", host.ready_line)
            states = {i["name"]: i["state"] for i in host.ask("status")["instances"]}
            self.assertEqual(states, {"stub": "connected", "it": "failed"})
            self.assertEqual(host.stop(), 0)

    def test_the_log_can_be_json_and_hides_secrets(self):
        config = self.write_config(
            STUB_AND_ECHO + "log: {format: json}\nidentity: {secret_key: hunter2hunter2}\n")
        with Host(config, "--log", "debug").wait_ready() as host:
            self.assertEqual(host.stop(), 0)
            lines = host.log_text().splitlines()
            self.assertIn("host.ready", [json.loads(line)["code"] for line in lines])
            self.assertNotIn("hunter2", host.log_text())

    def test_ten_idle_connections_are_small(self):
        if os.environ.get("PATCHBAY_SANITIZED") == "1":
            self.skipTest("sanitizers take memory of their own")
        names = "".join(f"  - {{class: patchbay/echo:0.1.0, name: echo_{i}}}\n" for i in range(9))
        with Host(self.write_config(STUB + names)).wait_ready() as host:
            with open(f"/proc/{host.process.pid}/status", encoding="ascii") as status:
                resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            self.assertLess(resident, 20 * 1024, "KiB resident")


if __name__ == "__main__":
    unittest.main(verbosity=2)
