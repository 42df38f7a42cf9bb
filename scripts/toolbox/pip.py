#!/usr/bin/env python3
"""pip, which says what it lacks when the run may not reach the package index.  Runs inside a sandbox, as `pip`."""

import http.client
import os
import subprocess
import sys
from urllib.parse import urlsplit

HOSTS = ("pypi.org", "files.pythonhosted.org")
SECONDS = 10


def refused(host: str) -> bool:
    """Whether the sandbox's proxy turns a host away because it is not on the list (ohmyagent/runner/egress.py)."""
    proxy = urlsplit(os.environ.get("HTTPS_PROXY", ""))
    if not proxy.hostname:
        return False
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=SECONDS)
    connection.set_tunnel(host, 443)
    try:
        connection.connect()
    except OSError as error:
        return "host not allowed" in str(error)
    finally:
        connection.close()
    return False


def main() -> int:
    status = subprocess.call([sys.executable, "-m", "pip", *sys.argv[1:]])
    if status and (lacking := [host for host in HOSTS if refused(host)]):
        sys.stderr.write(
            f"ERROR: pip needs {' and '.join(HOSTS)}; this agent may not reach {' or '.join(lacking)}. "
            "Its owner can add them to the agent's allowed hosts.\n"
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
