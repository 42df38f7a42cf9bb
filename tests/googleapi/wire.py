"""A gRPC server that speaks Google's protocols: what the real client libraries connect to."""

from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

Handler = Callable[[Any], Any]


class Refusal(Exception):
    """What a handler raises to answer with a gRPC status."""

    def __init__(self, code: grpc.StatusCode, message: str = "") -> None:
        super().__init__(message)
        self.code = code


class Wire:
    """Methods of services by name; faults can be planned for each."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = defaultdict(int)
        self._faults: dict[str, deque[tuple[grpc.StatusCode, bool]]] = defaultdict(deque)
        self._server = grpc.server(ThreadPoolExecutor(16))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def fail(self, method: str, code: grpc.StatusCode, *, times: int = 1, done: bool = False) -> None:
        """The next calls answer `code`; `done`: after they did what they were asked."""
        self._faults[method].extend([(code, done)] * times)

    def add(self, service: str, methods: dict[str, tuple[Handler, Any, Callable[[Any], bytes]]]) -> None:
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(self._guarded(name, handle), deserialize, serialize)
            for name, (handle, deserialize, serialize) in methods.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _guarded(self, name: str, handle: Handler) -> Callable[[Any, grpc.ServicerContext], Any]:
        def method(request: Any, context: grpc.ServicerContext) -> Any:
            self.calls[name] += 1
            code, done = self._faults[name].popleft() if self._faults[name] else (None, True)
            try:
                answer = handle(request) if done else None
            except Refusal as refusal:
                context.abort(refusal.code, str(refusal))
            if code is not None:
                context.abort(code, "planned")
            return answer

        return method
