# SPDX-License-Identifier: Apache-2.0
"""Plugins that tests replace while the host runs."""

import json
import os
import pathlib
import shutil

from harness import PLUGINS, HostTest, patchbay


class PluginCopies(HostTest):
    """Configurations find copies of the plugins that `copied` names, which `rebuild` replaces."""
    copied = ()

    def setUp(self):
        super().setUp()
        self.plugins = self.root / "plugins"
        self.plugins.mkdir()
        for name in self.copied:
            (self.plugins / name).mkdir()
            built = pathlib.Path(PLUGINS, name)
            for found in (built / "connection.yaml", *built.glob("*.so")):
                shutil.copy(found, self.plugins / name / found.name)

    def library(self, name):
        return next((self.plugins / name).glob("*.so"))

    def config(self, *arguments, **options):
        path = super().config(*arguments, **options)
        text = path.read_text()
        self.assertIn("../build/release/plugins", text)
        path.write_text(text.replace("../build/release/plugins", "../plugins"))
        return path

    def rebuild(self, name):
        """Other bytes with the same behaviour, put in place as a build does: by renaming."""
        library = self.library(name)
        fresh = library.with_suffix(".new")
        fresh.write_bytes(library.read_bytes() + b"\0")
        os.rename(fresh, library)

    def reload(self, host, *arguments):
        done = patchbay("reload", *arguments, "--config", host.config, "--json")
        answer = json.loads(done.stdout) if done.stdout else None
        return done.returncode, answer, done.stderr.decode()

    def reloaded(self, host, *arguments):
        code, answer, errors = self.reload(host, *arguments)
        self.assertEqual(code, 0, errors or answer)
        report = answer["reloads"][0]["report"]
        self.assertTrue(report["unloaded"], report)
        return report

    def generation(self, host, name):
        return next(i["generation"] for i in host.ask("status")["instances"] if i["name"] == name)
