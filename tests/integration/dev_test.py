# SPDX-License-Identifier: Apache-2.0
"""A developer's round: save, build, reload. The compiler is a script, the host is real."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import unittest

from harness import PATIENCE, PLUGINS, PROGRAM, Host, HostTest, environment, eventually, patchbay

# "Compiles" echo.cpp: its text, behind a library, makes other bytes of the same behaviour. It waits
# while there is a file `hold`, and writes a line to `builds` when it begins.
BUILD = """
cd {sources}
echo begin >> {root}/builds
while [ -e {root}/hold ]; do sleep 0.01; done
if grep -q wrong echo.cpp; then
    echo "echo.cpp:1:1: error: this is wrong" >&2
    exit 3
fi
cat {root}/prepared.so echo.cpp > {output}/libecho.so.new
mv {output}/libecho.so.new {output}/libecho.so
"""


class Dev:
    """`patchbay dev`, with what it says."""

    def __init__(self, *arguments):
        self.lines = []
        self.process = subprocess.Popen([PROGRAM, "dev", *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=environment())
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    def said(self, pattern, count=1):
        """The line that matches, the last of `count`; waits for it."""
        def found():
            matching = [line for line in list(self.lines) if re.search(pattern, line)]
            return matching[count - 1] if len(matching) >= count else None
        try:
            return eventually(found, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.lines)) from None

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


class DevTest(HostTest):
    def setUp(self):
        super().setUp()
        self.sources = self.root / "plugin"
        self.output = self.sources / "build"
        self.output.mkdir(parents=True)
        built = pathlib.Path(PLUGINS, "echo")
        shutil.copy(next(built.glob("*.so")), self.root / "prepared.so")
        shutil.copy(built / "connection.yaml", self.output)
        (self.sources / "echo.cpp").write_text("first")
        self.build_in(self.output)
        subprocess.run(["sh", self.script], check=True)
        self.config = self.write_config("connections: [{class: 'patchbay/echo:0.1.0', name: echo}]\n",
                                        plugins="../plugin/build")

    def build_in(self, output):
        self.script = self.root / "build.sh"
        self.script.write_text(BUILD.format(root=self.root, sources=self.sources, output=output))

    def save(self, text):
        """As an editor does it: beside, then in its place."""
        fresh = self.sources / "echo.cpp.tmp"
        fresh.write_text(text)
        os.rename(fresh, self.sources / "echo.cpp")

    def builds(self):
        return len((self.root / "builds").read_text().splitlines())

    def dev(self, *more):
        return Dev(self.sources, "--build", f"sh {self.script}", "--config", self.config, *more)

    def generation(self, host):
        return host.ask("status")["instances"][0]["generation"]

    def test_a_save_brings_new_code_into_service(self):
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^watching 1 folders below .*/plugin; after a save: sh .*build.sh$")
            dev.said("^echo: generation 1 goes on, the build left its library as it was")
            for number in range(2, 5):
                self.save(f"text {number}")
                line = dev.said(f"^echo: generation {number}, built in")
                self.assertRegex(line, r"built in [0-9.]+ ms, reloaded in [0-9.]+ ms; it answers "
                                       r"[0-9.]+ ms after the save, [0-9.]+ ms on top of the build$")
                self.assertEqual(self.generation(host), number)
            dev.said("^echo.cpp saved, building$", 3)
            # What is no source is no reason.
            (self.sources / ".echo.cpp.swp").write_text("x")
            (self.output / "echo.o").write_text("x")
            self.save("text 5")
            dev.said("^echo: generation 5, ")
            self.assertEqual(dev.stop(), 0)
            self.assertEqual(self.builds(), 1 + 1 + 4)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_build_that_fails_leaves_the_host_alone(self):
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^echo: generation 1 goes on")
            self.save("wrong")
            dev.said("^echo.cpp:1:1: error: this is wrong$")
            dev.said("^the build failed with exit code 3 ")
            self.assertEqual(self.generation(host), 1)
            self.save("right")
            dev.said("^echo: generation 2, ")
            self.assertEqual(self.generation(host), 2)
            self.assertEqual(dev.stop(signal.SIGINT), 0)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_saves_during_a_build_are_one_more_build(self):
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^echo: generation 1 goes on")
            before = self.builds()
            (self.root / "hold").touch()
            self.save("text 2")
            eventually(lambda: self.builds() == before + 1, "the build has begun")
            for text in ("wrong", "text 3", "text 4"):
                self.save(text)
            (self.root / "hold").unlink()
            dev.said("^echo: generation 2, ")
            dev.said("^(echo: generation 3, |echo: generation 2 goes on)")
            self.save("text 5")
            dev.said("^echo.cpp saved, building$", 3)
            dev.said("^echo: generation [34], .* after the save", 1)
            self.assertEqual(dev.stop(), 0)
            self.assertEqual(self.builds(), before + 3)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_build_that_writes_sources_comes_to_rest(self):
        script = self.script.read_text()
        self.script.write_text(script + "echo '#define MADE 1' > made.hpp\n")
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^made.hpp saved, building$")
            dev.said("^echo: generation 1 goes on", 2)
            self.save("text 2")
            dev.said("^echo.cpp saved, building$")
            dev.said("^echo: generation 2, ")
            self.save("text 3")
            dev.said("^echo: generation 3, ")
            self.assertEqual(dev.stop(), 0)
            self.assertEqual(self.builds(), 1 + 2 + 2)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_library_may_lie_elsewhere(self):
        # The sources are beside the folder that the host loads from.
        elsewhere = self.root / "source"
        elsewhere.mkdir()
        shutil.move(self.sources / "echo.cpp", elsewhere)
        self.sources = elsewhere
        self.build_in(self.output)
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^echo: generation 1 goes on")
            self.save("text 2")
            dev.said("^echo: generation 2, ")
            self.assertEqual(self.generation(host), 2)
            self.assertEqual(dev.stop(), 0)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_library_that_the_host_refuses_is_told(self):
        with Host(self.config).wait_ready() as host, self.dev() as dev:
            dev.said("^echo: generation 1 goes on")
            whole = (self.root / "prepared.so").read_bytes()
            (self.root / "prepared.so").write_bytes(whole[:len(whole) // 2])
            self.save("text 2")
            dev.said("^echo: not reloaded: the step `check` failed: .*generation 1 goes on")
            (self.root / "prepared.so").write_bytes(whole)
            self.save("text 3")
            dev.said("^echo: generation 2, ")
            self.assertEqual(dev.stop(), 0)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_without_a_host_it_says_how_to_start_one(self):
        done = patchbay("dev", self.sources, "--config", self.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"patchbay run {self.config}", done.stderr.decode())
        self.assertEqual(patchbay("dev", self.root / "nowhere").returncode, 2)
        self.assertEqual(patchbay("dev", self.sources).returncode, 2, "which host?")
        # The host of the folder itself, as in a scaffold.
        shutil.copy(self.config, self.sources / "host.yaml")
        done = patchbay("dev", self.sources)
        self.assertEqual(done.returncode, 1)
        self.assertIn("host.yaml", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
