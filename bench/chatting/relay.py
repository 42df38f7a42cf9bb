"""The least that a streaming chat could be: Starlette, the upstream's bytes read, each word passed on."""

import json
import sys
from collections.abc import AsyncIterator

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route


def application(upstream: str) -> Starlette:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx2.AsyncClient(limits=limits, timeout=60)

    async def words(message: str) -> AsyncIterator[str]:
        body = {"model": "m", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": message}]}
        async with client.stream("POST", f"{upstream}/v1/messages", json=body) as response:
            rest = b""
            async for piece in response.aiter_bytes():
                *blocks, rest = (rest + piece).split(b"\n\n")
                for block in blocks:
                    event = json.loads(block[block.find(b"data: ") + 6 :])
                    if event["type"] == "content_block_delta":
                        yield f"data: {json.dumps({'type': 'text', 'delta': event['delta']['text']})}\n\n"

    async def say(request: Request) -> StreamingResponse:
        return StreamingResponse(words((await request.json())["message"]), media_type="text/event-stream")

    return Starlette(routes=[Route("/api/conversation", say, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]), port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error",
        access_log=False, backlog=1024,
    )  # fmt: skip
