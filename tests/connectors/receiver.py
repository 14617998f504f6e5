"""An agency's system that takes webhooks: a real HTTP server on this machine."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "example-token.0123456789"


@dataclass
class Reply:
    """What the receiver answers, once."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    wait_s: float = 0.0
    hang_up: bool = False
    endless: bool = False
    torn: bool = False  # promises more of the answer than it sends, then hangs up
    stalls: bool = False  # the same, then keeps silent


@dataclass
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]


class Receiver:
    """Answers with `replies` in turn, then 200. Keeps the idempotency keys that it has seen."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.requests: list[Got] = []
        self.taken: dict[str, bytes] = {}
        self.url = ""
        self.sent_bytes = 0

    def take(self, got: Got) -> Reply:
        self.requests.append(got)
        reply = self.replies.popleft() if self.replies else Reply()
        key = got.headers.get("idempotency-key", "")
        if 200 <= reply.status < 300:
            if key in self.taken:
                return Reply(status=409)
            self.taken[key] = got.body
        return reply


@contextmanager
def receiving(certificate: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens for as long as the block lasts."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.take(
                Got(path=self.path, headers=headers, body=body, client=self.client_address)
            )
            time.sleep(reply.wait_s)
            if reply.hang_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            more = reply.endless or reply.torn or reply.stalls
            self.send_header("Content-Length", str(10**12 if more else len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            while reply.endless:
                receiver.sent_bytes += self.wfile.write(b"x" * 65536)
            if reply.stalls:
                time.sleep(2)
            self.close_connection = more

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that leaves in the middle is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    receiver.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/cases"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
