# SPDX-License-Identifier: Apache-2.0
"""Runs the real program: a host in a folder of its own, and the verbs that speak with it."""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["PATCHBAY_PROGRAM"]
PLUGINS = os.environ["PATCHBAY_BUILT_PLUGINS"]
SOURCE = pathlib.Path(os.environ["PATCHBAY_SOURCE_ROOT"])
# A machine under load is slow; nothing here is wrong because of that.
PATIENCE = 60


def environment(**more):
    """Nothing of the developer's own set-up reaches the program."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PATCHBAY_")}
    kept.pop("NOTIFY_SOCKET", None)
    return {**kept, **more}


def patchbay(*arguments, stdin=b"", **more):
    """Runs a verb to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=PATIENCE, env=environment(**more), check=False)


def eventually(condition, what):
    """The first true value of `condition`, which is asked until a generous deadline."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        select.select([], [], [], 0.01)


class Host:
    """A running host. Used with `with`; ends it at the latest at the end."""

    def __init__(self, config, *arguments, **more):
        self.config = config
        self.log = open(str(config) + ".log", "w+b")
        self.process = subprocess.Popen([PROGRAM, "run", str(config), *arguments],
                                        stdout=subprocess.PIPE, stderr=self.log,
                                        env=environment(**more))
        self.ready_line = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def log_text(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def wait_ready(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline().decode() if ready else ""
        if " is ready after " not in line:
            raise AssertionError(f"not ready: {line!r}\n{self.log_text()}")
        self.ready_line = line
        return self

    def send(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(PATIENCE)

    def stop(self):
        self.send(signal.SIGTERM)
        return self.wait()

    def ask(self, *arguments):
        """A verb with --json, against this host."""
        done = patchbay(*arguments, "--config", self.config, "--json")
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.returncode} {done.stderr.decode()}")
        return json.loads(done.stdout)


class HostTest(unittest.TestCase):
    """Gives each test a folder like the repository: configs/ beside build/release/plugins."""

    def setUp(self):
        # Short: the path of a socket has at most 107 bytes.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pb-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.configs = self.root / "configs"
        self.configs.mkdir()
        (self.root / "build/release").mkdir(parents=True)
        (self.root / "build/release/plugins").symlink_to(PLUGINS)
        self.data = self.configs / "data"

    def write_config(self, text, name="host.yaml", plugins="../build/release/plugins"):
        path = self.configs / name
        path.write_text(f"plugin_folders: [{{path: {plugins}}}]\n" + text)
        return path

    def copy_config(self, name):
        return pathlib.Path(shutil.copy(SOURCE / "configs" / name, self.configs / name))

    def append(self, path, *arguments):
        """Appends an encoded envelope to a file of the stub."""
        line = patchbay("envelope", "encode", *arguments)
        self.assertEqual(line.returncode, 0, line.stderr.decode())
        with open(path, "ab") as file:
            file.write(line.stdout)

    def decoded(self, path):
        """The envelopes that the stub has written so far; incomplete lines do not count."""
        if not path.exists():
            return []
        done = patchbay("envelope", "decode", "--json", path)
        return [json.loads(line) for line in done.stdout.splitlines()]
