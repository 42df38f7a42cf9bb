"""Says raw bytes to the proxy and prints the status of each answer: speak.py FILE, a JSON object of base64 by name."""

import base64
import json
import socket
import sys
from pathlib import Path

for name, raw in json.loads(Path(sys.argv[1]).read_text()).items():
    answer = b""
    with socket.create_connection(("127.0.0.1", 3128), timeout=15) as proxy:
        try:
            proxy.sendall(base64.b64decode(raw))
            proxy.shutdown(socket.SHUT_WR)
            while part := proxy.recv(65536):
                answer += part
        except OSError:
            pass
    print(f"{name}: {answer.partition(b' ')[2][:3].decode() or 'cut'}")
