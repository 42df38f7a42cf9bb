"""The runner as a program: one execution by environment variables, then it is gone."""

from __future__ import annotations

import ctypes
import os
import sys

from ohmyagent.reach import Policy, PolicyOf
from ohmyagent.runner.installation import default_home
from ohmyagent.runner.platform import Refused, Unreachable
from ohmyagent.runner.protocol import Launch, ProtocolError
from ohmyagent.runner.run import execute
from ohmyagent.runner.strategies import strongest

FAILED = 2


def main(policy_of: PolicyOf = Policy) -> int:
    """The exit status of the process.  `policy_of` makes the egress policy; only tests bring their own."""
    try:
        launch = Launch.of(os.environ)
        forget("OMA_LAUNCH_NONCE")
        sandbox = strongest(launch.sandbox_home or default_home(), launch.slot)
        return execute(launch, sandbox, policy_of)
    except (ProtocolError, Refused, Unreachable) as error:
        sys.stderr.write(f"the runner could not work: {error}\n")
        return FAILED


def forget(name: str) -> None:
    """Take a secret out of the environment and out of the memory that /proc/<pid>/environ shows."""
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    at = libc.getenv(name.encode())
    if at:
        ctypes.memset(at, ord("x"), len(os.environ[name].encode()))
    os.environ.pop(name, None)
