"""An HTTP server of this process that stands in for a remote one while a test runs."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["serving"]

_POLL = (
    0.01  # seconds between two looks at whether it shall end; the default of 0.5 is waited for at each end
)


class _Server(ThreadingHTTPServer):
    # Hundreds of clients come at once.
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> Iterator[int]:
    """Answer on a free port of an address of loopback, by TLS if a context is given; the port."""
    with _Server((host, 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
