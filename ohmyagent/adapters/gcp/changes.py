"""Change events as Eventarc delivers them: CloudEvents of Firestore triggers."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Change, ChangeKind

PREFIX = "google.cloud.firestore.document.v1."
VALUE, OLD_VALUE = 1, 2
"""Field numbers of `google.events.cloud.firestore.v1.DocumentEventData`."""


class CloudEvent(Protocol):
    """Attributes by name (`cloudevents.http.CloudEvent`), and the body in `data`."""

    def __getitem__(self, key: str) -> Any: ...

    def get_attributes(self) -> Mapping[str, Any]: ...

    @property
    def data(self) -> Any: ...


def change_of(event: CloudEvent) -> Change:
    """Raises Invalid for an event that is not of a Firestore document.

    Of the body only the kind is taken, as whoever handles a change reads the document again.
    """
    attributes = event.get_attributes()
    kind, path = str(attributes.get("type", "")), attributes.get("document")
    if not kind.startswith(PREFIX) or not path:
        raise Invalid.of("type", "is not an event of a Firestore document")
    time = datetime.fromisoformat(attributes["time"])
    return Change(str(attributes["id"]), str(path), _kind(kind.removeprefix(PREFIX), event.data), time.astimezone(UTC))


def _kind(name: str, body: Any) -> ChangeKind:
    """The type says it, except for `written`, which stands for all three."""
    name = name.removesuffix(".withAuthContext")
    if name != "written":
        return ChangeKind(name)
    fields = set(_fields(_unwrapped(body))) if isinstance(body, bytes) else set()
    if VALUE in fields:
        return ChangeKind.UPDATED if OLD_VALUE in fields else ChangeKind.CREATED
    return ChangeKind.DELETED if OLD_VALUE in fields else ChangeKind.UPDATED


def _unwrapped(body: bytes) -> bytes:
    """The emulator wraps the body in base64, whose alphabet has none of the bytes that a message can begin with."""
    return b64decode(body) if body[:1].isalnum() else body


def _fields(message: bytes) -> Iterator[int]:
    """The numbers of a protobuf message's fields, all of which are length-delimited here.

    Source: https://protobuf.dev/programming-guides/encoding/
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        length, position = _varint(message, position)
        position += length
        yield tag >> 3


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, position
