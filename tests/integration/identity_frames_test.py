# SPDX-License-Identifier: Apache-2.0
"""Replays the frames that OpenAgents' first identity release exchanged with its clients
(tests/data/identity-frames.jsonl), and says of every case whether this host does the same, or what
it does instead and why."""

import collections
import json
import unittest

from agent_gateway_test import free_port
from agent_socket import AgentSocket, Closed
from harness import SOURCE, Host, HostTest

V0, V1 = "4f95c63f", "11452ea9"
REFUSED = {"type": "system_response", "success": False}
NOT_REGISTERED = {**REFUSED, "error": "Not registered", "error_code": "not_registered"}
ACCEPTED = {"type": "system_response", "command": "register_agent", "success": True}


class Case:
    """`why` is empty when this host does the same. `agents` are registered before (connection ->
    id), `claims` claimed by those connections, `left` registered, claimed and closed again."""

    def __init__(self, why="", expect=(), agents=None, claims=(), left=(), host="", ends=None):
        self.why = why
        self.expect = list(expect)
        self.agents = agents or {}
        self.claims = claims
        self.left = left
        self.host = host
        self.ends = ends or {}


def same(**options):
    return Case(**options)


def ours(why, *expect, **options):
    assert why
    return Case(why, expect, **options)


A = {"A": "agent-a"}
B = {"B": "agent-b"}
ABD = {"A": "agent-a", "B": "agent-b", "D": "agent-d"}
QUICK = "heartbeat: {heartbeat_interval: 0.3, agent_timeout: 1.5, ping_timeout: 0.3}\n"
PATIENT = "heartbeat: {heartbeat_interval: 0.3, agent_timeout: 600, ping_timeout: 0.3}\n"
STRANGER = "an unregistered socket may not claim (weakness 1)"
SENDERS = "a sender is who registered on the socket (weakness 9)"

