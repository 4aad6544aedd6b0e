#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent claims its id, meets a conflict, comes back with its certificate, is refused with a
wrong one, and takes its claim back by force. Needs the package `websockets` only.

    agent_claiming_example.py [HOST [PORT [AGENT_ID]]]      (127.0.0.1 8570 claiming-example)
"""
import asyncio
import json
import os
import sys
import tempfile

import websockets


async def ask(socket, command, **fields):
    """Sends a command and returns its answer; answers pings of the server meanwhile."""
    await socket.send(json.dumps({"type": "system_request", "command": command, **fields}))
    while True:
        frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if frame.get("type") == "system_request" and frame.get("command") == "ping_agent":
            await socket.send(json.dumps({"type": "system_response", "command": "ping_agent",
                                          "success": True, "timestamp": frame.get("timestamp"),
                                          "agent_id": frame.get("agent_id")}))
        elif frame.get("type") == "system_response" and frame.get("command") == command:
            return frame


def save(path, certificate):
    """Only the owner may read it; a crash leaves the old file or the new one."""
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path))  # mode 0600
    with os.fdopen(descriptor, "w") as file:
        json.dump(certificate, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


async def run(host, port, agent_id):
    url = f"ws://{host}:{port}/"
    path = os.path.join(tempfile.gettempdir(), f"{agent_id}.certificate.json")
    try:
        with open(path) as file:
            known = json.load(file)
    except FileNotFoundError:
        known = None

    first = await websockets.connect(url)
    answer = await ask(first, "register_agent", agent_id=agent_id, metadata={}, certificate=known)
    if not answer["success"]:
        raise SystemExit(f"Registering failed: {answer['error']}")
    answer = await ask(first, "claim_agent_id", agent_id=agent_id, force=known is not None,
                       certificate=known)
    if not answer["success"]:
        raise SystemExit(f"Claiming failed: {answer['error']}")
    certificate = answer["certificate"]
    save(path, certificate)
    print(f"Agent ID claimed successfully ({agent_id}, kept in {path})")

    answer = await ask(first, "claim_agent_id", agent_id=agent_id, force=False)
    if not answer["success"]:
        print(f"Agent ID already claimed ({answer['error']})")

    # Another process of the same agent would begin here: it has the file, and nothing else.
    second = await websockets.connect(url)
    answer = await ask(second, "register_agent", agent_id=agent_id, metadata={},
                       certificate=certificate)
    if not answer["success"]:
        raise SystemExit(f"Reconnecting failed: {answer['error']}")
    print("Reconnected with certificate")

    stranger = await websockets.connect(url)
    digit = "1" if certificate["signature"].startswith("0") else "0"
    forged = {**certificate, "signature": digit + certificate["signature"][1:]}
    answer = await ask(stranger, "register_agent", agent_id=agent_id, metadata={},
                       certificate=forged)
    if answer["success"]:
        raise SystemExit("A forged certificate was accepted.")
    print(f"Certificate validation failed ({answer['error']})")

    # The owner may force its claim: the certificate is the proof.
    answer = await ask(second, "claim_agent_id", agent_id=agent_id, force=True,
                       certificate=certificate)
    if not answer["success"]:
        raise SystemExit(f"Claiming by force failed: {answer['error']}")
    save(path, answer["certificate"])
    print("Agent ID claimed successfully (by force, with a new certificate)")
    for socket in (stranger, second, first):
        await socket.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(run(arguments[0] if arguments else "127.0.0.1",
                    int(arguments[1]) if len(arguments) > 1 else 8570,
                    arguments[2] if len(arguments) > 2 else "claiming-example"))
