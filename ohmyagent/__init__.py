"""Oh My Agent: people describe work in a chat, agents do it on their own, in a sandbox, on schedule."""

__version__ = "0.1.0"
