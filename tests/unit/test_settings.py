"""What the operator may set: everything that is wrong is named at once, and what may be secret is not repeated."""

import pytest

from ohmyagent.settings import BadSettings, Settings


def test_admin_addresses_are_a_comma_list_in_lower_case_each_once():
    found = Settings.from_env({"ADMIN_EMAILS": " Ops@Example.com, second@example.com ,,ops@example.com"})
    assert found.admin_emails == ("ops@example.com", "second@example.com")
    assert Settings.from_env({}).admin_emails == ()


@pytest.mark.parametrize(
    "text", ["nobody", "a@", "@host.example", "a@b@host.example", "a b@host.example", "a@b.example\nx"]
)
def test_something_that_is_no_address_is_refused_and_not_repeated(text):
    with pytest.raises(BadSettings, match="ADMIN_EMAILS") as raised:
        Settings.from_env({"ADMIN_EMAILS": f"duty@example.com,{text}"})
    assert text not in str(raised.value)
    assert "duty@" not in str(raised.value)
