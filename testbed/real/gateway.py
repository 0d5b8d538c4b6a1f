"""Forwards connections between the machine and the real nodes' network: ``python -m testbed.real.gateway``.

The API server and the registry listen on the machine's loopback address; nodes reach them at the gateway's address.
In the other direction, an HTTP CONNECT over the UNIX socket, as an API server sends it, opens a connection to any
address in the network: of a node, a pod or a Service. Nodes that fetch the charts' own images reach the internet by
the same request to the gateway.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from testbed.ports import HOST
from testbed.real import network

_BLOCK = 1 << 16
_DIAL_WITHIN = 10.0

Reach = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def dial(path: Path, host: str, port: int) -> socket.socket:
    """A connection to an address in the network, through the UNIX socket at ``path``.

    Raises:
        OSError: nothing listens there.
    """
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(_DIAL_WITHIN)
        made.connect(str(path))
        made.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = made.recv(1)  # only the head: the next bytes belong to the connection
            if not byte:
                break
            head += byte
        if b" 200 " not in head:
            raise ConnectionError(f"{host}:{port}: {head.decode(errors='replace').strip() or 'no answer'}")
    except BaseException:
        made.close()
        raise
    return made


async def serve(path: Path, inside: network.Inside, ports: dict[int, int], *, outwards: bool) -> None:
    """Serves until it is killed.

    Args:
        path: the UNIX socket.
        inside: the nodes' network.
        ports: each port of the gateway's address, with its target port on the loopback address.
        outwards: if true, the gateway also connects to addresses outside that this machine can reach.
    """

    async def reach(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with inside.entered():
            made = socket.socket()
        made.setblocking(False)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, (host, port)), _DIAL_WITHIN)
        except BaseException:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _connect(reader, writer, reach)

    servers: list[asyncio.Server] = [await asyncio.start_unix_server(connect, path)]

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _connect(reader, writer, asyncio.open_connection)

    handlers = {port: _forwarding(loopback) for port, loopback in ports.items()}
    if outwards:
        handlers[network.PROXY_PORT] = leave
    for port, handler in handlers.items():
        with inside.entered():
            listening = socket.create_server((network.GATEWAY, port))
        servers.append(await asyncio.start_server(handler, sock=listening))
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _forwarding(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other = await asyncio.open_connection(HOST, port)
        except OSError:
            writer.close()
            return
        await _join((reader, writer), other)

    return forward


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reach: Reach) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.decode("ascii").split(" ", 2)
        host, _, port = target.rpartition(":")
        if method != "CONNECT":
            raise ValueError(method)
        other = await reach(host, int(port))
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        with suppress(OSError):
            writer.write(f"HTTP/1.1 502 {type(error).__name__}\r\n\r\n".encode())
            await writer.drain()
        writer.close()
        return
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await _join((reader, writer), other)


async def _join(*ends: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    (reader, writer), (other_reader, other_writer) = ends
    await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))
    for end in (writer, other_writer):
        end.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies until one side ends its stream; the other side may still send."""
    with suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


def main() -> None:
    """The arguments: UNIX socket, a process in the network, ports of API server and registry, `outwards` or not."""
    path, pid, api, registry, *rest = sys.argv[1:]
    ports = {network.API_PORT: int(api), network.REGISTRY_PORT: int(registry)}
    asyncio.run(serve(Path(path), network.Inside(int(pid)), ports, outwards="outwards" in rest))


if __name__ == "__main__":
    main()
