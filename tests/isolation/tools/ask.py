"""Says one line to the proxy and prints the first line of its answer: ask.py 'CONNECT host:443 HTTP/1.1'."""

import socket
import sys

with socket.create_connection(("127.0.0.1", 3128), 10) as proxy:
    proxy.sendall(sys.argv[1].encode("utf-8", "surrogateescape") + b"\r\n\r\n")
    print(proxy.makefile("rb").readline().decode("latin1").strip() or "CLOSED")