CASES = {
    (V0, "register_success"): same(),
    (V0, "register_success_null_metadata"): same(),
    (V0, "register_success_unicode_id"): same(),
    (V0, "register_missing_agent_id"): same(),
    (V0, "register_empty_agent_id"): same(),
    (V0, "after_socket_close_still_registered"): ours(
        "a closed socket frees its id at once (weakness 19)", ("R1", ACCEPTED), left=["multi-1"]),
    (V0, "claim_success"): same(agents=A),
    (V0, "claim_success_unicode_id"): same(agents={"U": "агент-é-漢-😀"}),
    (V0, "claim_other_id_argument_ignored_by_client"): same(agents=B),
    (V0, "claim_conflict"): ours(STRANGER, ("X", NOT_REGISTERED), agents=A, claims=["A"]),
    (V0, "claim_unregistered_connection_any_id"): ours(STRANGER, ("X", NOT_REGISTERED)),
    (V0, "claim_force_by_stranger"): ours(
        "force needs proof (weakness 2)", ("X", NOT_REGISTERED), agents=A, claims=["A"]),
    (V0, "claim_force_string_false_is_truthy"): ours(
        "only true is true (weakness 14), and " + STRANGER, ("X", NOT_REGISTERED), agents=A,
        claims=["A"]),
    (V0, "claim_nonstring_agent_id"): ours(
        "an id is text (weakness 15)", ("X", NOT_REGISTERED)),
    (V0, "validate_certificate_valid"): same(agents=A, claims=["A"]),
    (V0, "validate_certificate_invalid_signature"): same(agents=A, claims=["A"]),
    (V0, "validate_certificate_invalid_hash"): same(agents=A, claims=["A"]),
    (V0, "validate_certificate_invalid_wrong_agent_id"): same(agents=A, claims=["A"]),
    (V0, "validate_certificate_valid_mac_but_not_in_store"): same(),
    (V0, "validate_certificate_missing"): same(),
    (V0, "validate_certificate_not_an_object"): ours(
        "no text of an exception goes to a peer (weakness 17)",
        ("X", {**REFUSED, "error_code": "invalid_certificate"})),
    (V0, "validate_certificate_extra_field"): same(agents=A, claims=["A"]),
    (V0, "validate_certificate_unicode_id"): same(agents={"U": "агент-é-漢-😀"}, claims=["U"]),
    (V0, "validate_certificate_float_truncated_6_digits"): same(agents=A, claims=["A"]),
    (V0, "ping_agent_client_to_server"): same(),
    (V0, "ping_agent_client_to_server_by_real_client"): same(agents=A),
    (V0, "ping_agent_server_to_client"): same(agents=A, host=PATIENT),
    (V0, "ping_agent_pong_spoofed_by_other_connection"): ours(
        "a pong counts on its own socket only (weakness 10)",
        ("MUTE", ACCEPTED), ("MUTE", {"command": "ping_agent", "agent_id": "mute"}),
        host=QUICK, ends={"MUTE": 4001}),
    (V0, "ping_agent_pong_success_false"): same(agents={"MUTE": "mute"}, host=QUICK,
                                                ends={"MUTE": 4001}),
    (V0, "ping_agent_pong_without_agent_id"): ours(
        "the document's own pong has no agent_id, and the socket says whose it is",
        ("MUTE", {"command": "ping_agent", "agent_id": "mute"}), agents={"MUTE": "mute"},
        host=PATIENT),
    (V0, "certificate_in_metadata_as_documented"): ours(
        "the document and the real client put it there", ("A3", ACCEPTED), agents=A, claims=["A"],
        ends={"A": 4000}),
    (V0, "force_reconnect"): ours(
        "the older connection is asked first, and loses its place when it is silent (weakness 4)",
        ("B", {"command": "ping_agent", "agent_id": "agent-b"}), ("F", ACCEPTED), agents=B,
        host="heartbeat: {ping_timeout: 0.3}\n", ends={"B": 4000}),
    (V0, "certificate_reconnect"): same(agents=A, claims=["A"], ends={"A": 4000}),
    (V0, "certificate_reconnect_invalid_signature"): ours(
        "strangers do not learn from a bad certificate who is connected",
        ("X", {**REFUSED, "error": "Certificate validation failed"}), agents=A, claims=["A"]),
    (V0, "certificate_of_another_agent_accepted"): ours(
        "a certificate proves its own id only (weakness 5)",
        ("X", {"command": "claim_agent_id", "success": True}), ("E", REFUSED),
        agents={"A": "agent-a", "X": "evil"}, claims=["A"]),
    (V0, "register_claimed_id_while_offline_without_certificate"): ours(
        "a claim counts while its owner is away (weakness 3)", ("Hh", REFUSED), left=["agent-a"]),
    (V0, "register_force_reconnect_string_truthy"): ours(
        "only true is true (weakness 14)", ("H2", REFUSED), agents=A),
    (V0, "messages_setup"): same(),
    (V0, "direct_message"): same(agents=ABD),
    (V0, "direct_message_unknown_target"): ours(
        "senders are told", ("A", {**REFUSED, "command": "send_message",
                                   "error_code": "unknown_agent", "message_id": "m-direct-2"}),
        agents=ABD),
    (V0, "direct_message_spoofed_sender"): ours(
        SENDERS, ("A", {**REFUSED, "error_code": "wrong_sender"}), agents=ABD),
    (V0, "direct_message_from_unregistered_connection"): ours(
        SENDERS, ("ANON", NOT_REGISTERED), agents=ABD),
    (V0, "broadcast_message"): ours(
        "a broadcast is for the other agents, not for strangers and not for its sender",
        ("B", {"type": "message"}), ("D", {"type": "message"}), agents=ABD),
    (V0, "broadcast_message_exclude_list_ignored"): ours(
        "who is excluded does not get it", ("B", {"type": "message"}), agents=ABD),
    (V0, "protocol_message"): ours(
        "senders are told", ("A", {**REFUSED, "error_code": "unknown_mod"}), agents=ABD),
    (V0, "direct_message_server_originated"): ours(
        "a message of the host's own would kill the client that gets it: there is none", agents=ABD),
    (V0, "message_unknown_message_type_kills_receiver"): ours(
        "nothing that kills a receiver is handed on (weakness 18)",
        ("B", ACCEPTED), ("ANON", NOT_REGISTERED)),
    (V0, "list_agents"): same(agents={**ABD, "B2": "agent-b2"}),
    (V0, "list_agents_unregistered_no_reply"): ours(
        "every request is answered", ("ANON", NOT_REGISTERED)),
    (V0, "list_agents_from_unregistered_socket_naming_a_registered_id"): ours(
        "who asks is who registered on the socket", ("ANON", NOT_REGISTERED), agents=A),
    (V0, "get_protocol_manifest_no_reply"): ours(
        "every request is answered", ("ANON", NOT_REGISTERED)),
    (V0, "ping_request_id_not_echoed"): ours(
        "request_id is echoed everywhere (weakness 29)",
        ("ANON", {"type": "system_response", "command": "ping_agent", "success": True,
                  "request_id": "r-3"})),
    (V0, "malformed_json_no_reply"): ours(
        "every frame is answered", ("ANON", {**REFUSED, "error_code": "invalid_json"})),
    (V0, "json_array_no_reply"): ours(
        "every frame is answered", ("ANON", {**REFUSED, "error_code": "invalid_frame"})),
    (V0, "empty_object_no_reply"): ours("every frame is answered", ("ANON", NOT_REGISTERED)),
    (V0, "binary_frame_with_json_text"): same(),
    (V0, "heartbeat_setup"): same(),
    (V0, "heartbeat_loop"): same(agents={"LIVE": "live", "SILENT": "silent"}, host=PATIENT),
    (V0, "heartbeat_race_register_during_ping"): ours(
        "registrations do not disturb the heartbeat (weakness 20): the silent ones are lost",
        ("SILENT2", ACCEPTED), ("SILENT3", ACCEPTED), ("LIVE", {"command": "ping_agent"}),
        ("LIVE", {"command": "ping_agent"}), ("SILENT2", {"command": "ping_agent"}),
        ("NEW", ACCEPTED), agents={"LIVE": "live"}, host=QUICK,
        ends={"SILENT2": 4001, "SILENT3": 4001}),
    (V1, "register_success"): same(),
    (V1, "claim_success"): same(agents=A),
    (V1, "ping_agent_server_to_client"): same(agents=A, host=PATIENT),
    (V1, "force_reconnect"): ours(
        "the older connection is asked first, and loses its place when it is silent (weakness 4)",
        ("B", {"command": "ping_agent", "agent_id": "agent-b"}), ("F", ACCEPTED), agents=B,
        host="heartbeat: {ping_timeout: 0.3}\n", ends={"B": 4000}),
    (V1, "certificate_reconnect"): same(agents=A, claims=["A"], ends={"A": 4000}),
    (V1, "direct_message"): same(agents=ABD),
    (V1, "broadcast_message"): ours(
        "a broadcast is for the other agents, not for strangers and not for its sender",
        ("B", {"type": "message"}), ("D", {"type": "message"}), agents=ABD),
    (V1, "mod_message"): ours(
        "senders are told", ("A", {**REFUSED, "error_code": "unknown_mod"}), agents=ABD),
    (V1, "mod_message_server_to_client"): ours(
        "a message of the host's own arrives without its content: there is none", agents=ABD),
    (V1, "list_agents"): same(agents={**ABD, "B2": "agent-b2"}),
    (V1, "list_mods"): same(agents=A),
    (V1, "get_network_info"): ours(
        "who asks is who registered on the socket",
        ("ANON", {**NOT_REGISTERED, "request_id": "r-1"}), agents=A),
    (V1, "list_mods_request_id_echo"): ours(
        "who asks is who registered on the socket",
        ("ANON", {**NOT_REGISTERED, "request_id": "r-2"}), agents=A),
}


