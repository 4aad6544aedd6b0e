#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code in the documentation is code that the tests compile and run: each block of docs/ that is
marked file=PATH must stand in that file, line by line, perhaps indented. TAP output.
    documentation_snippets.py FOLDER      plugin-sdk, or the project"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(sys.argv[1])
block = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S)
number = failed = 0
for page in sorted(root.glob("docs/*.md")):
    for match in block.finditer(page.read_text()):
        number += 1
        source = (root / match[1]).read_text()
        line = page.read_text()[: match.start()].count("\n") + 1
        found = any(textwrap.indent(match[2], " " * depth) in source for depth in (0, 4, 8))
        failed += not found
        print(f"{'ok' if found else 'not ok'} {number} - {page.name}:{line} is in {match[1]}")
if number == 0:
    number, failed = 1, 1
    print("not ok 1 - the documentation has marked code")
print(f"1..{number}")
sys.exit(failed != 0)
