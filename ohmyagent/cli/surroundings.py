"""What a command finds around it: settings, and a platform to talk to."""

from ohmyagent.cli import place, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.problems import Usage
from ohmyagent.settings import BadSettings, Caller, Settings


def settings(target: str | None = None) -> Settings:
    """Raises Usage with a line for each setting that is wrong."""
    try:
        return Settings.from_env(target=target)
    except BadSettings as wrong:
        raise Usage(str(wrong)) from None


def connect() -> Client:
    """A client of the platform; raises NotRunning or Usage when there is none to talk to."""
    caller = Caller.from_env()
    client = client_of(settings(), caller)
    place.find(caller, settings().data)
    return client


def client_of(here: Settings, caller: Caller) -> Client:
    """A client that looks for the platform anew with each request."""
    return Client(lambda: place.find(caller, here.data), caller.language)


def on_this_machine() -> Settings:
    """For what works on the data folder itself; raises Usage when OMA_URL names a platform elsewhere."""
    if Caller.from_env().url is not None:
        raise Usage(words.OTHER_MACHINE())
    return settings()
