"""The streaming service: uvicorn --factory --ws ohmyagent.chat.wire:Protocol --ws-max-size 2097152 services.chat:app"""

import asyncio

from ohmyagent import wiring
from ohmyagent.chat.service import Chat


def app() -> Chat:
    return Chat(wiring.app(), run=asyncio.to_thread)
