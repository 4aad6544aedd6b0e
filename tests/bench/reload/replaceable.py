# SPDX-License-Identifier: Apache-2.0
"""Copies of built plugins whose libraries are replaced as a build replaces them: by renaming."""

import os
import shutil


class ReplaceablePlugins:
    """The plugins of `names` in `folder`. Each library has two forms, which differ in one unused byte at
    their end and take turns, so that it does not grow with the number of times it is replaced."""

    def __init__(self, built, folder, names):
        self.folder = folder / "plugins"
        self._forms = {}
        self._fresh = folder / "forms"
        self._fresh.mkdir()
        for name in names:
            (self.folder / name).mkdir(parents=True)
            shutil.copy(built / name / "connection.yaml", self.folder / name)
            for library in (built / name).glob("*.so"):
                as_built = library.read_bytes()
                forms = []
                for form, ending in enumerate((b"", b"\0")):
                    file = self._fresh / f"{library.name}.{form}"
                    file.write_bytes(as_built + ending)
                    forms.append(file)
                self._forms[name] = (self.folder / name / library.name, forms)
                os.link(forms[0], self._forms[name][0])

    def names(self):
        """Those with a library: the others are abstract."""
        return list(self._forms)

    def replace(self, name):
        """The other form is there when this returns. Nothing is written: the bytes are on the disk."""
        library, forms = self._forms[name]
        forms.reverse()
        fresh = self._fresh / "fresh"
        os.link(forms[0], fresh)
        os.rename(fresh, library)
