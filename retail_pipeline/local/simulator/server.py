"""The port of the simulated devices: connections in, replies out. Loopback only."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from retail_pipeline.local.simulator.control import control_reply
from retail_pipeline.local.simulator.faults import FAULTS, WireFault
from retail_pipeline.local.simulator.faults.kinds import Wire
from retail_pipeline.local.simulator.fleet_port import Answer, FleetPort
from retail_pipeline.local.simulator.http import BadRequestError, HttpReply, read_request

LOOPBACK = "127.0.0.1"
_BACKLOG = 1024


@contextlib.asynccontextmanager
async def serving(fleet_port: FleetPort, port: int) -> AsyncIterator[int]:
    """Serve the fleet on a loopback port, 0 for any free one; gives the port.

    Raises:
        OSError: the port is taken.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await _converse(fleet_port, Wire(reader, writer))

    tasks: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(connected, LOOPBACK, port, backlog=_BACKLOG)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _converse(fleet_port: FleetPort, wire: Wire) -> None:
    """Answer the requests of one connection until either side closes it; what a client does is its own affair."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        try:
            while await _converse_once(fleet_port, wire):
                pass
        except BadRequestError as error:
            await _send(wire, HttpReply(400, f"{error}\n".encode(), {"Content-Type": "text/plain"}, is_last=True))
    wire.writer.close()


async def _converse_once(fleet_port: FleetPort, wire: Wire) -> bool:
    request = await read_request(wire.reader)
    if request is None:
        return False
    reply = control_reply(fleet_port, request)
    if reply is not None:
        return await _send(wire, reply.changed(is_last=request.is_last))
    sensor_id = fleet_port.sensor_of(request)
    fleet_port.under_way[sensor_id] += 1
    fleet_port.most_under_way[sensor_id] = max(fleet_port.most_under_way[sensor_id], fleet_port.under_way[sensor_id])
    try:
        answer = fleet_port.answer(request)
        return await _act(
            wire, answer._replace(reply=answer.reply.changed(is_last=answer.reply.is_last or request.is_last))
        )
    finally:
        fleet_port.under_way[sensor_id] -= 1


async def _act(wire: Wire, answer: Answer) -> bool:
    if answer.wait_s:
        await asyncio.sleep(answer.wait_s)
    if answer.wire_fault is None:
        return await _send(wire, answer.reply)
    fault = FAULTS[answer.wire_fault.name]
    if isinstance(fault, WireFault):
        await fault.apply(wire, answer.reply.changed(is_last=True), answer.wire_fault.options)
    return False


async def _send(wire: Wire, reply: HttpReply) -> bool:
    """Send the reply; whether the connection stays open."""
    wire.writer.write(reply.head() + reply.body)
    await wire.writer.drain()
    return not reply.is_last
