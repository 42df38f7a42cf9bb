"""Makes one system call by its number and prints ALLOWED or the name of its error: call.py NUMBER [ARGUMENT ...]."""

import ctypes
import errno
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
answer = libc.syscall(*(ctypes.c_long(int(word, 0)) for word in sys.argv[1:]))
print(errno.errorcode[ctypes.get_errno()] if answer == -1 else "ALLOWED")
