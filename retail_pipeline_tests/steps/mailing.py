"""A mail server on loopback, to which apprise speaks as to any other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer


class RunningMailServer:
    """Takes mail while it `is_up`, and refuses senders while it is not."""

    def __init__(self) -> None:
        self.is_up = True
        self.taken: list[EmailMessage] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=shop@mail.example&to=manager@mail.example&mode=insecure"

    def answer(self, command: str) -> str:
        """What is said to a command; mail itself follows DATA."""
        if command.startswith("EHLO"):
            return "250-loopback\r\n250 SIZE 10000000"
        if command.startswith("MAIL") and not self.is_up:
            return "451 try again later"
        return {"DATA": "354 go on", "QUIT": "221 bye"}.get(command[:4], "250 well")


@contextmanager
def running_mail_server() -> Iterator[RunningMailServer]:
    running = RunningMailServer()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 loopback")
            while line := self.rfile.readline().decode().strip():
                self.say(running.answer(line.upper()))
                if line.upper() == "DATA":
                    running.taken.append(self.mail())
                    self.say("250 taken")
                if line.upper() == "QUIT":
                    return

        def mail(self) -> EmailMessage:
            lines = iter(self.rfile.readline, b".\r\n")
            text = b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)
            found = message_from_bytes(text, policy=policy.default)
            assert isinstance(found, EmailMessage)
            return found

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        running.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join(10)
