"""Opens files until none is given: prints the error, and whether there were fewer than 256."""

opened = []
try:
    while True:
        opened.append(open("/dev/null"))  # noqa: SIM115
except OSError as error:
    print(error.strerror, len(opened) < 256)
