"""Visits a page by the proxy and prints what came of it: visit.py URL [SERVER-NAME-OF-TLS] [PROXY-HOST:PORT]."""

import http.client
import ssl
import sys
from urllib.parse import urlsplit

url, *rest = sys.argv[1:]
page = urlsplit(url)
name = rest[0] if rest else page.hostname
port = page.port or (443 if page.scheme == "https" else 80)
connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=10)
connection.set_tunnel(page.hostname, port)
try:
    connection.connect()
    if page.scheme == "https":
        context = ssl.create_default_context(cafile="certificate.pem")
        context.check_hostname = False
        connection.sock = context.wrap_socket(connection.sock, server_hostname=name)
    connection.request("GET", page.path or "/", headers={"Host": page.netloc})
    print(connection.getresponse().read().decode())
except (OSError, http.client.HTTPException) as error:
    print(f"REFUSED {error}")
