# SPDX-License-Identifier: Apache-2.0
"""Writes files into a C++ source, so that the program carries them wherever it is installed.

usage: embed_files.py OUTPUT FUNCTION FILE...
"""
import os
import sys

output, function, *files = sys.argv[1:]
with open(output, "w", encoding="utf-8") as out:
    out.write('#include "app/scaffold_files.hpp"\n\nnamespace patchbay::app {\n\n')
    out.write(f"std::span<const ScaffoldFile> {function}() {{\n")
    out.write("    static constexpr ScaffoldFile files[] = {\n")
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert ')embedded"' not in text
        out.write(f'        {{"{os.path.basename(path)}", R"embedded({text})embedded"}},\n')
    out.write("    };\n    return files;\n}\n\n}  // namespace patchbay::app\n")
