"""What `make` installs on a fresh machine: one module per thing.  Standard library only, as nothing is there yet."""

import os
import sys

# The sandbox's files are described by `ohmyagent.runner`, which needs nothing but the standard library either.
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
