# SPDX-License-Identifier: Apache-2.0
"""The verbs `identity` and `agents` against a running host with agents attached."""

import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from agent_gateway_test import GatewayTest
from agent_socket import Closed
from harness import PATIENCE, PROGRAM, Host, environment, eventually, patchbay


class VerbsTest(GatewayTest):
    def start(self, more=""):
        host = Host(self.config(more)).wait_ready()
        self.addCleanup(host.__exit__)
        return host

    def refused(self, host, code, *arguments):
        """The verb fails, and its error has that code."""
        done = patchbay(*arguments, "--config", host.config)
        self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
        self.assertIn(f"[{code}]", done.stderr.decode())

    def text(self, host, *arguments):
        done = patchbay(*arguments, "--config", host.config)
        self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        return done.stdout.decode()

    def claim(self, agent, agent_id, **members):
        answer = agent.ask("claim_agent_id", agent_id=agent_id, **members)
        self.assertTrue(answer["success"], answer)
        return answer["certificate"]

    def is_valid(self, certificate):
        return self.agent().ask("validate_certificate", certificate=certificate)["valid"]

    def assert_closed(self, agent, code):
        with self.assertRaises(Closed) as closed:
            while True:
                agent.receive()
        self.assertEqual(closed.exception.code, code)


class Identity(VerbsTest):
    def test_list_and_show_tell_who_owns_what(self):
        host = self.start()
        self.assertEqual(host.ask("identity", "list"), [])
        self.assertEqual(self.text(host, "identity", "list"), "No claims.\n")
        self.refused(host, "identity.unknown_agent", "identity", "show", "alice")
        alice = self.agent("alice")
        self.claim(alice, "alice")
        [claim] = host.ask("identity", "list")
        self.assertEqual((claim["agent_id"], claim["online"], claim["revoked"],
                          claim["provisioned"], claim["has_public_key"]),
                         ("alice", True, False, False, False))
        self.assertLess(claim["claimed_at"], claim["expires_at"])
        header, row = self.text(host, "identity", "list").splitlines()
        self.assertTrue(header.startswith("AGENT"))
        self.assertTrue(row.startswith("alice"))
        shown = host.ask("identity", "show", "alice")
        self.assertEqual(shown["claim"]["agent_id"], "alice")
        self.assertEqual(shown["session"]["transport"], "websocket")
        # The audit is written some time after the answer.
        eventually(lambda: ("claim", "ok") in [
            (one["action"], one["outcome"])
            for one in host.ask("identity", "show", "alice")["audit"]], "the audit of the claim")
        for line in ("agent alice", "claimed ", "online, websocket from 127.0.0.1:"):
            self.assertIn(line, self.text(host, "identity", "show", "alice"))
        alice.close()
        eventually(lambda: not host.ask("identity", "list")[0]["online"], "alice to be away")
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_list_has_all_pages(self):
        host = self.start()
        names = [f"agent-{number:04}" for number in range(5)]
        for name in reversed(names):
            host.ask("identity", "claim", name)
        self.assertEqual([one["agent_id"] for one in host.ask("identity", "list")], names)
        self.assertTrue(all(one["provisioned"] for one in host.ask("identity", "list")))
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_claim_gives_an_id_to_an_agent_where_nobody_else_may(self):
        host = self.start("identity: {claims: closed}\n")
        refused = self.agent("alice").ask("claim_agent_id", agent_id="alice")
        self.assertEqual(refused["error_code"], "identity.claims_closed")
        # Standard output is the certificate and nothing else.
        certificate = json.loads(self.text(host, "identity", "claim", "bob"))
        self.refused(host, "identity.already_claimed", "identity", "claim", "bob")
        self.refused(host, "identity.bad_agent_id", "identity", "claim", "a\u202eb")
        self.assertFalse(self.agent().register("bob")["success"])
        bob = self.agent("bob", certificate=certificate)
        again = host.ask("identity", "claim", "bob", "--force")["certificate"]
        self.assertFalse(self.is_valid(certificate))
        self.assertTrue(self.is_valid(again))
        bob.close()
        self.assertFalse(self.agent().register("bob", certificate=certificate)["success"])
        self.agent("bob", certificate=again)
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_release_lets_anybody_claim(self):
        host = self.start()
        self.refused(host, "identity.unclaimed", "identity", "release", "alice")
        certificate = self.claim(self.agent("alice"), "alice")
        self.assertIn("'alice' was released", self.text(host, "identity", "release", "alice"))
        self.assertFalse(self.is_valid(certificate))
        self.assertEqual(host.ask("identity", "list"), [])
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_revoke_ends_the_session_and_blocks_the_id_until_the_operator_decides(self):
        host = self.start()
        alice = self.agent("alice")
        certificate = self.claim(alice, "alice")
        self.assertIn("'alice' was revoked", self.text(host, "identity", "revoke", "alice"))
        self.assert_closed(alice, 1008)
        self.assertFalse(self.is_valid(certificate))
        for proof in ({}, {"certificate": certificate}):
            answer = self.agent().register("alice", **proof)
            self.assertFalse(answer["success"], answer)
        self.assertTrue(host.ask("identity", "list")[0]["revoked"])
        # It survives the host's death.
        host.send(signal.SIGKILL)
        host.wait()
        host = self.start()
        self.assertTrue(host.ask("identity", "list")[0]["revoked"])
        self.assertFalse(self.agent().register("alice", certificate=certificate)["success"])
        fresh = host.ask("identity", "claim", "alice", "--force")["certificate"]
        self.assertFalse(host.ask("identity", "list")[0]["revoked"])
        self.agent("alice", certificate=fresh)
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_rotate_key_signs_anew_and_keeps_what_was_signed(self):
        host = self.start()
        old = self.claim(self.agent("alice"), "alice")
        first = host.ask("identity", "rotate-key")
        second = host.ask("identity", "rotate-key")
        self.assertNotEqual(first["key"], second["key"])
        self.assertEqual([key["id"] for key in second["keys"] if key["current"]], [second["key"]])
        earlier = {key["id"]: key for key in second["keys"] if not key["current"]}
        self.assertEqual(len(earlier), 2)
        self.assertIn(first["key"], earlier)
        self.assertTrue(all(key["verifies_until"] for key in earlier.values()))
        new = self.claim(self.agent("bob"), "bob")
        text = self.text(host, "identity", "rotate-key")
        self.assertIn(" signs from now on.\n", text)
        self.assertEqual(text.count(" verifies until "), 3)
        host.send(signal.SIGKILL)
        host.wait()
        host = self.start()
        self.assertTrue(self.is_valid(old))
        self.assertTrue(self.is_valid(new))
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_key_from_the_environment_is_not_rotated(self):
        config = self.config("identity: {secret_key_env: VERBS_TEST_KEY}\n")
        with Host(config, VERBS_TEST_KEY="k" * 40).wait_ready() as host:
            done = patchbay("identity", "rotate-key", "--config", config)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"[identity.", done.stderr)
            self.assertNotIn(b"kkkk", done.stderr)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_tokens_are_issued_listed_used_and_revoked(self):
        host = self.start("identity: {claims: token}\n")
        self.assertEqual(host.ask("identity", "tokens", "list"), {"tokens": []})
        self.assertEqual(self.text(host, "identity", "tokens", "list"), "No unused tokens.\n")
        alice = self.agent("alice")
        without = alice.ask("claim_agent_id", agent_id="alice")
        self.assertEqual(without["error_code"], "identity.token_required")
        issued = host.ask("identity", "tokens", "issue", "--id", "alice", "--note", "for Alice")
        anybody = self.text(host, "identity", "tokens", "issue", "--hours", "1").strip()
        [bound, free] = host.ask("identity", "tokens", "list")["tokens"]
        self.assertEqual((bound["agent_id"], bound["note"], free["agent_id"]),
                         ("alice", "for Alice", ""))
        self.assertNotIn("token", bound)
        table = self.text(host, "identity", "tokens", "list")
        self.assertNotIn(issued["token"], table)
        self.assertNotIn(anybody, table)
        bob = self.agent("bob")
        others = bob.ask("claim_agent_id", agent_id="bob", claim_token=issued["token"])
        self.assertEqual(others["error_code"], "identity.token_refused")
        self.claim(alice, "alice", claim_token=issued["token"])
        twice = bob.ask("claim_agent_id", agent_id="bob", claim_token=issued["token"])
        self.assertEqual(twice["error_code"], "identity.token_refused")
        self.assertEqual([one["number"] for one in host.ask("identity", "tokens", "list")["tokens"]],
                         [free["number"]])
        number = str(free["number"])
        self.assertEqual(self.text(host, "identity", "tokens", "revoke", number),
                         f"Token {number} is void.\n")
        void = bob.ask("claim_agent_id", agent_id="bob", claim_token=anybody)
        self.assertEqual(void["error_code"], "identity.token_refused")
        self.refused(host, "identity.unknown_token", "identity", "tokens", "revoke", number)
        usage = patchbay("identity", "tokens", "issue", "--hours", "0", "--config", host.config)
        self.assertEqual(usage.returncode, 2)
        self.assertEqual(host.stop(), 0, host.log_text())
        self.assertNotIn(issued["token"], host.log_text())

    def test_backup_copies_the_claims_and_a_host_starts_from_it(self):
        host = self.start()
        certificate = self.claim(self.agent("alice"), "alice")
        copy = self.root / "copy.sqlite"
        self.assertIn(str(copy), self.text(host, "identity", "backup", copy))
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        database.close()
        self.refused(host, "identity.backup_exists", "identity", "backup", copy)
        relative = patchbay("identity", "backup", "absent/copy", "--config", host.config)
        self.assertEqual(relative.returncode, 1)
        # What came later is not in it.
        self.claim(self.agent("bob"), "bob")
        self.assertEqual(host.stop(), 0, host.log_text())
        for name in os.listdir(self.data):
            if name.startswith("identity.sqlite"):
                (self.data / name).unlink()
        shutil.copy(copy, self.data / "identity.sqlite")
        host = self.start()
        self.assertEqual([one["agent_id"] for one in host.ask("identity", "list")], ["alice"])
        self.assertTrue(self.is_valid(certificate))
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_host_without_a_gateway_keeps_claims_too(self):
        with Host(self.write_config("connections: []\n")).wait_ready() as host:
            self.assertFalse((self.data / "identity.sqlite").exists())
            self.assertEqual(host.ask("agents", "list"), [])
            self.refused(host, "identity.unknown_agent", "agents", "kick", "alice")
            self.assertFalse((self.data / "identity.sqlite").exists())
            self.text(host, "identity", "claim", "alice")
            self.assertEqual(len(host.ask("identity", "list")), 1)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_without_a_host_every_verb_says_so(self):
        config = self.config()
        for verb in (["identity", "list"], ["identity", "show", "a"], ["identity", "claim", "a"],
                     ["identity", "release", "a"], ["identity", "revoke", "a"],
                     ["identity", "rotate-key"], ["identity", "tokens", "list"],
                     ["identity", "backup", self.root / "copy"], ["agents", "list"],
                     ["agents", "watch"], ["agents", "kick", "a"]):
            done = patchbay(*verb, "--config", config)
            self.assertEqual((done.returncode, done.stdout), (1, b""), verb)
            self.assertIn(b"[control.", done.stderr, verb)