def captured():
    cases = collections.OrderedDict()
    with open(SOURCE / "tests/data/identity-frames.jsonl", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            cases.setdefault((record["upstream"], record["case"]), []).append(record)
    return cases


def is_ping(frame):
    return frame.get("type") == "system_request" and frame.get("command") == "ping_agent"


class Replay:
    """One case against a fresh host. Certificates of upstream's host in the frames become those
    that this host issued to the same agents."""

    def __init__(self, test, case, port, issued_upstream):
        self.test = test
        self.case = case
        self.port = port
        self.upstream = issued_upstream
        self.sockets = {}
        self.certificates = {}
        self.nonces = {}

    def socket(self, name):
        if name not in self.sockets:
            self.sockets[name] = AgentSocket(self.port)
            self.test.addCleanup(self.sockets[name].close)
        return self.sockets[name]

    def set_up(self):
        for name, agent_id in self.case.agents.items():
            answer = self.socket(name).register(agent_id)
            self.test.assertTrue(answer["success"], answer)
        for name in self.case.claims:
            answer = self.socket(name).ask("claim_agent_id", agent_id=self.case.agents[name])
            self.test.assertTrue(answer["success"], answer)
            self.certificates[self.case.agents[name]] = answer["certificate"]
        for agent_id in self.case.left:
            one = AgentSocket(self.port)
            self.test.assertTrue(one.register(agent_id)["success"])
            answer = one.ask("claim_agent_id", agent_id=agent_id)
            if agent_id == "multi-1":
                self.test.assertTrue(one.ask("release_agent_id")["success"])
            else:
                self.test.assertTrue(answer["success"], answer)
            one.close()

    def certificate(self, given):
        """The same certificate, with the same things wrong about it."""
        for real in self.upstream:
            if isinstance(given, dict) and real["agent_id"] in self.certificates and any(
                    given.get(key) == real[key] for key in ("signature", "certificate_hash")):
                mine = self.certificates[real["agent_id"]]
                return {key: mine[key] if value == real.get(key) else value
                        for key, value in given.items()}
        return given

    def send(self, record):
        target = self.socket(record["conn"])
        frame = record["frame"]
        if frame is None:
            target.send_frame(1, record["raw_text"].encode())
            return
        if isinstance(frame, dict):
            frame = dict(frame)
            for place in (frame, frame.get("metadata") or {}):
                if "certificate" in place:
                    place["certificate"] = self.certificate(place["certificate"])
            if frame.get("type") == "system_response" and frame.get("timestamp") is not None:
                frame["timestamp"] = self.nonces.get(record["conn"], frame["timestamp"])
        opcode = 2 if record.get("opcode") == "binary" else 1
        target.send_frame(opcode, json.dumps(frame).encode())

    def receive(self, name, wants_ping):
        """The next frame; pings that are not waited for are let pass."""
        while True:
            frame = self.socket(name).receive()
            if is_ping(frame):
                self.nonces[name] = frame["timestamp"]
            if is_ping(frame) == wants_ping:
                return frame

    def compare(self, wanted, got, what):
        for key, value in wanted.items():
            self.test.assertIn(key, got, what)
            if key == "certificate":
                self.test.assertEqual(set(got[key]), set(value), what)
                self.certificates[got[key]["agent_id"]] = got[key]
            elif key == "agents":
                listed = {one["agent_id"]: one for one in got[key]}
                self.test.assertEqual(set(listed), {one["agent_id"] for one in value}, what)
                for one in value:
                    self.compare(one, listed[one["agent_id"]], what)
            elif key == "data":
                # No client reads these two, which upstream's host adds.
                self.compare({k: v for k, v in value.items() if k not in ("target_id", "payload")},
                             got[key], what)
            elif key == "timestamp" and is_ping(wanted):
                self.test.assertIsInstance(got[key], (int, float), what)
            elif key == "error" and value.startswith("Agent with this ID is already connected"):
                self.test.assertIn("Agent with this ID is already connected", got[key], what)
            else:
                self.test.assertEqual(got[key], value, f"{what}; got {got}")

    def play(self, records):
        self.set_up()
        expected = list(self.case.expect)
        for record in records:
            if record["dir"] == "c2s":
                self.send(record)
                # What this host says instead comes before the client goes on.
                while self.case.why and expected and expected[0][0] == record["conn"] and \
                        not is_ping({"type": "system_request", **expected[0][1]}):
                    name, wanted = expected.pop(0)
                    self.compare(wanted, self.receive(name, False), self.case.why)
            elif not self.case.why:
                got = self.receive(record["conn"], is_ping(record["frame"]))
                self.compare(record["frame"], got, "upstream's frame")
            elif is_ping(record["frame"]) and expected and expected[0][0] == record["conn"]:
                name, wanted = expected.pop(0)
                self.compare(wanted, self.receive(name, True), self.case.why)
        for name, wanted in expected:
            ping = is_ping({"type": "system_request", **wanted})
            self.compare(wanted, self.receive(name, ping), self.case.why)
        for name, code in self.case.ends.items():
            with self.test.assertRaises(Closed) as closed:
                while True:
                    self.receive(name, True)
            self.test.assertEqual(closed.exception.code, code, name)
        for name, one in self.sockets.items():
            if name not in self.case.ends:
                frames, ended = one.pending()
                self.test.assertEqual([frame for frame in frames if not is_ping(frame)], [], name)
                if not self.case.ends:
                    self.test.assertIsNone(ended, name)


class IdentityFrames(HostTest):
    def test_every_case_is_declared(self):
        self.assertEqual(set(CASES), set(captured()))

    def test_every_case_is_what_it_is_declared_to_be(self):
        cases = captured()
        issued = [record["frame"]["certificate"] for records in cases.values()
                  for record in records if record["dir"] == "s2c"
                  and isinstance(record["frame"], dict) and "certificate" in record["frame"]]
        # Its claim was not captured.
        issued.append(cases[V1, "certificate_reconnect"][0]["frame"]["certificate"])
        for number, ((upstream, name), case) in enumerate(CASES.items()):
            with self.subTest(name, upstream=upstream, verdict=case.why or "the same"):
                port = free_port()
                config = self.write_config(
                    f"data_dir: ./data-{number}\n"
                    "network: {name: CaptureNet, id: capture-node}\n"
                    "connections:\n"
                    "  - {class: patchbay/agent_gateway:0.1.0, name: agent_gateway,\n"
                    f"     required: true, config: {{host: 127.0.0.1, port: {port}}}}}\n"
                    + case.host, f"case-{number}.yaml")
                with Host(config).wait_ready() as host:
                    Replay(self, case, port, issued).play(cases[upstream, name])
                    self.assertEqual(host.stop(), 0, host.log_text())


if __name__ == "__main__":
    unittest.main()
