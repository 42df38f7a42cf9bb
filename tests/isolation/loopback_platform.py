"""The platform with a gateway that dials loopback and trusts one certificate, for hosts that tests serve themselves.

The permission is part of this program, which only tests start; no setting of the real one gives it.
"""

import os
import ssl
import sys
from dataclasses import replace
from functools import partial

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from ohmyagent.cli import serve
from ohmyagent.gateway.dialling import Dialler
from ohmyagent.reach import Policy
from ohmyagent.settings import Settings


def policy(allow: tuple[str, ...]) -> Policy:
    """Every name is this machine, as far as a test is concerned."""
    port = int(os.environ["OMA_TEST_TLS_PORT"])
    return Policy(
        allow, resolve=lambda host, asked: ["127.0.0.1"], permit=lambda address: address.is_loopback,
        dial_port=lambda asked: port,
    )  # fmt: skip


def main() -> int:
    trust = partial(ssl.create_default_context, cafile=os.environ["OMA_TEST_CERTIFICATE"])
    settings = replace(Settings.from_env(), port=int(sys.argv[-1]))
    return serve.run(settings, dialler=Dialler(policy, trust))


if __name__ == "__main__":
    sys.exit(main())
