"""Reads a body within bounds: a cap after decoding, whatever the device claims or compresses."""

import zlib
from collections.abc import AsyncIterable
from typing import cast

import httpx

from retail_pipeline.devices.errors import BrokenReply, NotAReport, ReplyTooLarge

OTHER_ENCODINGS = frozenset({"br", "zstd", "compress", "x-compress", "gzip, gzip"})
"""Those that an error names. What else a header holds is not repeated: cut anywhere, it may be part of a secret."""

GZIP_OR_ZLIB = 47  # zlib's "detect the header" (32) with the largest window (15)


async def read_body(response: httpx.Response, sensor_id: str, max_bytes: int) -> bytes:
    """The decoded body, of which never more than `max_bytes` and one chunk are held.

    httpx would decode each chunk whole: 16 KiB of a gzip bomb are 16 MiB, and stacked encodings far more.

    Raises:
        ReplyTooLarge: there is more than `max_bytes`.
        NotAReport: an encoding that was not asked for, or bytes that are not what the encoding says.
        BrokenReply: a compressed body that ends too early.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        name = encoding if encoding in OTHER_ENCODINGS else "that has no name"
        raise NotAReport(sensor_id, f"answers in an encoding that was not asked for: {name}", response.status_code)
    inflater = None if encoding in {"", "identity"} else zlib.decompressobj(GZIP_OR_ZLIB)
    body = bytearray()
    # The raw stream: `aiter_raw` refuses responses that a mock transport has read already.
    async for chunk in cast("AsyncIterable[bytes]", response.stream):
        body += chunk if inflater is None else _inflate(inflater, chunk, max_bytes - len(body) + 1, sensor_id)
        if len(body) > max_bytes:
            raise ReplyTooLarge(sensor_id, f"the reply is larger than {max_bytes:,} bytes", response.status_code)
    if inflater is not None and body and not inflater.eof:
        raise BrokenReply(sensor_id, "the compressed reply is cut short", response.status_code)
    return bytes(body)


def _inflate(inflater: "zlib._Decompress", chunk: bytes, most: int, sensor_id: str) -> bytes:
    try:
        return inflater.decompress(chunk, most)
    except zlib.error as error:
        raise NotAReport(sensor_id, f"the reply is not compressed as it says: {error}") from error
