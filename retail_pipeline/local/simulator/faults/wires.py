"""Faults below HTTP: the connection itself."""

import asyncio
import itertools

from retail_pipeline.local.simulator.faults.kinds import Options, Wire
from retail_pipeline.local.simulator.http import HttpReply


async def refused(wire: Wire, _reply: HttpReply, _options: Options) -> None:
    """The connection is reset before a byte; devices share the port, so it cannot be refused at the door."""
    wire.writer.transport.abort()


async def hang(wire: Wire, _reply: HttpReply, _options: Options) -> None:
    """Silence until the client gives up."""
    await wire.reader.read()


async def slow_drip(wire: Wire, reply: HttpReply, options: Options) -> None:
    """The reply comes `bytes` (1) every `seconds` (0.5): each read succeeds, the whole takes for ever."""
    size, seconds = int(options.get("bytes", 1)), float(options.get("seconds", 0.5))
    message = reply.head() + reply.body
    for at in range(0, len(message), size):
        wire.writer.write(message[at : at + size])
        await wire.writer.drain()
        await asyncio.sleep(seconds)


async def endless_body(wire: Wire, reply: HttpReply, _options: Options) -> None:
    """Rows, and more rows, until the client has had enough."""
    wire.writer.write(reply.head(is_chunked=True))
    body = reply.body or b"0\n"
    rows = body[body.find(b"\n") + 1 :] or body
    for part in itertools.chain([body], itertools.repeat(rows)):
        wire.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
        await wire.writer.drain()
        await asyncio.sleep(0)
