"""Hosts as anybody outside of the cluster sees them."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from panda_infra.errors import PandaInfraError

__all__ = ["HostError", "Hosts", "HostsByHttps", "Seen"]

_PORT = 443


class HostError(PandaInfraError):
    """A host does not answer as it should."""


@dataclass(frozen=True)
class Seen:
    """The status of HTTP that a host answers with, and the end of the certificate that it shows."""

    status: int
    ends: datetime


class Hosts(Protocol):
    """Any host."""

    def ask(self, host: str, authorities: str, seconds: float) -> Seen:
        """Ask a host for its first page by HTTPS, trusting public authorities and these (PEM)."""


class HostsByHttps(Hosts):
    """Hosts by the name service and the network of this machine."""

    def ask(self, host: str, authorities: str, seconds: float, *, port: int = _PORT) -> Seen:
        """Ask a host for its first page.

        Raises:
            HostError: it does not answer within the time, or shows a certificate that is not trusted.
        """
        context = ssl.create_default_context()
        if authorities:
            context.load_verify_locations(cadata=authorities)
            # The stack's own certificate is enough, also without the root that has signed it.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        try:
            connection.connect()
            ends = _end(connection.sock)
            connection.request("GET", "/")
            return Seen(connection.getresponse().status, ends)
        except ssl.SSLCertVerificationError as error:
            raise HostError(
                f"{host} shows a certificate that is not the stack's ({error.verify_message})"
            ) from None
        except socket.gaierror:
            raise HostError(f"{host} has no address in this machine's DNS") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise HostError(f"{host}:{port} does not answer ({reason})") from None
        finally:
            connection.close()


def _end(shown: socket.socket) -> datetime:
    assert isinstance(shown, ssl.SSLSocket)  # noqa: S101 - HTTPSConnection makes no other
    certificate = shown.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
