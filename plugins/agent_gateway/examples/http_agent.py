# SPDX-License-Identifier: Apache-2.0
"""An agent that answers HTTP requests: python3 http_agent.py [ws://127.0.0.1:8570]"""
import asyncio
import json
import sys

import websockets

AGENT = "python-agent"


async def main(url):
    async with websockets.connect(url, max_size=None) as socket:
        async def send(frame):
            await socket.send(json.dumps(frame))

        await send({"type": "system_request", "command": "register_agent", "agent_id": AGENT})
        print(await socket.recv(), flush=True)
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "system_request" and frame["command"] == "ping_agent":
                await send({"type": "system_response", "command": "ping_agent", "success": True,
                            "timestamp": frame["timestamp"], "agent_id": AGENT})
            elif frame["type"] == "message" and "body" in frame["data"]["content"]:
                asked, request = frame["data"], frame["data"]["content"]["body"]
                await send({"type": "message", "data": {
                    "message_type": "direct_message", "sender_id": AGENT,
                    "target_agent_id": asked["sender_id"], "in_reply_to": asked["message_id"],
                    "content": {"status_code": 200, "headers": {"Content-Type": "text/plain"},
                                "body": f"{AGENT} saw {request['method']} {request['url']}\n"}}})

asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8570"))
