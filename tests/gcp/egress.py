"""services/egress.py, but that the only public machine is this one's loopback, where a page is served at WEB_PORT."""

import os

from ohmyagent import wiring
from ohmyagent.egress.app import Egress
from ohmyagent.reach import Policy


def app() -> Egress:
    here, port = wiring.app(), int(os.environ["WEB_PORT"])

    def policy(allow: tuple[str, ...]) -> Policy:
        return Policy(allow, lambda _host, _port: ["127.0.0.1"], lambda address: address.is_loopback, lambda _: port)

    return Egress(here.store, here.now, policy)
