"""What a launch starts: the runner, found by this file's own place, so that nothing needs to be installed."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from ohmyagent.runner.main import main

if __name__ == "__main__":
    sys.exit(main())
