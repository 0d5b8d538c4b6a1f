"""The watched programs: Rucio's database, a daemon of Rucio, a host with a certificate, the stack's exporters."""

from __future__ import annotations

import http.server
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509

from panda_infra.authority import HostCertificate, make_authority
from panda_infra.plan.monitoring.exporters import PROBER
from testbed.consumers import postgres
from testbed.consumers.outside import named
from testbed.consumers.pods import Container
from testbed.consumers.rucio import daemons
from testbed.consumers.rucio.job import Job
from testbed.consumers.sandbox import Program, Sandbox
from testbed.errors import BedError
from testbed.real.software import PROMETHEUS

__all__ = ["DATABASE", "Host", "Watched"]

DATABASE = "rucio-db/postgres"
_DAEMON = "conveyor-finisher"
_ADDRESS = "127.78.0.20"
_POSTGRES_EXPORTER, _PROBER = "prometheus-postgres-exporter", "prometheus-blackbox-exporter"


class Host:
    """A host with TLS, whose certificate can be replaced."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self._name = name
        self._folder = sandbox.folder / "host"
        self._folder.mkdir()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certify(days_left=5)
        address = named(sandbox, name, _ADDRESS)
        server = http.server.ThreadingHTTPServer((address, 443), http.server.SimpleHTTPRequestHandler)
        server.socket = self._context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def certify(self, *, days_left: int) -> None:
        """Use a new certificate that ends after so many days; new connections see it."""
        now = datetime.now(UTC)
        fresh = x509.load_pem_x509_certificate(self._issued(now).certificate.encode())
        begun = now + timedelta(days=days_left) - (fresh.not_valid_after_utc - now)
        made = self._issued(begun)
        certificate, key = self._folder / "certificate.pem", self._folder / "key.pem"
        certificate.write_text(made.certificate)
        key.write_text(made.key)
        self._context.load_cert_chain(certificate, key)

    def _issued(self, begun: datetime) -> HostCertificate:
        return make_authority("Test", now=begun).issue([self._name])


@dataclass
class Watched:
    """Starts and stops what is watched."""

    sandbox: Sandbox
    daemon: Program = field(init=False)

    def start(self) -> None:
        """Start the database with Rucio's tables, a daemon, and the stack's exporters."""
        sandbox = self.sandbox
        postgres.start_standard(sandbox, sandbox.container(DATABASE))
        made = Job(sandbox, "rucio-bootstrap").run()
        if made.code:
            raise BedError(f"Rucio's tables were not made: {made.text[-600:]}")
        self.daemon = self.start_daemon()
        for container in sandbox.containers:
            if container.name == "exporter":
                self._start_exporter(container)

    def start_daemon(self) -> Program:
        """Start the daemon, with metrics at every address of the sandbox."""
        program = daemons.start(self.sandbox, _DAEMON)
        workload = daemons.container_of(self.sandbox, _DAEMON).workload
        program.wait_for(self.sandbox.addresses[f"metrics-{workload}"], 8080)
        return program

    def stop_daemon(self) -> None:
        """Kill the daemon, and make its last heartbeat an hour old."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        own = self.sandbox.container(DATABASE).environment
        statement = "UPDATE heartbeats SET updated_at = updated_at - interval '1 hour'"
        root = self.sandbox.running(DATABASE)
        postgres.query(root, own["POSTGRES_USER"], statement, database=own["POSTGRES_DB"])

    def restart_daemon(self) -> None:
        """Start it again."""
        self.daemon = self.start_daemon()

    def _start_exporter(self, container: Container) -> None:
        """Start an exporter at the address of its Service only, because several exporters have the same port."""
        root = self.sandbox.root(PROMETHEUS, container)
        program, port = (_PROBER, 9115) if container.workload == PROBER else (_POSTGRES_EXPORTER, 9187)
        # The prober has a Service for each host that it looks at.
        address = "127.0.0.1" if program == _PROBER else self.sandbox.addresses[container.workload]
        place = f"--web.listen-address={address}:{port}"
        root.start(f"/usr/bin/{program}", *container.command, place).wait_for(address, port)
