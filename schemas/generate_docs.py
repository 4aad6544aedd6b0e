#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/configuration.md from the schemas, which are their only source.

generate_docs.py           rewrites the generated parts of the document
generate_docs.py --check   exits 1 when the document is not what the schemas say
"""

import json
import pathlib
import sys

SCHEMAS = pathlib.Path(__file__).resolve().parent
DOCUMENT = SCHEMAS.parent / "docs" / "configuration.md"
TABLES = {
    "host-configuration": SCHEMAS / "host-configuration.schema.json",
    "connection": SCHEMAS / "connection.schema.json",
}
NAMED_TYPES = {"public_id": "public id", "target": "instance name or public id"}


class Table:
    """The rows of one schema: a row per key, in the order of the schema."""

    def __init__(self, schema):
        self.schema = schema
        self.rows = []
        self.documented = {}  # definition -> key under which it was described first

    def lines(self):
        self.members(self.schema, "")
        head = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
        return head + ["| " + " | ".join(row) + " |" for row in self.rows]

    def definition(self, node):
        """Name of the definition that the node refers to, and what the node means."""
        name = node.get("$ref", "").removeprefix("#/definitions/")
        return (name, self.schema["definitions"][name]) if name else ("", node)

    def members(self, node, prefix):
        for key, member in node.get("properties", {}).items():
            required = key in node.get("required", [])
            self.member(prefix + key, member, required)

    def member(self, key, node, required):
        name, meaning = self.definition(node)
        if name in self.documented and name not in NAMED_TYPES:
            first = self.documented[name]
            self.rows.append([code(key), self.type_of(node), f"that of {code(first)}", f"As {code(first)}."])
            return
        if name:
            self.documented[name] = key
        default = "required" if required else self.default_of(meaning)
        self.rows.append([code(key), self.type_of(node), default, escape(meaning.get("description", ""))])
        self.members(meaning, key + ".")
        if "items" in meaning:
            self.members(self.definition(meaning["items"])[1], key + "[].")
        extra = meaning.get("additionalProperties")
        if isinstance(extra, dict):
            self.members(extra, key + ".NAME.")

    def default_of(self, node):
        if "default" in node:
            return code(json.dumps(node["default"], ensure_ascii=False).strip('"') or '""')
        return "" if node.get("type") == "object" and "properties" in node else "none"

    def type_of(self, node):
        name, meaning = self.definition(node)
        if name in NAMED_TYPES:
            return NAMED_TYPES[name]
        if "anyOf" in meaning:
            kinds = [self.type_of(kind) for kind in meaning["anyOf"] if kind.get("$ref") != "#/definitions/placeholder"]
            return " or ".join(kinds)
        if "enum" in meaning:
            return ", ".join(code(word or '""') for word in meaning["enum"])
        if "const" in meaning:
            return code(meaning["const"])
        kind = meaning["type"]
        if kind in ("integer", "number"):
            return f"{kind}, {meaning['minimum']} to {meaning['maximum']}"
        if kind == "array":
            item = self.type_of(meaning["items"])
            return "list of such" if item == NAMED_TYPES["target"] else f"list of {item}s"
        return {"object": "map", "string": "string", "boolean": "boolean", "null": "null"}[kind]


def code(text):
    return f"`{escape(text)}`"


def escape(text):
    return text.replace("|", "\\|")


def generated(document):
    for name, path in TABLES.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, rest = document.split(begin)
        after = rest.split(end)[1]
        rows = Table(json.loads(path.read_text(encoding="utf-8"))).lines()
        document = "\n".join([before + begin, *rows, end]) + after
    return document


def main():
    current = DOCUMENT.read_text(encoding="utf-8")
    wanted = generated(current)
    if sys.argv[1:] == ["--check"]:
        if current != wanted:
            sys.exit(f"{DOCUMENT} is not what the schemas say; run {__file__}")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        DOCUMENT.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
