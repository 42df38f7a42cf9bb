"""The streaming service: uvicorn --factory services.chat:app, with the protocols that start.sh names."""

import asyncio

from ohmyagent import wiring
from ohmyagent.chat.service import Chat
from ohmyagent.http.guards import AsgiGuard


def app() -> AsgiGuard:
    here = wiring.app()
    return AsgiGuard(Chat(here, run=asyncio.to_thread), here)
