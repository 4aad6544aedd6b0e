# SPDX-License-Identifier: Apache-2.0
"""Stands in for the package `websockets` where that is missing: as much of its client as the
examples use."""

import asyncio
import base64
import os
import struct
import urllib.parse


class ConnectionClosed(Exception):
    pass


class connect:
    def __init__(self, url, max_size=None):
        self.url = urllib.parse.urlsplit(url)
        self.max_size = max_size

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(
            self.url.hostname, self.url.port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET {self.url.path or '/'} HTTP/1.1\r\nHost: {self.url.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise ConnectionError(head.decode())
        return self

    async def __aexit__(self, *_):
        await self.close()

    def __await__(self):
        return self.__aenter__().__await__()

    async def close(self):
        self.writer.close()

    async def _send_frame(self, opcode, payload):
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
        self.writer.write(head + bytes(4) + payload)
        await self.writer.drain()

    async def send(self, message):
        await self._send_frame(1, message.encode())

    async def recv(self):
        try:
            while True:
                first, second = await self.reader.readexactly(2)
                size = second & 0x7F
                if size == 126:
                    size, = struct.unpack("!H", await self.reader.readexactly(2))
                elif size == 127:
                    size, = struct.unpack("!Q", await self.reader.readexactly(8))
                payload = await self.reader.readexactly(size)
                opcode = first & 0x0F
                if opcode == 9:
                    await self._send_frame(10, payload)
                elif opcode == 8:
                    raise ConnectionClosed(payload)
                elif opcode != 10:
                    return payload.decode()
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ConnectionClosed from error

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None
