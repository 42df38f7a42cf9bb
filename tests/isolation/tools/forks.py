"""Makes processes until none is given: prints the error, and whether there were fewer than 64."""

import os
import time

made = 0
try:
    while made < 500:
        if not os.fork():
            time.sleep(3)
            os._exit(0)
        made += 1
except OSError as error:
    print(error.strerror, made < 64)
