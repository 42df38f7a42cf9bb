"""The runner with an egress policy that may dial loopback, where the tests' web servers are.

The permission is part of this program, which only tests start; no setting of the real one gives it.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from ohmyagent.reach import Policy
from ohmyagent.runner.main import main

PORTS = {80: "OMA_TEST_WEB_PORT", 443: "OMA_TEST_TLS_PORT"}


def to_loopback(host: str, port: int) -> list[str]:
    """Every name is this machine, as far as a test is concerned."""
    return ["127.0.0.1"]


def policy(allow: tuple[str, ...]) -> Policy:
    ports = {port: int(os.environ.get(name, port)) for port, name in PORTS.items()}
    return Policy(allow, resolve=to_loopback, permit=lambda address: address.is_loopback, dial_port=ports.__getitem__)


if __name__ == "__main__":
    sys.exit(main(policy))
