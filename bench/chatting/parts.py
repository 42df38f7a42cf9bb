"""The platform with its gateway elsewhere, as on Google Cloud: parts.py gateway PORT | parts.py platform PORT GATEWAY.

Both work on the data folder of the environment; nothing runs here but streams, routes and model calls.
"""

import asyncio
import os
import sys
from dataclasses import replace

import uvicorn
import uvloop

from ohmyagent import logs, wiring
from ohmyagent.chat.wire import LARGEST_MESSAGE, Protocol, Streams
from ohmyagent.cli.front import Front
from ohmyagent.gateway import heap, inlet
from ohmyagent.gateway.app import Gateway
from ohmyagent.settings import Settings


def config(application: object, port: int, http: type[asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        application,  # type: ignore[arg-type]
        port=port, interface="asgi3", http=http, ws=Protocol, ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
        lifespan="off", access_log=False, log_config=None, server_header=False, backlog=1024,
    )  # fmt: skip


async def gateway(settings: Settings, port: int) -> None:
    served = Gateway.of(wiring.local(settings))
    heap.set_aside()
    await uvicorn.Server(config(served, port, inlet.Protocol)).serve()
    await served.stop()


async def platform(settings: Settings, port: int, gateway_port: int) -> None:
    settings = replace(settings, port=port, public_url=f"http://127.0.0.1:{port}")
    app = replace(wiring.local(settings), gateway_url=f"http://127.0.0.1:{gateway_port}/gateway")
    async with (front := Front(app, inside=False)):
        heap.set_aside()
        await uvicorn.Server(config(front.main, port, Streams)).serve()
        await front.hush()


if __name__ == "__main__":
    asked = Settings.from_env(os.environ)
    logs.configure(asked.target)
    part, *ports = sys.argv[1:]
    uvloop.run({"gateway": gateway, "platform": platform}[part](asked, *map(int, ports)))
