"""Bodies and queries as checked values: form first, then meaning."""

import json
from typing import Any, TypeVar

from flask import Request, request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from ohmyagent.domain.errors import FieldError, Invalid, Malformed
from ohmyagent.http import sentences, strict_json

M = TypeVar("M", bound=BaseModel)

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
MARKDOWN = "text/markdown"
MULTIPART = "multipart/form-data"
DEFAULT_LIMIT = 2**20

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_FILE: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
FILE_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"file": _FILE},
    "required": ["file"],
    "additionalProperties": False,
}
FILE_FORM_WITH_PATH: dict[str, Any] = {
    **FILE_FORM,
    "properties": {"file": _FILE, "path": {"type": "string", "minLength": 1, "maxLength": 1000}},
}


def json_object(*types: str, may_be_absent: bool = False) -> dict[str, Any]:
    """The object in the body; raises Malformed, and UnsupportedMediaType for another type or a compressed body.

    `may_be_absent`: no body at all is an empty object.
    """
    body = whole()
    if may_be_absent and not body and not request.content_type:
        return {}
    check_type(request, *(types or (JSON,)))
    return strict_json.parsed(body)


def whole() -> bytes:
    """The body, all of it; raises RequestEntityTooLarge.

    A body that comes in chunks would be cut off at the limit by werkzeug, so one byte more is let in and found.
    """
    limit = request.max_content_length or DEFAULT_LIMIT
    if request.content_length is None:
        request.max_content_length = limit + 1
    body = request.get_data()
    if len(body) > limit:
        raise RequestEntityTooLarge()
    return body


def text_body(*types: str) -> str:
    """A text in UTF-8; raises Malformed, UnsupportedMediaType."""
    check_type(request, *types)
    try:
        text = whole().decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(FieldError("body", "is not UTF-8")) from None
    if not text:
        raise Malformed(FieldError("body", "is empty"))
    return text


def is_form() -> bool:
    return request.mimetype == MULTIPART


def one_file(*fields: str) -> tuple[FileStorage, str | None]:
    """The one file of a form, in its field `file`, and the text of the one field that may be beside it.

    Raises Invalid naming what is missing, unknown or given twice; UnsupportedMediaType when it is no form.
    """
    check_type(request, MULTIPART)
    whole()
    found = list(request.files.items(multi=True))
    strange = [name for name, _ in found if name != "file"] + [name for name in request.form if name not in fields]
    if strange:
        raise Invalid.of(strange[0], "is not a known field")
    if len(found) != 1:
        raise Invalid.of("file", "must be one file")
    for name in fields:
        if len(request.form.getlist(name)) > 1:
            raise Invalid.of(name, "is given twice")
    return found[0][1], next((request.form[name] for name in fields if name in request.form), None)


def file_text() -> str:
    """The text of the one file of a form; raises Malformed for the field `file`."""
    try:
        body: bytes = one_file()[0].read()
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(FieldError("file", "is not UTF-8")) from None


def check_type(request: Request, *types: str) -> None:
    """Raises UnsupportedMediaType unless the body is of one of these types, in UTF-8 and not compressed."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if request.mimetype not in types or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise UnsupportedMediaType()


def valid(model: type[M], fields: dict[str, Any]) -> M:
    """The fields as JSON has them, without any coercion; raises Invalid naming each that is wrong."""
    try:
        # pydantic is strict about JSON types only when it reads JSON itself
        return model.model_validate_json(json.dumps(fields), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Invalid(*sentences.field_errors(error)) from None


def query(model: type[M]) -> M:
    """The query's parameters; raises Invalid naming each that is wrong, unknown (a filter mistyped) or given twice."""
    twice = [FieldError(name, "is given twice") for name, found in request.args.lists() if len(found) > 1]
    if twice:
        raise Invalid(*twice)
    try:
        return model.model_validate(request.args.to_dict(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise Invalid(*sentences.field_errors(error)) from None
