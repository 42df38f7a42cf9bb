"""No collection is forgotten when an account ends: each has its owner written down, or the reason why it has none."""

import inspect
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from ohmyagent import records
from ohmyagent.records import Collection
from ohmyagent.records.holdings import AUDIT, ERASED, PLATFORM, Holding
from ohmyagent.use_cases import moving

HOLDINGS = (*ERASED, AUDIT)


def collections() -> dict[str, Collection[Any]]:
    return {found.name: found for found in vars(records).values() if isinstance(found, Collection)}


def branches() -> set[str]:
    """The functions that make a subcollection."""
    functions = [found for found in vars(records).values() if inspect.isfunction(found)]
    return {f.__name__ for f in functions if str(inspect.signature(f).return_annotation).find("Collection[") >= 0}


def test_every_collection_is_a_holding_or_has_a_reason_not_to_be() -> None:
    written = [holding.name for holding in HOLDINGS] + list(PLATFORM)
    assert len(written) == len(set(written))
    assert set(written) == set(collections())


def test_a_collection_that_is_missing_is_seen() -> None:
    written = {holding.name for holding in HOLDINGS[1:]} | set(PLATFORM)
    assert set(collections()) - written == {"sessions"}


def test_every_subcollection_goes_with_what_it_is_below() -> None:
    known = {below.__name__ for holding in HOLDINGS for below, _ in holding.branches}
    assert known == branches() != set()


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.name)
def test_the_owner_is_a_field_of_the_record_and_no_other_field_names_a_user(holding: Holding) -> None:
    fields = {to_camel(name) for name in holding.collection.kind.model_fields}
    assert set(holding.owners) <= fields
    assert {name for name in fields if name.endswith("serId") or name in ("subjectId", "actorId")} == set(
        holding.owners
    )


@pytest.mark.parametrize("name", sorted(PLATFORM))
def test_what_names_nobody_has_no_such_field(name: str) -> None:
    fields = set(collections()[name].kind.model_fields)
    assert "user_id" not in fields or name == "erasures"


def test_what_a_guest_has_moves_or_ends_so_that_the_account_takes_it_along_when_it_goes() -> None:
    never_a_guests = {"googleIdentities", "moves", "betaApplications"}
    known = {collection.name for collection in (*moving.MONEY, *moving.REST, *moving.LEFT)}
    assert known | never_a_guests == {holding.name for holding in HOLDINGS}
