"""What a run may not ask of the model's provider: ways out of the sandbox, and prices that were not reserved.

A provider can fetch addresses, talk to MCP servers and run code on a caller's behalf.  Whatever a model typed into a
shell may try that, past the sandbox's allowlist; so these features are refused, and all the others pass.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ohmyagent.domain.errors import Forbidden, Invalid

IMAGE_BYTES = 10_000
"""What an image counts as, in bytes of text: it is scaled, and may be one colour, so its size says nothing of its
tokens."""
SEARCHES_UNLESS_SAID = 10
"""How many searches are reserved for a request that sets no `max_uses`."""
_OUTBOUND_TOOLS = ("web_fetch", "code_execution", "mcp")
_OUTBOUND_MEMBERS = ("mcp_servers", "container")
_STANDARD = {"speed": (None, "standard"), "inference_geo": (None, "global")}
"""Members that raise the price of a call, with the values that do not."""


class Extent(NamedTuple):
    """How many web searches a request allows, and how many bytes of it are images beyond IMAGE_BYTES each.

    `image_bytes` is negative where images are smaller than they count.  `unseen`: it holds a file, such as a PDF, whose
    tokens cannot be told from its bytes: a hundred pages fit into a few kilobytes.
    """

    searches: int
    image_bytes: int
    unseen: bool


def screened(request: dict[str, Any]) -> Extent:
    """What the request may cost beyond its text; raises Forbidden for what no run may do, Invalid for a wrong shape."""
    for name in _OUTBOUND_MEMBERS:
        if request.get(name):
            raise Forbidden(f"{name} is not available to runs.")
    for name, allowed in _STANDARD.items():
        if request.get(name) not in allowed:
            raise Forbidden(f"{name} is not available to runs.")
    blocks = list(_blocks(request.get("messages"), request.get("system")))
    searches = sum(map(_searches, _objects(request.get("tools"), "tools")))
    return Extent(searches, sum(map(_image_bytes, blocks)), any(map(_is_file, blocks)))


def _image_bytes(block: dict[str, Any]) -> int:
    source = block.get("source")
    if not isinstance(source, dict):
        return 0
    if source.get("type") in ("url", "file"):
        raise Forbidden("Content by address is not available to runs; the sandbox's own tools can fetch it.")
    data = source.get("data")
    return len(data) - IMAGE_BYTES if block.get("type") == "image" and isinstance(data, str) else 0


def _is_file(block: dict[str, Any]) -> bool:
    source = block.get("source")
    return block.get("type") != "image" and isinstance(source, dict) and source.get("type") not in ("text", "content")


def _searches(tool: dict[str, Any]) -> int:
    kind = tool.get("type")
    if not isinstance(kind, str):
        return 0
    if kind.startswith(_OUTBOUND_TOOLS):
        raise Forbidden(f"The server tool {kind[:40]} is not available to runs.")
    if not kind.startswith("web_search"):
        return 0
    uses = tool.get("max_uses")
    return uses if isinstance(uses, int) and 0 <= uses <= 100 else SEARCHES_UNLESS_SAID


def _blocks(messages: Any, system: Any) -> Iterator[dict[str, Any]]:
    """Every content block, those within tool results and documents too."""
    waiting = [message.get("content") for message in _objects(messages, "messages")]
    waiting.append(system)
    while waiting:
        content = waiting.pop()
        if isinstance(content, list):
            for block in content:
                if isinstance(block, dict):
                    yield block
                    waiting.append(block.get("content"))
                    source = block.get("source")
                    if isinstance(source, dict):
                        waiting.append(source.get("content"))


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Invalid.of(name, f"{name}: a list of objects is required")
    return value
