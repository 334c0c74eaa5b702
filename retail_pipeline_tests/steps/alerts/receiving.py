"""A receiver of alerts on loopback, to which apprise speaks as to any webhook."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RunningReceiver:
    """Takes messages while it `is_up`, and answers 503 while it is not."""

    def __init__(self) -> None:
        self.is_up = True
        self.asked = 0
        self.taken: list[dict[str, Any]] = []
        self.port = 0

    @property
    def url(self) -> str:
        """An address of a service that takes files as well."""
        return f"json://teller:a-receiver-secret@127.0.0.1:{self.port}/hook?retry=0"

    @property
    def url_of_texts(self) -> str:
        """An address of a service that takes texts alone."""
        return f"gotify://127.0.0.1:{self.port}/a-token"

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.taken]

    @property
    def text(self) -> str:
        return "\n".join(f"{one['title']}\n{one['message']}" for one in self.taken)


@contextmanager
def running_receiver() -> Iterator[RunningReceiver]:
    receiver = RunningReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.asked += 1
            if receiver.is_up:
                receiver.taken.append(json.loads(body))
            self.send_response(200 if receiver.is_up else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
