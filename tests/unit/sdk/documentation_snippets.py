#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code in plugin-sdk/docs is code that the tests compile and run: each block marked file=PATH must
stand in that file, line by line. TAP output.
    documentation_snippets.py PLUGIN_SDK_FOLDER"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
block = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S)
number = failed = 0
for page in sorted(root.glob("docs/*.md")):
    for match in block.finditer(page.read_text()):
        number += 1
        source = (root / match[1]).read_text()
        line = page.read_text()[: match.start()].count("\n") + 1
        found = match[2] in source
        failed += not found
        print(f"{'ok' if found else 'not ok'} {number} - {page.name}:{line} is in {match[1]}")
if number == 0:
    number, failed = 1, 1
    print("not ok 1 - the documentation has marked code")
print(f"1..{number}")
sys.exit(failed != 0)
