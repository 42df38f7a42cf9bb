"""The one base of records: frozen, camelCase in JSON and in the store, unknown fields refused."""

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a time needs its zone")
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def rfc3339(time: datetime) -> str:
    """`2026-11-20T08:00:00.000Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(rfc3339, when_used="json")]
"""UTC with milliseconds, as both stores keep it."""

MicroUsd = Annotated[int, Field(ge=0, le=10**12)]
"""Millionths of a US dollar."""


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None), datetime})


def _plain(value: Any) -> Any:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


class Record(BaseModel):
    """A value.  `model_dump(mode="json")` speaks to the outside, `document()` to the store."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )

    def document(self) -> dict[str, Any]:
        """The fields as the store keeps them: camelCase, times as `datetime`, lists as `list`."""
        fields: dict[str, Any] = _plain(self.model_dump(mode="python", by_alias=True))
        return fields

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The record of a stored document.  Fields of a newer version are ignored, so that old code can read them."""
        return cls.model_validate(document, extra="ignore")

    def replace(self, **changes: Any) -> Self:
        """The same record with other values, not validated again: for the rules in this package only."""
        return self.model_copy(update=changes)
