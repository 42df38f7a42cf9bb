"""The demo model: a small script behind the Messages API, so that everything can be tried without a key.

It is no language model and never says it is: it knows six kinds of jobs, does them with the real tools that a run
offers, and for anything else says that it cannot.
"""

from ohmyagent.demo.app import DemoModel

demo_app = DemoModel()

__all__ = ["DemoModel", "demo_app"]
