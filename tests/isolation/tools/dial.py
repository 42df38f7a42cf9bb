"""Dials an address directly and prints CONNECTED or the name of the error: dial.py FAMILY TYPE ADDRESS [PORT]."""

import errno
import socket
import sys

family, kind, address, *port = sys.argv[1:]
try:
    with socket.socket(getattr(socket, family), getattr(socket, kind)) as dialling:
        dialling.settimeout(5)
        dialling.connect((address, int(port[0])) if port else address.replace("@", "\0", 1))
        if kind == "SOCK_DGRAM":
            dialling.send(b"hello")
        print("CONNECTED")
except OSError as error:
    print(errno.errorcode.get(error.errno or 0, repr(error)))
