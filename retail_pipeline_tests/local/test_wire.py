import socket
import threading
from pathlib import Path

import pytest

from retail_pipeline.local.place import SOCKET
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.wire import NotAnsweringError, first_column


def socket_of(postgres: PostgresHandle) -> Path:
    return postgres._server.sockets / SOCKET


def test_rows_come_back_in_order(postgres: PostgresHandle) -> None:
    assert first_column(socket_of(postgres), "postgres", "SELECT n, 'x' FROM generate_series(1, 3) n") == [
        "1",
        "2",
        "3",
    ]


def test_null_is_an_empty_word(postgres: PostgresHandle) -> None:
    assert first_column(socket_of(postgres), "postgres", "SELECT NULL") == [""]


def test_a_mistake_is_told_in_the_server_s_words(postgres: PostgresHandle) -> None:
    with pytest.raises(NotAnsweringError, match="syntax error"):
        first_column(socket_of(postgres), "postgres", "SELEKT 1")


def test_a_stranger_is_refused(postgres: PostgresHandle) -> None:
    with pytest.raises(NotAnsweringError, match="stranger"):
        first_column(socket_of(postgres), "stranger", "SELECT 1")


def test_no_socket_means_no_answer(home: Path) -> None:
    with pytest.raises(NotAnsweringError):
        first_column(home / SOCKET, "postgres", "SELECT 1")


def hang_up(listener: socket.socket) -> None:
    listener.accept()[0].close()


def test_a_server_that_hangs_up_does_not_answer(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / SOCKET))
        listener.listen()
        threading.Thread(target=hang_up, args=[listener]).start()
        with pytest.raises(NotAnsweringError):
            first_column(home / SOCKET, "postgres", "SELECT 1")
