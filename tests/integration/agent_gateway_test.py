# SPDX-License-Identifier: Apache-2.0
"""Agents attached to the real program by WebSocket: identity, messages, heartbeat, restarts."""

import http.client
import importlib.util
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import unittest

from agent_socket import AgentSocket, Closed, direct
from harness import PATIENCE, SOURCE, Host, HostTest, eventually, patchbay

CLAIMED_ELSEWHERE = "Agent with this ID is already connected to the network"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def with_websockets():
    """The environment of a Python program that imports websockets, installed or not."""
    path = [os.environ.get("PYTHONPATH")]
    if importlib.util.find_spec("websockets") is None:
        path.append(str(pathlib.Path(__file__).parent / "stand_in"))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


class GatewayTest(HostTest):
    def config(self, more="", gateway="", connections=""):
        self.port = free_port()
        return self.write_config(f"""
network: {{name: TestNet, id: test-node}}
connections:
  - class: patchbay/agent_gateway:0.1.0
    name: agent_gateway
    required: true
    config: {{host: 127.0.0.1, port: {self.port}{gateway}}}
{connections}
{more}
""")

    def agent(self, agent_id=None, **members):
        one = AgentSocket(self.port)
        self.addCleanup(one.close)
        if agent_id is not None:
            answer = one.register(agent_id, **members)
            self.assertTrue(answer["success"], answer)
        return one


