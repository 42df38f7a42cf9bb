"""One execution from request to end.

The store decides, never a call's success: a launch may be called twice or time out after it worked, and still one
runner claims an execution.
"""

from ohmyagent.use_cases.running.claims import claim
from ohmyagent.use_cases.running.ends import cancel, end, finish, resume
from ohmyagent.use_cases.running.launches import launch
from ohmyagent.use_cases.running.logs import Log, agent_of, find, last_kept_seq, log, page, shown
from ohmyagent.use_cases.running.reports import held, report, uploads
from ohmyagent.use_cases.running.requests import dispatch, input_of, request, requested_id, retry
from ohmyagent.use_cases.running.sweeps import check, relieve, sweep
from ohmyagent.use_cases.running.waves import launch_together

__all__ = [
    "Log",
    "agent_of",
    "cancel",
    "check",
    "claim",
    "dispatch",
    "end",
    "find",
    "finish",
    "held",
    "input_of",
    "last_kept_seq",
    "launch",
    "launch_together",
    "log",
    "page",
    "relieve",
    "report",
    "request",
    "requested_id",
    "resume",
    "retry",
    "shown",
    "sweep",
    "uploads",
]
