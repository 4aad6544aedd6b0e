# SPDX-License-Identifier: Apache-2.0
"""An agent's WebSocket with nothing but the standard library, for tests."""

import base64
import json
import os
import socket
import struct


class Closed(Exception):
    """The gateway has closed the socket; `code` says why, 0 when it did not say."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code = code
        self.reason = reason


class AgentSocket:
    def __init__(self, port, headers=(), timeout=60, tls=None):
        """With `tls`, an ssl.SSLContext, by wss."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            self._more()
        head, self.got = self.got.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 101 "):
            self.close()
            raise AssertionError(head)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _more(self):
        block = self.socket.recv(65536)
        if not block:
            raise Closed(0)
        self.got += block

    def _take(self, size):
        while len(self.got) < size:
            self._more()
        taken, self.got = self.got[:size], self.got[size:]
        return taken

    def send_frame(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
        whole = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def receive_frame(self):
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        return first & 0x0F, self._take(size)

    def send(self, frame):
        self.send_frame(1, json.dumps(frame).encode())

    def receive(self):
        """The next frame as JSON. WebSocket's own pings are answered."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == 9:
                self.send_frame(10, payload)
            elif opcode == 8:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())
            else:
                return json.loads(payload)

    def ask(self, command, **members):
        self.send({"type": "system_request", "command": command, **members})
        return self.receive()

    def register(self, agent_id, **members):
        return self.ask("register_agent", agent_id=agent_id, **members)

    def pending(self):
        """Frames that the gateway sent before it saw a ping of now, and how it has closed, if so."""
        token = os.urandom(8)
        frames = []
        try:
            self.send_frame(9, token)
            while True:
                opcode, payload = self.receive_frame()
                if opcode == 10 and payload == token:
                    return frames, None
                if opcode == 9:
                    self.send_frame(10, payload)
                elif opcode == 8:
                    return frames, struct.unpack("!H", payload[:2])[0] if payload else 1005
                elif opcode in (1, 2):
                    frames.append(json.loads(payload))
        except (Closed, OSError):
            return frames, 0


def direct(sender, target, content, **members):
    return {"type": "message", "data": {
        "message_id": os.urandom(8).hex(), "timestamp": 1754590000000, "protocol": None,
        "message_type": "direct_message", "sender_id": sender, "metadata": {}, "content": content,
        "text_representation": None, "requires_response": False, "target_agent_id": target,
        **members}}
