"""Serves WSGI applications from threads of this process."""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import threading

import waitress

from testbed.openstack_bed.services.middleware import Application, watched
from testbed.openstack_bed.settings import HOST, Settings


def serve(api: str, application: Application, settings: Settings) -> threading.Thread:
    """Listens on the API's port and returns the thread that serves it."""
    server = waitress.create_server(
        watched(api, application, settings),
        host=HOST,
        port=settings.ports[api],
        threads=8,
        ident=api,
        clear_untrusted_proxy_headers=True,
    )
    thread = threading.Thread(target=server.run, name=api, daemon=True)
    thread.start()
    return thread
