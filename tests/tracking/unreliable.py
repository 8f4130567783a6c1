"""A server that stands before another one and, as long as it is told to, does what servers do on bad days."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["none", "refuses", "hangs", "answers 500", "answers nonsense", "loses its answers"]


class Unreliable(ThreadingHTTPServer):
    """Passes requests on to the server at `behind`, or, with a fault, does that instead."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.fault: Fault = "none"
        self.met = 0
        """Requests that met a fault."""
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Unreliable

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault
        if fault != "none":
            self.server.met += 1
        match fault:
            case "none":
                self._answer(*self._asked(body))
            case "loses its answers":
                self._asked(body)
            case "hangs":
                self.server.over.wait()
            case "answers 500":
                self._answer(500, b"<h1>Internal Server Error</h1>")
            case "answers nonsense":
                self._answer(200, b"\0\xffnonsense")
        self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _asked(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)) as connection:
            connection.request(self.command, self.path, body, headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def unreliable(behind: int) -> Iterator[Unreliable]:
    with Unreliable(behind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
