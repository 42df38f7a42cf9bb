"""What Firestore is asked to do, counted as Google bills it: a gRPC proxy before the emulator, one for each service."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, CommitRequest, ListenResponse, RunQueryResponse

LONGEST = 3_600.0
PREFIX = "/google.firestore.v1.Firestore/"


class Counting(grpc.GenericRpcHandler):
    """`billed` counts reads, writes and deletes; `calls` the methods."""

    def __init__(self, emulator: str) -> None:
        self.billed: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        """Writes by collection, `(verified)` for those that change nothing."""
        self._guard = threading.Lock()
        self._channel = grpc.insecure_channel(emulator)
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()
        self._channel.close()

    def service(self, details: Any) -> Any:
        method = details.method

        def forward(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            return self._forward(method, requests, context)

        return grpc.stream_stream_rpc_method_handler(forward)

    def _forward(self, method: str, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        name = method.removeprefix(PREFIX)
        metadata = [pair for pair in context.invocation_metadata() if not pair[0].startswith(("grpc-", "user-agent"))]
        with self._guard:
            self.calls[name] += 1

        def noted() -> Iterator[bytes]:
            for request in requests:
                self._asked(name, request)
                yield request

        left = context.time_remaining()
        timeout = left if left is not None and left < LONGEST else None  # a listener has no deadline
        answers = self._channel.stream_stream(method)(noted(), metadata=metadata, timeout=timeout)
        documents = 0
        try:
            for answer in answers:
                documents += self._documents(name, answer)
                yield answer
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())
        finally:
            with self._guard:
                # a query that finds nothing is billed as one read
                self.billed["reads"] += max(1, documents) if name == "RunQuery" else documents
                self.billed["queries"] += int(name == "RunQuery")

    def _asked(self, name: str, request: bytes) -> None:
        if name != "Commit":
            return
        with self._guard:
            for write in CommitRequest.deserialize(request).writes:
                path = (write.delete or write.update.name).partition("/documents/")[2].split("/")
                collection = path[-2]
                idle = not write.delete and not write.update.fields and "update_mask" in write
                missing = (
                    bool(write.delete) and "exists" in write.current_document and not write.current_document.exists
                )
                self.billed["deletes" if write.delete else "writes"] += 1
                self.written[f"{collection} (verified)" if idle or missing else collection] += 1

    def _documents(self, name: str, answer: bytes) -> int:
        if name == "BatchGetDocuments":
            found = BatchGetDocumentsResponse.deserialize(answer)
            return int(bool(found.found.name or found.missing))
        if name == "RunQuery":
            return int(bool(RunQueryResponse.deserialize(answer).document.name))
        if name == "Listen":
            return int("document_change" in ListenResponse.deserialize(answer))
        return 0
