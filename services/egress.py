"""The way to the web for runners without one: uvicorn --factory --ws websockets-sansio services.egress:app"""

from ohmyagent import wiring
from ohmyagent.egress.app import Egress


def app() -> Egress:
    return Egress.of(wiring.app())
