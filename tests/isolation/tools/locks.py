"""Locks a megabyte into memory and prints what mlock answers."""

import ctypes
import mmap

libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 1 << 20)
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(libc.mlock(ctypes.c_void_p(start), ctypes.c_size_t(1 << 20)))
