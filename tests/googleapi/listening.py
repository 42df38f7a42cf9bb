"""Firestore's Listen as it is specified: a target with a read time is sent only what was updated after it.

Source: https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#target
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import grpc
from google.cloud.firestore_v1 import types

SERVICE = "google.firestore.v1.Firestore"
KINDS = types.TargetChange.TargetChangeType


class _Stream:
    """One call of Listen, and its targets by number."""

    def __init__(self) -> None:
        self.targets: dict[int, types.Target] = {}
        self.answers: SimpleQueue[Any] = SimpleQueue()


class ListenStandIn:
    """Documents that have a time and nothing else."""

    def __init__(self) -> None:
        self.streams: list[_Stream] = []
        self.asked: list[types.Target] = []
        self.sent = 0
        self._times: dict[str, datetime] = {}
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._guard = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(16))
        get, listen = types.BatchGetDocumentsRequest, types.ListenRequest
        handlers = {
            "BatchGetDocuments": grpc.unary_stream_rpc_method_handler(
                self._get, get.deserialize, types.BatchGetDocumentsResponse.serialize
            ),
            "Listen": grpc.stream_stream_rpc_method_handler(
                self._listen, listen.deserialize, types.ListenResponse.serialize
            ),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def put(self, name: str) -> None:
        """Change the document, for whoever listens and whoever will."""
        with self._guard:
            self._now += timedelta(seconds=1)
            self._times[name] = self._now
            for stream in self.streams:
                for number in stream.targets:
                    self._send(stream, number, name)
                stream.answers.put(self._change(KINDS.NO_CHANGE, read_time=self._now))

    def give_up(self, number: int) -> None:
        """End one target, as the server does with one that it cannot serve any more."""
        with self._guard:
            for stream in self.streams:
                stream.answers.put(self._change(KINDS.REMOVE, target_ids=[number], cause={"code": 9}))

    def hang_up(self) -> None:
        with self._guard:
            for stream in self.streams:
                stream.answers.put(None)

    def _get(self, request: Any, _: Any) -> Iterator[Any]:
        for name in request.documents:
            yield types.BatchGetDocumentsResponse(missing=name, read_time=self._now)

    def _listen(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        stream = _Stream()
        with self._guard:
            self.streams.append(stream)
        context.add_callback(lambda: self._left(stream))
        threading.Thread(target=self._read, args=(requests, stream), daemon=True).start()
        while (answer := stream.answers.get()) is not None:
            yield answer
        if stream.targets:
            context.abort(grpc.StatusCode.UNAVAILABLE, "hung up")

    def _left(self, stream: _Stream) -> None:
        """The call is over, whoever ended it."""
        with self._guard:
            self.streams.remove(stream)
        stream.answers.put(None)

    def _read(self, requests: Iterator[Any], stream: _Stream) -> None:
        try:
            for request in requests:
                with self._guard:
                    if "add_target" in request:
                        self._add(stream, request.add_target)
                    else:
                        stream.targets.pop(request.remove_target, None)
        except grpc.RpcError:
            pass
        stream.answers.put(None)

    def _add(self, stream: _Stream, target: types.Target) -> None:
        self.asked.append(target)
        stream.targets[target.target_id] = target
        stream.answers.put(self._change(KINDS.ADD, target_ids=[target.target_id]))
        for name, time in self._times.items():
            if "read_time" not in target or time > target.read_time:
                self._send(stream, target.target_id, name)
        stream.answers.put(self._change(KINDS.CURRENT, target_ids=[target.target_id]))

    def _send(self, stream: _Stream, number: int, name: str) -> None:
        query = stream.targets[number].query
        path = f"{query.parent.partition('/documents')[0]}/documents/{name}"
        if path.rpartition("/")[0] != f"{query.parent}/{query.structured_query.from_[0].collection_id}":
            return
        self.sent += 1
        document = {"name": path, "update_time": self._times[name]}
        stream.answers.put(types.ListenResponse(document_change={"document": document, "target_ids": [number]}))

    def _change(self, kind: KINDS, **rest: Any) -> types.ListenResponse:
        return types.ListenResponse(target_change=types.TargetChange(target_change_type=kind, **rest))
