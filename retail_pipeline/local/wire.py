"""Just enough of the Postgres protocol to ask an embedded server whether it lives, and for its databases.

Starting and stopping must not depend on a driver; everything else speaks SQL through the warehouse.
Source: PostgreSQL manual, Frontend/Backend Protocol, Message Formats.
"""

import socket
import struct
from pathlib import Path

PROTOCOL_3 = 196608
TIMEOUT_S = 30.0


class NotAnsweringError(Exception):
    """No server behind the socket, or one that is starting, stopping, or refuses."""


def first_column(socket_path: Path, user: str, sql: str) -> list[str]:
    """Run one statement in the database `postgres` and return the first column of its rows.

    Raises:
        NotAnsweringError: nobody listens, or the server answered with an error; the message is the server's.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(str(socket_path))
            words = ("user", user, "database", "postgres", "")
            startup = struct.pack("!i", PROTOCOL_3) + b"".join(word.encode() + b"\0" for word in words)
            connection.sendall(struct.pack("!i", len(startup) + 4) + startup)
            _until_ready(connection)
            query = sql.encode() + b"\0"
            connection.sendall(b"Q" + struct.pack("!i", len(query) + 4) + query)
            return [_first_value(body) for kind, body in _until_ready(connection) if kind == b"D"]
        except OSError as error:
            raise NotAnsweringError(str(error)) from error


def _until_ready(connection: socket.socket) -> list[tuple[bytes, bytes]]:
    messages: list[tuple[bytes, bytes]] = []
    while True:
        kind, length = struct.unpack("!ci", _exactly(connection, 5))
        body = _exactly(connection, length - 4)
        if kind == b"E":
            raise NotAnsweringError(body.replace(b"\0", b" ").decode(errors="replace"))
        if kind == b"Z":
            return messages
        messages.append((kind, body))


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise NotAnsweringError("the server closed the connection")
        received += part
    return received


def _first_value(row: bytes) -> str:
    (length,) = struct.unpack_from("!i", row, 2)
    return row[6 : 6 + max(length, 0)].decode()
