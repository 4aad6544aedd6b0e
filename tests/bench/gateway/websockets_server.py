# SPDX-License-Identifier: Apache-2.0
"""Sends every message back, with the package `websockets`, on which OpenAgents' own server stands.
Without compression and without pings of its own: as fast and as small as it gets.

usage: websockets_server.py PORT
"""

import asyncio
import sys

import websockets


async def echo(socket, _path=None):
    async for message in socket:
        await socket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), compression=None, ping_interval=None,
                                backlog=4096):
        await asyncio.Future()


asyncio.run(main())
