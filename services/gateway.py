"""The model gateway by itself, on the program that the environment describes: uvicorn --factory services.gateway:app"""

from ohmyagent import wiring
from ohmyagent.gateway.app import Gateway


def app() -> Gateway:
    return Gateway.of(wiring.app())
