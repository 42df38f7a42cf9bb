"""Files in a bucket of Cloud Storage, with links that it signs itself (V4)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ohmyagent.adapters.gcp.clients import SECONDS, Lazy, speaking_to
from ohmyagent.adapters.keys import check_key
from ohmyagent.domain.errors import AlreadyExists, NotFound

CHUNK = 65_536
BUFFER = 2**20
"""What is fetched at once; a multiple of 256 KiB."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
BINARY = "application/octet-stream"
DIGEST = re.compile("[0-9a-f]{64}")


class BucketFiles:
    """An object is written once: every write and every link says that there must be none yet.

    Who has an upload link sends its `X-Goog-SignedHeaders` along; a runner reads them off the link.
    """

    def __init__(self, bucket: str, emulator: str | None = None) -> None:
        self._name = bucket
        self._emulator = emulator
        self._client = Lazy(lambda: _client(emulator))
        self._credentials = Lazy(signing_credentials)

    def write(self, key: str, body: bytes) -> None:
        """Writing the same again is no error; raises AlreadyExists for another body."""
        from google.api_core.exceptions import PreconditionFailed

        blob = self._blob(key)
        with speaking_to("Cloud Storage"):
            try:
                blob.upload_from_string(body, content_type=BINARY, if_generation_match=0, timeout=6 * SECONDS)
                return
            except PreconditionFailed:
                pass
        if self.read(key) != body:
            raise AlreadyExists(f"{key} has another content.")

    def read(self, key: str) -> bytes:
        from google.api_core import exceptions

        with speaking_to("Cloud Storage"):
            try:
                return bytes(self._blob(key).download_as_bytes(timeout=6 * SECONDS))
            except exceptions.NotFound as error:
                raise NotFound(f"There is no {key}.") from error

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        with speaking_to("Cloud Storage"):
            found = self._client().bucket(self._name).get_blob(_checked(key), timeout=SECONDS)
        if found is None:
            raise NotFound(f"There is no {key}.")
        with found.open("rb", chunk_size=BUFFER) as file:
            yield _parts(file)

    def exists(self, key: str) -> bool:
        with speaking_to("Cloud Storage"):
            return bool(self._blob(key).exists(timeout=SECONDS))

    def delete(self, key: str) -> None:
        from google.api_core import exceptions

        with speaking_to("Cloud Storage"):
            try:
                self._blob(key).delete(timeout=SECONDS)
            except exceptions.NotFound:
                return

    def listed(self, prefix: str) -> Iterator[str]:
        _checked(prefix.rstrip("/"))
        with speaking_to("Cloud Storage"):
            for blob in self._client().list_blobs(self._name, prefix=prefix, timeout=SECONDS):
                yield str(blob.name)

    def upload_url(self, key: str, length: int, expires: datetime) -> str:
        """A key that ends with a digest takes the body of that digest only.

        The header is the payload's hash in the signature, which Cloud Storage computes anew from the body.
        Source: https://cloud.google.com/storage/docs/authentication/canonical-requests#payload
        """
        only = {"x-goog-content-length-range": f"{length},{length}", "x-goog-if-generation-match": "0"}
        digest = key.rpartition("/")[2]
        named = {"x-goog-content-sha256": digest} if DIGEST.fullmatch(digest) else {}
        return self._url(key, "PUT", expires, only | named | {"content-type": BINARY})

    def download_url(self, key: str, expires: datetime) -> str:
        return self._url(key, "GET", expires, {})

    def _url(self, key: str, method: str, expires: datetime, headers: dict[str, str]) -> str:
        blob = self._blob(key)
        with speaking_to("Cloud Storage"):
            url: str = blob.generate_signed_url(
                version="v4",
                method=method,
                expiration=expires,
                headers=headers,
                credentials=self._credentials(),
                api_access_endpoint=self._emulator,
            )
        return url

    def _blob(self, key: str) -> Any:
        return self._client().bucket(self._name).blob(_checked(key))


def _checked(key: str) -> str:
    check_key(key)
    return key


def _parts(file: Any) -> Iterator[bytes]:
    with speaking_to("Cloud Storage"):
        yield from iter(lambda: file.read(CHUNK), b"")


def signing_credentials() -> Any:
    """What signs links: a local key if the environment names one, else IAM, in the name of this service's account."""
    import google.auth
    from google.auth.credentials import Signing
    from google.auth.transport.requests import Request

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return credentials if isinstance(credentials, Signing) else signed_by_iam(credentials, Request())


def signed_by_iam(credentials: Any, request: Any) -> Any:
    """Credentials whose signatures IAM makes (`signBlob`), so that there is no key to keep.

    The account needs `iam.serviceAccounts.signBlob` on itself.
    """
    from google.auth.iam import Signer
    from google.oauth2.service_account import Credentials

    credentials.refresh(request)
    email = credentials.service_account_email
    signer = Signer(request, credentials, email)  # type: ignore[no-untyped-call]
    return Credentials(signer, email, "https://oauth2.googleapis.com/token")  # type: ignore[no-untyped-call]


def _client(emulator: str | None) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client  # type: ignore[import-untyped]

    if emulator is None:
        client = Client()
    else:
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        client = Client(project="emulator", credentials=anonymous, client_options={"api_endpoint": emulator})
    # else it asks, by a thread of its own, for the bucket's description, which our accounts may not read
    client._bucket_metadata_cache = None
    return client
