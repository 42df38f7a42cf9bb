"""Makes a 32-bit system call (getpid, by `int 0x80`) and prints what it answers: on x86-64 only."""

import ctypes
import mmap

CODE = bytes.fromhex("53b814000000cd805b4898c3")  # push rbx; mov eax,20; int 0x80; pop rbx; cdqe; ret

page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(CODE)
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_long)(start)())