class Registration(GatewayTest):
    def test_an_agent_registers_claims_and_is_listed(self):
        with Host(self.config()).wait_ready() as host:
            alice = self.agent()
            answer = alice.register("alice", metadata={"name": "Alice", "capabilities": ["chat"]})
            self.assertEqual(answer["type"], "system_response")
            self.assertEqual(answer["network_name"], "TestNet")
            self.assertEqual(answer["network_id"], "test-node")
            self.assertEqual(answer["metadata"], {})
            claimed = alice.ask("claim_agent_id", agent_id="alice", request_id=1)
            self.assertTrue(claimed["success"], claimed)
            self.assertEqual(claimed["request_id"], 1)
            certificate = claimed["certificate"]
            self.assertEqual(set(certificate), {"agent_id", "issued_at", "expires_at",
                                                "certificate_hash", "signature"})
            checked = alice.ask("validate_certificate", certificate=certificate)
            self.assertEqual((checked["valid"], checked["agent_id"]), (True, "alice"))
            listed = alice.ask("list_agents", agent_id="alice")["agents"]
            self.assertEqual([one["agent_id"] for one in listed], ["alice"])
            self.assertEqual(listed[0]["name"], "Alice")
            self.assertIs(listed[0]["connected"], True)
            self.assertEqual(listed[0]["metadata"],
                             {"name": "Alice", "capabilities": ["chat"]})
            self.assertEqual(alice.ask("get_network_info")["network_info"]["agent_count"], 1)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_certificate_brings_an_agent_back_after_the_host_was_killed(self):
        config = self.config()
        with Host(config).wait_ready() as host:
            alice = self.agent("alice")
            certificate = alice.ask("claim_agent_id", agent_id="alice")["certificate"]
            mallory = self.agent("mallory")
            strangers = mallory.ask("claim_agent_id", agent_id="mallory")["certificate"]
            host.send(signal.SIGKILL)
            host.wait()
        with Host(config).wait_ready() as host:
            self.assertTrue(self.agent().ask("validate_certificate",
                                             certificate=certificate)["valid"])
            for refused in ({}, {"force_reconnect": True}, {"certificate": strangers},
                            {"certificate": {**certificate, "signature": "0" * 64}}):
                answer = self.agent().register("alice", **refused)
                self.assertFalse(answer["success"], refused)
                self.assertTrue(answer["error_code"])
            # As upstream's client puts it: inside the metadata, and never shown to others.
            back = self.agent("alice", metadata={"certificate": certificate, "name": "Alice"})
            listed = back.ask("list_agents", agent_id="alice")["agents"]
            self.assertEqual(listed[0]["metadata"], {"name": "Alice"})
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_certificate_takes_the_place_of_an_older_connection(self):
        with Host(self.config()).wait_ready() as host:
            old = self.agent("alice")
            certificate = old.ask("claim_agent_id", agent_id="alice")["certificate"]
            refused = self.agent().register("alice")
            self.assertFalse(refused["success"])
            fresh = self.agent("alice", certificate=certificate)
            with self.assertRaises(Closed) as closed:
                old.receive()
            self.assertEqual(closed.exception.code, 4000)
            bob = self.agent("bob")
            bob.send(direct("bob", "alice", {"text": "hi"}))
            self.assertEqual(fresh.receive()["data"]["content"], {"text": "hi"})
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_an_unclaimed_id_that_is_connected_is_refused_with_upstreams_text(self):
        with Host(self.config("heartbeat: {ping_timeout: 1}\n")).wait_ready() as host:
            alive = self.agent("alice")
            answer = self.agent().register("alice")
            self.assertFalse(answer["success"])
            self.assertTrue(answer["error"].startswith(CLAIMED_ELSEWHERE), answer)
            # With force the old one is asked; it answers, and stays.
            other = self.agent()
            other.send({"type": "system_request", "command": "register_agent",
                        "agent_id": "alice", "force_reconnect": True})
            ping = alive.receive()
            self.assertEqual(ping["command"], "ping_agent")
            alive.send({"type": "system_response", "command": "ping_agent", "success": True,
                        "timestamp": ping["timestamp"]})
            self.assertFalse(other.receive()["success"])
            # And when it is silent, it is replaced.
            self.assertTrue(other.register("alice", force_reconnect=True)["success"])
            with self.assertRaises(Closed) as closed:
                while True:
                    alive.receive()
            self.assertEqual(closed.exception.code, 4000)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_who_claims_more_often_than_configured_is_refused(self):
        limits = "identity: {limits: {claims_per_hour_and_address: 2}}\n"
        with Host(self.config(limits)).wait_ready() as host:
            outcomes = [self.agent(name).ask("claim_agent_id", agent_id=name)
                        for name in ("a", "b", "c")]
            self.assertEqual([one["success"] for one in outcomes], [True, True, False])
            self.assertEqual(outcomes[2]["error_code"], "identity.rate_limited")
            # Not the operator.
            host.ask("identity", "claim", "c")
            self.assertEqual(host.stop(), 0, host.log_text())
        wrong = patchbay("check", self.config("identity:\n  limits: {claims_per_hour: often}\n"))
        self.assertEqual(wrong.returncode, 78)
        self.assertIn(b"`identity.limits.claims_per_hour` must be an integer", wrong.stderr)

    def test_a_closed_socket_frees_its_id_at_once(self):
        with Host(self.config()).wait_ready() as host:
            for _ in range(20):
                agent = AgentSocket(self.port)
                answer = eventually(lambda: agent.register("alice")["success"] or None, "the id")
                self.assertTrue(answer)
                agent.close()
            self.assertEqual(host.stop(), 0, host.log_text())


