"""A port that leads to another one until it is cut: how an API server looks to a client when it disappears."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import fast_yaml

__all__ = ["Forwarder"]


class Forwarder:
    """Listens on a free local port and passes every connection on to the API server of a kubeconfig.

    ``kubeconfig`` is the file, in a folder of the caller's, of one that leads here.
    """

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        document = fast_yaml.load(kubeconfig.read_text())
        cluster = document["clusters"][0]["cluster"]
        self._target = urlsplit(cluster["server"]).port or 443
        self._connections: list[socket.socket] = []
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]
        cluster["server"] = f"https://127.0.0.1:{self._port}"
        self.kubeconfig = folder / "forwarded-kubeconfig"
        self.kubeconfig.write_text(fast_yaml.dump(document))

    def cut(self) -> None:
        """Refuse new connections and end the present ones."""
        for one in (self._listener, *self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._connections.clear()

    def mend(self) -> None:
        """Listen on the same port again."""
        self._listener = self._listen(self._port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()  # as the one behind would refuse it, until it is there again
                    continue
                self._connections += (client, server)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
