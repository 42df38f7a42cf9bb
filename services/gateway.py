"""The model gateway by itself, on the program that the environment describes: uvicorn --factory services.gateway:app"""

from ohmyagent import wiring
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.heap import set_aside


def app() -> Gateway:
    gateway = Gateway.of(wiring.app())
    set_aside()
    return gateway
