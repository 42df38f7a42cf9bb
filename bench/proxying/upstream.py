"""An upstream that costs next to nothing: answers made in advance, no parser.  Argument: the port.

A request that says "paced N" gets N deltas, one every PAUSE seconds, each with the moment it was sent.
"""

import asyncio
import json
import re
import sys
import time

import uvloop

DELTAS = 50
PAUSE = 0.05
PACED = re.compile(rb"paced ([0-9]+)")
USAGE = {"input_tokens": 400, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 60}


def message() -> bytes:
    content = [{"type": "text", "text": "An answer of the usual size for a small question, in one sentence."}]
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "usage": USAGE}
    body = json.dumps(whole | {"stop_reason": "end_turn"}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: r1\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def event(kind: str, **data: object) -> bytes:
    raw = f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(raw), raw)


def stream() -> tuple[bytes, bytes, bytes]:
    """Its beginning, a delta, its end."""
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": USAGE}
    delta = {"type": "text_delta", "text": "some words "}
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    block = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    end = event("content_block_stop", index=0)
    end += event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 60})
    end += event("message_stop") + b"0\r\n\r\n"
    return head + event("message_start", message=start) + block, event("content_block_delta", index=0, delta=delta), end


MESSAGE = message()
BEGIN, DELTA, END = stream()
STREAM = BEGIN + DELTA * DELTAS + END


class Upstream(asyncio.Protocol):
    """Reads a head, its content-length, that many bytes; answers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data = self.data + data if self.data else data
        while True:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.data[:end].lower()
            place = head.find(b"content-length: ") + 16
            length = int(head[place:].split(b"\r\n", 1)[0])
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
            paced = PACED.search(body)
            if paced:
                self.transport.write(BEGIN)  # type: ignore[attr-defined]
                self.left, self.due = int(paced[1]), time.monotonic() + PAUSE
                asyncio.get_running_loop().call_later(PAUSE, self.say)
                continue
            wants_stream = b'"stream":true' in body or b'"stream": true' in body
            self.transport.write(STREAM if wants_stream else MESSAGE)  # type: ignore[attr-defined]

    def say(self) -> None:
        """The next delta, at its time whatever happened to the last."""
        now = time.monotonic()
        self.transport.write(DELTA.replace(b"some words ", b"t=%09d" % (now * 1e6 % 1e9)))  # type: ignore[attr-defined]
        self.left, self.due = self.left - 1, self.due + PAUSE
        if self.left:
            asyncio.get_running_loop().call_later(max(0.0, self.due - now), self.say)
        else:
            self.transport.write(END)  # type: ignore[attr-defined]


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
