"""What is wrong with a value, as a plain clause that goes after the name of its field: `is missing`."""

from typing import Any

from pydantic import ValidationError

from ohmyagent.domain.errors import FieldError

TYPES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "date_from_datetime_parsing": "must be a date such as 2026-11-20",
    "date_parsing": "must be a date such as 2026-11-20",
    "date_type": "must be a date such as 2026-11-20",
    "datetime_from_date_parsing": "must be a time such as 2026-11-20T08:00:00Z",
    "datetime_parsing": "must be a time such as 2026-11-20T08:00:00Z",
    "datetime_type": "must be a time such as 2026-11-20T08:00:00Z",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a known field",
    "finite_number": "is a number out of range",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is a number out of range",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "missing": "is missing",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "string_sub_type": "must be a text",
    "string_type": "must be a text",
    "string_unicode": "is not valid Unicode",
    "tuple_type": "must be a list",
}
"""pydantic's error types that need no value to be said."""

VALUED = {
    "enum": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "does not have the right form",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "may have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}


def clause(kind: str, values: dict[str, Any], message: str) -> str:
    """pydantic's finding in our words, by its error type and context; an unknown type keeps its `message`."""
    if kind in TYPES:
        return TYPES[kind]
    if kind in VALUED:
        return VALUED[kind].format(**values)
    if kind == "value_error":
        return str(values["error"])
    return message


def field_errors(error: ValidationError) -> list[FieldError]:
    """One for each field, by its dotted path; what the person sent is not repeated."""
    return [
        FieldError(
            ".".join(str(part) for part in found["loc"]) or "body",
            clause(found["type"], found.get("ctx", {}), found["msg"]),
        )
        for found in error.errors(include_url=False, include_input=False)
    ]