class Watcher:
    """`patchbay agents watch` in the background; its output, line by line."""

    def __init__(self, config, *arguments):
        self.process = subprocess.Popen([PROGRAM, "agents", "watch", "--config", config,
                                         *arguments], stdout=subprocess.PIPE, env=environment())
        self.got = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def line(self):
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self.got:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, deadline - time.monotonic()))
            block = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not block:
                raise AssertionError(f"no further line after {self.got!r}")
            self.got += block
        line, self.got = self.got.split(b"\n", 1)
        return line.decode()


class Agents(VerbsTest):
    def test_list_tells_who_is_there(self):
        host = self.start()
        self.assertEqual(host.ask("agents", "list"), [])
        self.assertEqual(self.text(host, "agents", "list"), "No agents.\n")
        bob = self.agent("bob")
        alice = self.agent("alice", metadata={"name": "Alice"})
        self.claim(alice, "alice")
        first, second = host.ask("agents", "list")
        self.assertEqual((first["agent_id"], first["name"], first["claimed"], first["connected"]),
                         ("alice", "Alice", True, True))
        self.assertEqual((second["agent_id"], second["claimed"]), ("bob", False))
        self.assertTrue(first["remote"].startswith("127.0.0.1:"))
        self.assertNotEqual(first["session"], second["session"])
        header, *rows = self.text(host, "agents", "list").splitlines()
        self.assertTrue(header.startswith("AGENT"))
        self.assertEqual([row.split()[0] for row in rows], ["alice", "bob"])
        bob.close()
        eventually(lambda: [one["agent_id"] for one in host.ask("agents", "list")
                            if one["connected"]] == ["alice"], "bob to be gone")
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_kick_ends_the_session_and_leaves_the_claim(self):
        host = self.start()
        self.refused(host, "identity.unknown_agent", "agents", "kick", "alice")
        alice = self.agent("alice")
        certificate = self.claim(alice, "alice")
        text = self.text(host, "agents", "kick", "alice", "--reason", "maintenance")
        self.assertEqual(text, "Agent 'alice' was removed. Its claim, if any, stays.\n")
        with self.assertRaises(Closed) as closed:
            while True:
                alice.receive()
        self.assertEqual(closed.exception.code, 1008)
        self.assertIn("maintenance", closed.exception.reason)
        self.assertEqual(host.ask("agents", "list"), [])
        self.assertEqual([one["agent_id"] for one in host.ask("identity", "list")], ["alice"])
        self.agent("alice", certificate=certificate)
        self.assertEqual(host.ask("agents", "kick", "alice")["removed"], True)
        self.assertEqual(host.stop(), 0, host.log_text())

    def test_watch_tells_who_comes_and_goes_until_the_host_stops(self):
        host = self.start()
        with Watcher(host.config, "--json") as watcher, Watcher(host.config) as reader:
            alice = self.agent("alice")
            joined = json.loads(watcher.line())
            self.assertEqual(joined["code"], "agent.joined")
            self.assertIn("alice", joined["text"])
            self.assertIn("alice", reader.line())
            certificate = self.claim(alice, "alice")
            self.assertFalse(self.agent().register("alice")["success"])
            self.assertEqual(json.loads(watcher.line())["code"], "agent.refused")
            self.agent("alice", certificate=certificate)
            self.assertEqual(json.loads(watcher.line())["code"], "agent.replaced")
            self.text(host, "agents", "kick", "alice")
            codes = {json.loads(watcher.line())["code"]}
            while "agent.kicked" not in codes:
                codes.add(json.loads(watcher.line())["code"])
            self.assertEqual(host.stop(), 0, host.log_text())
            for one in (watcher, reader):
                self.assertEqual(one.process.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
