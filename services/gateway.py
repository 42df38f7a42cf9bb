"""The model gateway by itself, on the program that the environment describes.

uvicorn --factory --http ohmyagent.gateway.inlet:Protocol services.gateway:app
"""

import asyncio

from ohmyagent import wiring
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.heap import set_aside


def app() -> Gateway:
    gateway = Gateway.of(wiring.app(), run=asyncio.to_thread)
    set_aside()
    return gateway
