# SPDX-License-Identifier: Apache-2.0
"""The control socket of a running host: one line of JSON for each request and each answer."""

import json
import socket


class ControlSocket:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def ask(self, verb, **arguments):
        self._id += 1
        self._socket.sendall(json.dumps({"id": self._id, "verb": verb, "arguments": arguments}).encode()
                             + b"\n")
        answer = json.loads(self._lines.readline() or b"{}")
        if answer.get("id") != self._id or not answer.get("ok"):
            raise RuntimeError(f"the host answered to {verb} {arguments}: "
                               f"{answer.get('error', {}).get('message', answer)}")
        return answer["result"]
