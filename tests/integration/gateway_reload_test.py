# SPDX-License-Identifier: Apache-2.0
"""New code of the agent gateway in a running host, and agents that do not notice."""

import http.client
import ssl
import threading
import unittest

from agent_gateway_test import GatewayTest, free_port, make_certificate
from agent_socket import AgentSocket, Closed, direct
from harness import PATIENCE, Host, eventually
from plugin_copies import PluginCopies


class GatewayReload(PluginCopies, GatewayTest):
    copied = ("agent_gateway", "echo", "http_server")

    def reload_gateway(self, host, times=1):
        for _ in range(times):
            self.rebuild("agent_gateway")
            self.reloaded(host, "agent_gateway")

    def test_agents_keep_sockets_sessions_and_routes(self):
        with Host(self.config()).wait_ready() as host:
            alice, bob = self.agent("alice", metadata={"name": "Alice"}), self.agent("bob")
            stranger = self.agent()
            self.reload_gateway(host, 5)
            self.assertEqual(self.generation(host, "agent_gateway"), 6)
            alice.send(direct("alice", "bob", {"n": 1}))
            self.assertEqual(bob.receive()["data"]["content"], {"n": 1})
            bob.send(direct("bob", "alice", {"n": 2}))
            self.assertEqual(alice.receive()["data"]["content"], {"n": 2})
            listed = alice.ask("list_agents", agent_id="alice")["agents"]
            self.assertEqual([one["agent_id"] for one in listed], ["alice", "bob"])
            self.assertEqual(listed[0]["metadata"], {"name": "Alice"})
            self.assertTrue(alice.ask("claim_agent_id", agent_id="alice")["success"])
            self.assertTrue(stranger.register("carol")["success"])
            bob.close()
            eventually(lambda: [a["agent_id"] for a in alice.ask(
                "list_agents", agent_id="alice")["agents"] if a["connected"]] ==
                       ["alice", "carol"], "bob's end is noticed")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_frame_that_is_half_there_is_finished(self):
        with Host(self.config()).wait_ready() as host:
            alice, bob = self.agent("alice"), self.agent("bob")
            sent = []
            whole = alice.socket.sendall
            alice.socket = type("Halves", (), {
                "sendall": lambda _, data: sent.append(data), "recv": alice.socket.recv,
                "close": alice.socket.close})()
            alice.send(direct("alice", "bob", {"n": 1}))
            # So little that the begin of the frame's head moves with the socket.
            whole(sent[0][:1])
            self.reload_gateway(host)
            # And so much that the old generation waits for the rest.
            whole(sent[0][1:40])
            rest = threading.Timer(0.3, lambda: whole(sent[0][40:]))
            rest.start()
            self.reload_gateway(host)
            rest.join()
            self.assertEqual(bob.receive()["data"]["content"], {"n": 1})
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_http_requests_that_an_agent_answers_do_not_fail(self):
        web = free_port()
        config = self.config(
            connections="  - {class: valory/http_server:0.22.0, name: http_server, config: "
                        f"{{host: 127.0.0.1, port: {web}, target: web}}}}",
            more='inbound: [{protocol: "valory/http:1.0.0", source: http_server, '
                 'agent: python-agent}]')
        with Host(config).wait_ready() as host:
            agent = self.agent("python-agent")
            ended = threading.Event()
            failures = []
            answered = [0] * 4

            def serve():
                try:
                    while True:
                        asked = agent.receive()["data"]
                        agent.send(direct("python-agent", asked["sender_id"],
                                          {"status_code": 200, "body": {"ok": True}},
                                          in_reply_to=asked["message_id"]))
                except (Closed, OSError) as error:
                    if not ended.is_set():
                        failures.append(repr(error))

            def ask(number):
                client = http.client.HTTPConnection("127.0.0.1", web, timeout=PATIENCE)
                while not ended.is_set():
                    try:
                        client.request("GET", "/")
                        answer = client.getresponse()
                        answer.read()
                        if answer.status != 200:
                            failures.append(answer.status)
                        answered[number] += 1
                    except (OSError, http.client.HTTPException) as error:
                        failures.append(repr(error))
                        return
                client.close()

            threads = [threading.Thread(target=serve, daemon=True)]
            threads += [threading.Thread(target=ask, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            eventually(lambda: all(answered) or failures, "every client has an answer")
            self.reload_gateway(host, 5)
            before = list(answered)
            eventually(lambda: all(n > b for n, b in zip(answered, before)) or failures,
                       "answers after the last reload")
            ended.set()
            for thread in threads[1:]:
                thread.join(PATIENCE)
            self.assertEqual(failures, [])
            self.assertEqual(host.stop(), 0, host.log_text())


    def test_agents_over_tls_are_told_to_come_back(self):
        certificate, key = make_certificate(self.root, "gateway")
        trust = ssl.create_default_context(cafile=certificate)
        config = self.config(gateway=f", ssl_cert: {certificate}, ssl_key: {key}")
        with Host(config).wait_ready() as host:
            alice = AgentSocket(self.port, tls=trust)
            self.addCleanup(alice.close)
            self.assertTrue(alice.register("alice")["success"])
            reload = threading.Thread(target=self.reload_gateway, args=(host,))
            reload.start()
            with self.assertRaises(Closed) as closed:
                alice.receive()
            self.assertEqual(closed.exception.code, 1012)
            alice.close()
            reload.join(PATIENCE)
            back = AgentSocket(self.port, tls=trust)
            self.addCleanup(back.close)
            self.assertTrue(back.register("alice")["success"])
            self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
