"""Bytes between two sockets: all of them, both ways, to the end or to the cap."""

from __future__ import annotations

import socket
import threading
import time

from ohmyagent.runner.relay import GatewayRelay, join, serve
from tests.ports import free_port


def test_much_passes_both_ways_at_once() -> None:
    left, near = socket.socketpair()
    far, right = socket.socketpair()
    joined = threading.Thread(target=join, args=(near, far))
    joined.start()
    sent = b"x" * (8 << 20)
    got: dict[str, int] = {}

    def speak(end: socket.socket) -> None:
        end.sendall(sent)
        end.shutdown(socket.SHUT_WR)

    def hear(end: socket.socket, name: str) -> None:
        got[name] = 0
        while part := end.recv(1 << 16):
            got[name] += len(part)

    threads = [threading.Thread(target=speak, args=(end,)) for end in (left, right)]
    threads += [threading.Thread(target=hear, args=(end, name)) for end, name in ((left, "left"), (right, "right"))]
    for thread in threads:
        thread.start()
    for thread in (*threads, joined):
        thread.join(20)
        assert not thread.is_alive()
    left.close()
    right.close()
    assert got == {"left": len(sent), "right": len(sent)}


def test_the_cap_cuts_both_ways() -> None:
    left, near = socket.socketpair()
    far, right = socket.socketpair()
    passed = 0

    def within(size: int) -> bool:
        nonlocal passed
        passed += size
        return passed <= 1000

    with left, right:
        left.sendall(b"x" * 5000)
        join(near, far, within)
        assert len(right.recv(10_000)) == 0
        assert left.recv(1) == b""


def test_a_gateway_that_starts_late_is_waited_for() -> None:
    port = free_port()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("")
    listener.listen()
    relay = GatewayRelay(f"http://127.0.0.1:{port}/gateway", patience=60)
    serve(listener, relay.handle, "test")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(listener.getsockname())
        client.sendall(b"hello")
        time.sleep(0.3)
        with socket.create_server(("127.0.0.1", port)) as gateway:
            connection, _ = gateway.accept()
            with connection:
                assert connection.recv(100) == b"hello"
                connection.sendall(b"answer")
            assert client.recv(100) == b"answer"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    assert relay.calls == 1


def test_of_thousands_of_connections_only_a_few_are_attended_to_at_once() -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("")
    listener.listen(128)
    attended = threading.Semaphore(0)
    ends = threading.Event()

    def handle(near: socket.socket) -> None:
        attended.release()
        with near:
            ends.wait(60)

    serve(listener, handle, "flooded", at_once=3)
    clients = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    for client in clients:
        client.connect(listener.getsockname())
    assert all(attended.acquire(timeout=60) for _ in range(3))
    assert not attended.acquire(timeout=0.3)
    assert sum(thread.name == "flooded" for thread in threading.enumerate()) == 3
    ends.set()
    assert all(attended.acquire(timeout=60) for _ in range(17))
    for client in clients:
        client.close()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_without_a_gateway_the_call_is_closed() -> None:
    client, near = socket.socketpair()
    with client:
        GatewayRelay("http://127.0.0.1:9", patience=0).handle(near)
        assert client.recv(1) == b""
