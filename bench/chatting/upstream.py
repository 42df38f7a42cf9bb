"""A model that says one word at a time, each with the moment it was said.  Argument: the port.

The words and their pace stand in the request: `[[N words every S s]]`.
"""

import asyncio
import json
import re
import sys
import time

import uvloop

ASKED = re.compile(rb"\[\[(\d+) words every ([\d.]+) s\]\]")
USAGE = {"input_tokens": 400, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(kind: str, **data: object) -> bytes:
    raw = f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(raw), raw)


START = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": USAGE}
OPENING = event("message_start", message=START) + event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
)
ENDING = (
    event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 60})
    + event("message_stop")
    + b"0\r\n\r\n"
)


def word() -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": f"<{time.monotonic():.6f}> "})


class Upstream(asyncio.Protocol):
    """Reads a head, its content-length, that many bytes; says its words."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.data = b""
        self.loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self.data += data
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.data[:end].lower()
        length = int(head[head.find(b"content-length: ") + 16 :].split(b"\r\n", 1)[0])
        if len(self.data) < end + 4 + length:
            return
        body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
        asked = ASKED.findall(body)[-1]
        self.left, self.pause = int(asked[0]), float(asked[1])
        self.due = self.loop.time()
        self.transport.write(HEAD + OPENING)  # type: ignore[attr-defined]
        self.say()

    def say(self) -> None:
        if self.transport.is_closing():  # type: ignore[attr-defined]
            return
        if not self.left:
            self.transport.write(ENDING)  # type: ignore[attr-defined]
            return
        self.transport.write(word())  # type: ignore[attr-defined]
        self.left -= 1
        self.due += self.pause
        self.loop.call_at(self.due, self.say)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