def make_certificate(folder, name):
    """A self-signed certificate of localhost and its key, as PEM files."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


class Tls(GatewayTest):
    def setUp(self):
        super().setUp()
        self.certificate, self.key = make_certificate(self.root, "gateway")
        self.trust = ssl.create_default_context(cafile=self.certificate)

    def tls_config(self, more=""):
        return self.config(more, gateway=f", ssl_cert: {self.certificate}, ssl_key: {self.key}")

    def agent_verb(self, verb, agent_id, *options, scheme="wss"):
        return patchbay("agent", verb, agent_id, "--server", f"{scheme}://127.0.0.1:{self.port}",
                        *options)

    def test_an_agent_registers_claims_and_returns_over_wss(self):
        with Host(self.tls_config()).wait_ready() as host:
            with AgentSocket(self.port, tls=self.trust) as alice:
                self.assertTrue(alice.register("alice")["success"])
                certificate = alice.ask("claim_agent_id", agent_id="alice")["certificate"]
                [row] = host.ask("agents", "list")
                self.assertEqual((row["agent_id"], row["transport"]), ("alice", "websocket+tls"))
            with AgentSocket(self.port, tls=self.trust) as stranger:
                self.assertFalse(stranger.register("alice")["success"])
            with AgentSocket(self.port, tls=self.trust) as alice, \
                    AgentSocket(self.port, tls=self.trust) as bob:
                self.assertTrue(alice.register("alice", certificate=certificate)["success"])
                self.assertTrue(bob.register("bob")["success"])
                # Longer than a record of TLS.
                message = direct("bob", "alice", {"text": "x" * 100_000})
                bob.send(message)
                self.assertEqual(alice.receive(), message)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_client_library_claims_over_wss(self):
        kept = self.root / "carol.cert"
        trusting = ("--ca-file", self.certificate)
        with Host(self.tls_config()).wait_ready() as host:
            for attempt in ("claim", "claim again, with the certificate"):
                claimed = self.agent_verb("claim", "carol", "--certificate-file", kept, *trusting)
                self.assertEqual(claimed.returncode, 0, (attempt, claimed.stderr))
                self.assertIn(b"Agent ID claimed successfully", claimed.stdout)
            self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
            stranger = self.agent_verb("connect", "carol", *trusting)
            self.assertEqual(stranger.returncode, 1)
            self.assertIn(b"agent.already_claimed", stranger.stderr)
            back = self.agent_verb("connect", "carol", "--certificate-file", kept, "--json",
                                   *trusting)
            self.assertEqual(back.returncode, 0, back.stderr)
            self.assertIn(b'"carol"', back.stdout)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_certificate_that_is_not_trusted_is_refused_by_the_client(self):
        others, _ = make_certificate(self.root, "other")
        with Host(self.tls_config()).wait_ready() as host:
            for options in ((), ("--ca-file", others)):
                refused = self.agent_verb("connect", "dave", *options)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(b"agent.connect_failed", refused.stderr)
                self.assertIn(f"Cannot make a TLS connection with 127.0.0.1:{self.port}".encode(),
                              refused.stderr)
                self.assertIn(b"self-signed certificate", refused.stderr)
            no_file = self.agent_verb("connect", "dave", "--ca-file", self.root / "absent")
            self.assertEqual(no_file.returncode, 1)
            self.assertIn(b"agent.bad_tls", no_file.stderr)
            self.assertEqual(host.ask("agents", "list"), [])
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_mix_of_ws_and_wss_says_so(self):
        debug = "log: {levels: {agent_gateway: debug}}\n"
        with Host(self.tls_config(debug)).wait_ready() as host:
            plain = self.agent_verb("connect", "erin", scheme="ws")
            self.assertEqual(plain.returncode, 1)
            self.assertIn(b"agent.connect_failed", plain.stderr)
            self.assertIn(b"the server answered 400", plain.stderr)
            self.assertIn(b"use wss://", plain.stderr)
            with self.assertRaisesRegex(AssertionError, "400 Bad Request"):
                AgentSocket(self.port)
            self.assertEqual(host.stop(), 0, host.log_text())
            self.assertIn("is not upgraded to WebSocket: http request", host.log_text())
        with Host(self.config()).wait_ready() as host:
            secure = self.agent_verb("connect", "erin", "--ca-file", self.certificate)
            self.assertEqual(secure.returncode, 1)
            self.assertIn(b"agent.connect_failed", secure.stderr)
            self.assertIn(b"may be a server without TLS (ws)", secure.stderr)
            self.assertEqual(host.stop(), 0, host.log_text())


class Keys(GatewayTest):
    """The client library's Ed25519 key, against the host's challenge."""

    def make_key(self, name, *algorithm):
        path = self.root / name
        subprocess.run(["openssl", "genpkey", "-algorithm", *(algorithm or ["ed25519"]), "-out",
                        path], check=True, capture_output=True)
        path.chmod(0o600)
        return path

    def agent_verb(self, verb, *options):
        return patchbay("agent", verb, "alice", "--server", f"127.0.0.1:{self.port}",
                        "--certificate-file", self.root / "alice.cert", *options)

    def test_a_certificate_without_the_bound_key_is_useless(self):
        key, others = self.make_key("alice.key"), self.make_key("mallory.key")
        with Host(self.config()).wait_ready() as host:
            claimed = self.agent_verb("claim", "--key-file", key)
            self.assertEqual(claimed.returncode, 0, claimed.stderr)
            self.assertTrue(host.ask("identity", "show", "alice")["claim"]["has_public_key"])
            for options, code in ((("--key-file", others), b"agent.key_refused"),
                                  ((), b"agent.key_required")):
                refused = self.agent_verb("connect", *options)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(code, refused.stderr)
            for attempt in range(3):
                back = self.agent_verb("connect", "--key-file", key)
                self.assertEqual(back.returncode, 0, (attempt, back.stderr))
            # The claim is forced with the proof of the session, and keeps its key.
            again = self.agent_verb("claim", "--key-file", key)
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertTrue(host.ask("identity", "show", "alice")["claim"]["has_public_key"])
            self.assertIn(b"agent.key_required", self.agent_verb("connect").stderr)
            # It outlives the host.
            host.send(signal.SIGKILL)
            host.wait()
        with Host(host.config).wait_ready() as host:
            back = self.agent_verb("connect", "--key-file", key)
            self.assertEqual(back.returncode, 0, back.stderr)
            self.assertIn(b"agent.key_required", self.agent_verb("connect").stderr)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_file_that_is_no_key_of_ed25519_is_named(self):
        self.port = free_port()
        other = self.make_key("ec.key", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        public = self.make_key("public.key")
        public.chmod(0o644)
        for path, code in ((other, "agent.bad_key"), (public, "file.not_private"),
                           (self.root / "absent.key", "file.missing")):
            refused = self.agent_verb("connect", "--key-file", path)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"[{code}]", refused.stderr.decode())
            self.assertIn(str(path), refused.stderr.decode())


class Heartbeat(GatewayTest):
    def test_a_silent_agent_is_pinged_and_evicted_and_one_that_answers_is_not(self):
        heartbeat = "heartbeat: {heartbeat_interval: 1, agent_timeout: 3, ping_timeout: 1}\n"
        with Host(self.config(heartbeat)).wait_ready() as host:
            live = self.agent("live")
            silent = self.agent("silent")
            live.ask("subscribe")
            pings = 0
            event = None
            while event is None:
                frame = live.receive()
                if frame.get("command") == "ping_agent":
                    self.assertEqual(frame["agent_id"], "live")
                    pings += 1
                    live.send({"type": "system_response", "command": "ping_agent",
                               "success": True, "timestamp": frame["timestamp"],
                               "agent_id": "live"})
                elif frame.get("event") in ("agent_lost", "agent_left"):
                    event = frame
            self.assertGreater(pings, 0)
            self.assertEqual((event["event"], event["agent_id"]), ("agent_lost", "silent"))
            with self.assertRaises(Closed) as closed:
                while True:
                    self.assertEqual(silent.receive()["command"], "ping_agent")
            self.assertEqual(closed.exception.code, 4001)
            self.assertEqual(host.stop(), 0, host.log_text())


class Messages(GatewayTest):
    def test_agents_talk_directly_and_to_all(self):
        for lanes in (1, 2):
            with self.subTest(lanes=lanes), \
                    Host(self.config(gateway=f", lanes: {lanes}")).wait_ready() as host:
                agents = {name: self.agent(name) for name in ("a", "b", "c", "d", "e")}
                for name, receiver in agents.items():
                    if name != "a":
                        message = direct("a", name, {"text": f"hi {name}"})
                        agents["a"].send(message)
                        self.assertEqual(receiver.receive(), message)
                broadcast = direct("a", None, {"text": "all"},
                                   message_type="broadcast_message", exclude_agent_ids=["c"])
                del broadcast["data"]["target_agent_id"]
                agents["a"].send(broadcast)
                for name in ("b", "d", "e"):
                    self.assertEqual(agents[name].receive(), broadcast)
                for name in ("a", "c"):
                    self.assertEqual(agents[name].pending(), ([], None))
                self.assertEqual(host.stop(), 0, host.log_text())

    def test_connections_are_reached_only_when_they_are_listed(self):
        config = self.config(gateway=", may_address: ['patchbay/echo:0.1.0']",
                             connections="  - {class: patchbay/echo:0.1.0, name: echo}")
        with Host(config).wait_ready() as host:
            a = self.agent("a")
            asked = direct("a", "patchbay/echo:0.1.0", {"protocol_id": "fetchai/default:1.0.0",
                                         "body": {"content": "hello"}})
            a.send(asked)
            answer = a.receive()
            self.assertIn("data", answer, answer)
            data = answer["data"]
            self.assertEqual(data["content"]["body"], {"performative": "bytes",
                                                       "content": "hello"})
            self.assertEqual(data["in_reply_to"], asked["data"]["message_id"])
            a.send(direct("a", "patchbay/agent_gateway:0.1.0", {}))
            self.assertEqual(a.receive()["error_code"], "not_allowed")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_an_agent_answers_http_requests(self):
        config = self.copy_config("agent-network.yaml")
        self.port, web = free_port(), free_port()
        config.write_text(config.read_text().replace("port: 8570", f"port: {self.port}")
                          .replace("port: 8000", f"port: {web}"))
        with Host(config).wait_ready() as host:
            agent = self.agent("python-agent")
            client = http.client.HTTPConnection("127.0.0.1", web, timeout=60)
            client.request("POST", "/hello?x=1", b"body", {"X-One": "1"})
            data = agent.receive()["data"]
            request = data["content"]["body"]
            self.assertEqual(request["method"], "post")
            self.assertTrue(request["url"].endswith("/hello?x=1"))
            self.assertIn("X-One: 1", request["headers"])
            self.assertEqual(request["body"], "body")
            agent.send(direct("python-agent", data["sender_id"],
                              {"status_code": 201, "body": {"ok": True}},
                              in_reply_to=data["message_id"]))
            answer = client.getresponse()
            self.assertEqual((answer.status, answer.read()), (201, b'{"ok":true}'))
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_python_agent_of_the_readme_answers_curl(self):
        readme = (SOURCE / "plugins/agent_gateway/README.md").read_text()
        example = SOURCE / "plugins/agent_gateway/examples/http_agent.py"
        shown = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
        self.assertEqual(shown, example.read_text().split("\n", 1)[1])
        config = self.copy_config("agent-network.yaml")
        self.port, web = free_port(), free_port()
        config.write_text(config.read_text().replace("port: 8570", f"port: {self.port}")
                          .replace("port: 8000", f"port: {web}"))
        with Host(config).wait_ready() as host:
            agent = subprocess.Popen([sys.executable, example, f"ws://127.0.0.1:{self.port}"],
                                     stdout=subprocess.PIPE, env=with_websockets())
            self.addCleanup(agent.wait, PATIENCE)
            self.addCleanup(agent.stdout.close)
            self.addCleanup(agent.kill)
            ready, _, _ = select.select([agent.stdout], [], [], PATIENCE)
            self.assertIn(b'"success": true', agent.stdout.readline() if ready else b"")
            for number in range(10):
                client = http.client.HTTPConnection("127.0.0.1", web, timeout=60)
                client.request("GET", f"/{number}")
                answer = client.getresponse()
                self.assertEqual((answer.status, answer.read().decode()), (
                    200, f"python-agent saw get http://127.0.0.1:{web}/{number}\n"))
                client.close()
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_claiming_examples_show_every_outcome(self):
        python = SOURCE / "plugins/agent_gateway/examples/agent_claiming_example.py"
        programs = {"native": [os.environ["PATCHBAY_CLAIMING_EXAMPLE"]],
                    "python": [sys.executable, str(python)]}
        with Host(self.config()).wait_ready() as host:
            for name, program in programs.items():
                for attempt in ("the first time", "with the certificate of the last time"):
                    with self.subTest(name, attempt=attempt):
                        example = subprocess.run(
                            [*program, "127.0.0.1", str(self.port), f"{name}-example"],
                            env={**with_websockets(), "TMPDIR": str(self.root)},
                            capture_output=True, text=True, timeout=PATIENCE, check=False)
                        self.assertEqual(example.returncode, 0, example.stderr)
                        for text in ("Agent ID claimed successfully", "Agent ID already claimed",
                                     "Reconnected with certificate",
                                     "Certificate validation failed"):
                            self.assertIn(text, example.stdout)
            self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
