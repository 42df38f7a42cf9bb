"""The streaming service: uvicorn --factory --ws ohmyagent.chat.wire:Protocol --ws-max-size 2097152 services.chat:app"""

import asyncio

from ohmyagent import wiring
from ohmyagent.chat.service import Chat
from ohmyagent.http.guards import AsgiGuard


def app() -> AsgiGuard:
    here = wiring.app()
    return AsgiGuard(Chat(here, run=asyncio.to_thread), here)
