"""firestore.rules in the official emulator: a browser that goes past the API gets nothing."""

import json
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.contract.emulator import Emulator

RULES = Path(__file__).resolve().parents[2] / "firestore.rules"
OPEN = "rules_version = '2'; service cloud.firestore { match /{all=**} { allow read, write: if true; } }"

pytestmark = pytest.mark.emulator


def call(emulator: Emulator, method: str, path: str, body: Any = None, token: str | None = None) -> int:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{emulator.address}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def put_rules(emulator: Emulator, project: str, rules: str) -> None:
    body = {"rules": {"files": [{"name": "firestore.rules", "content": rules}]}}
    assert call(emulator, "PUT", f"/emulator/v1/projects/{project}:securityRules", body) == 200


@pytest.mark.parametrize("collection", ["users", "agents", "executions", "sessions", "anything"])
def test_a_client_may_neither_read_nor_write(emulator: Emulator, collection: str) -> None:
    project = f"oma-{uuid4().hex[:16]}"
    documents = f"/v1/projects/{project}/databases/(default)/documents"
    put_rules(emulator, project, RULES.read_text(encoding="utf-8"))
    fields = {"fields": {"userId": {"stringValue": "u1"}}}
    query = {"structuredQuery": {"from": [{"collectionId": collection}]}}

    assert call(emulator, "PATCH", f"{documents}/{collection}/x", fields, token="owner") == 200  # the API's own way
    assert call(emulator, "GET", f"{documents}/{collection}/x") == 403
    assert call(emulator, "PATCH", f"{documents}/{collection}/x", fields) == 403
    assert call(emulator, "DELETE", f"{documents}/{collection}/x") == 403
    assert call(emulator, "POST", f"{documents}:runQuery", query) == 403


def test_the_emulator_would_let_them_if_the_rules_did(emulator: Emulator) -> None:
    project = f"oma-{uuid4().hex[:16]}"
    put_rules(emulator, project, OPEN)
    path = f"/v1/projects/{project}/databases/(default)/documents/users/x"
    assert call(emulator, "PATCH", path, {"fields": {}}) == 200
