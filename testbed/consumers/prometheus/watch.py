"""Prometheus scrapes what a stack has; alerts begin and end, and a webhook and a mail report them."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.alerts import alert_groups, rule_files
from panda_infra.plan.monitoring.dashboards import dashboard_files, queries
from panda_infra.plan.monitoring.exporters import PROBER
from panda_infra.plan.monitoring.receivers import FILE, NAME
from panda_infra.plan.monitoring.scrapes import Scrape, scrapes
from panda_infra.products.registry import PRODUCTS
from testbed.consumers.prometheus.receivers import Received, listen
from testbed.consumers.prometheus.targets import DATABASE, Host, Watched
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import POSTGRES, PROMETHEUS, RUCIO, Software
from testbed.waiting import eventually

__all__ = ["HOOK", "HOST", "IMAGES", "MAIL", "PARTS", "check", "start"]

IMAGES: tuple[Software, ...] = (POSTGRES, RUCIO, PROMETHEUS)
PARTS = (DATABASE, "rucio-bootstrap/job")
HOST = "rucio.dpps.test"
"""The host whose certificate is looked at."""
HOOK = ("127.78.0.21", 9095)
"""The address to which alerts are posted."""
MAIL = ("localhost", 2525)
"""The mail server: Go sends a password without TLS to the own machine alone."""

_NAME = "monitoring"
_PROMETHEUS, _ALERTMANAGER = "127.78.0.22:9090", "127.78.0.23:9093"
_SECONDS = 90.0
# Prefixes of the names of running programs: one daemon of Rucio, the exporters, the probes of certificates.
_RUNNING = ("rucio-daemons-conveyor-finisher", "exporter-", "certificate-of-")


def start(sandbox: Sandbox) -> None:
    """Start nothing: the check itself tests the order of starts."""


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Let each alert begin and end."""
    assert sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
    received = listen(HOOK, MAIL)
    host = Host(sandbox, HOST)
    watched = Watched(sandbox)
    watched.start()
    watch = _Watch(sandbox, sandbox.plan, received)
    watch.start()
    yield from watch.scraped()
    yield from watch.begins_and_ends("CertificateEnds", lambda: None, lambda: host.certify(days_left=300))
    yield from watch.begins_and_ends("RucioDaemonStuck", watched.stop_daemon, watched.restart_daemon)
    yield from watch.told()
    yield from watch.answers()


@dataclass
class _Watch:
    sandbox: Sandbox
    plan: Plan
    received: Received

    def start(self) -> None:
        """Start Prometheus with the stack's alerts, and Alertmanager with the file in the stack's Secret."""
        root = self.sandbox.root(PROMETHEUS, name="prometheus")
        self._start_alertmanager(root)
        root.write("/srv/alerts.yaml", yaml.safe_dump({"groups": self._hasty()}))
        root.write("/srv/prometheus.yaml", yaml.safe_dump(self._configuration()))
        program = root.start(
            "/usr/bin/prometheus",
            "--config.file=/srv/prometheus.yaml",
            "--storage.tsdb.path=/srv/data",
            f"--web.listen-address={_PROMETHEUS}",
        )
        program.wait_for(*_split(_PROMETHEUS))

    def _start_alertmanager(self, root: Root) -> None:
        secret = next(
            each
            for each in self.sandbox.objects
            if each["kind"] == "Secret" and each["metadata"]["name"] == NAME
        )
        text = b64decode(secret["data"][FILE]).decode()
        # Alertmanager would wait half a minute for more alerts of a group.
        for slow in ("30s", "5m"):
            text = text.replace(slow, "1s")
        root.write("/srv/alertmanager.yaml", text)
        program = root.start(
            "/usr/bin/prometheus-alertmanager",
            "--config.file=/srv/alertmanager.yaml",
            "--storage.path=/srv/alertmanager",
            f"--web.listen-address={_ALERTMANAGER}",
            "--cluster.listen-address=",
        )
        program.wait_for(*_split(_ALERTMANAGER))

    def _hasty(self) -> list[dict[str, Any]]:
        """The stack's alerts, changed to begin at once and to be judged each second."""
        return [
            group | {"interval": "1s", "rules": [rule | {"for": "0s"} for rule in group["rules"]]}
            for group in alert_groups(self.plan)
        ]

    def _configuration(self) -> dict[str, Any]:
        return {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "rule_files": ["/srv/alerts.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_ALERTMANAGER]}]}]},
            "scrape_configs": [self._job(each) for each in self._running()],
        }

    def _running(self) -> list[Scrape]:
        return [each for each in scrapes(self.plan.config) if any(word in each.name for word in _RUNNING)]

    def _job(self, scrape: Scrape) -> dict[str, Any]:
        """A scrape job, as the operator or the annotations of the Service would make it."""
        address = "127.0.0.1" if scrape.exporter == PROBER else self.sandbox.addresses[scrape.name]
        labels = {**scrape.labels, "namespace": self.plan.config.namespace}
        return {
            "job_name": scrape.name,
            "metrics_path": scrape.path,
            "params": {key: [text] for key, text in scrape.parameters.items()},
            "static_configs": [{"targets": [f"{address}:{scrape.port}"], "labels": labels}],
        }

    def scraped(self) -> Iterator[Check]:
        """Check that every running program shows metrics, with the labels of its component."""
        for scrape in self._running():
            labels = ",".join(f'{key}="{text}"' for key, text in scrape.labels.items())
            up = f"up{{{labels}}} == 1"
            yield _check(f"{scrape.name} is scraped", eventually(partial(_has, up), _SECONDS))
        for query in (
            'pg_up{component="rucio-db"} == 1',
            'pg_stat_database_xact_commit{component="rucio-db",datname="rucio"} > 0',
            'rucio_heartbeat_age_seconds{component="rucio",daemon="conveyor-finisher"} < 120',
            'process_cpu_seconds_total{component="rucio-daemons",part="conveyor-finisher"} > 0',
            f'probe_ssl_earliest_cert_expiry{{host="{HOST}"}} - time() < 6 * 86400',
        ):
            yield _check(query, eventually(partial(_has, query), _SECONDS))

    def begins_and_ends(
        self, alert: str, breaks: Callable[[], None], mends: Callable[[], None]
    ) -> Iterator[Check]:
        """Check that the webhook is notified of the begin and the end of an alert."""
        breaks()
        told = self.received.was_posted
        yield _check(f"{alert} begins", eventually(lambda: told(alert, "firing"), _SECONDS))
        mends()
        yield _check(f"{alert} ends", eventually(lambda: told(alert, "resolved"), _SECONDS))

    def told(self) -> Iterator[Check]:
        """Check the same for mail from a logged-in user, and that the webhook's address was the secret one."""
        for state in ("FIRING", "RESOLVED"):
            words = (f"[{state}", "CertificateEnds")
            arrived = eventually(partial(self.received.was_mailed, *words), _SECONDS)
            yield _check(f"a mail says {state}", arrived)
        yield _check("the mail server knew the user", bool(self.received.logins), "nobody has logged in")
        yield _check("the address was the secret's", self.received.paths == {"/of-the-secret"})

    def answers(self) -> Iterator[Check]:
        """Check that Prometheus accepts every query of every dashboard, and has judged every rule without an error."""
        for product in PRODUCTS:
            for path in dashboard_files(product):
                for query in queries(json.loads(path.read_text())):
                    yield Check(_NAME, f"{path.name}: {query}", *_taken(query))
        groups = _get("/api/v1/rules")["groups"]
        wrong = [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]
        yield _check("every rule is judged", not wrong, ", ".join(wrong))
        known = sum(len(group["rules"]) for group in groups)
        yield _check("every rule is there", known >= len(rule_files("ctao")))


def asked(query: str) -> list[Any]:
    """The present series of a query."""
    found: list[Any] = _get(f"/api/v1/query?{urllib.parse.urlencode({'query': query})}")["result"]
    return found


def _has(query: str) -> bool:
    return bool(asked(query))


def _taken(query: str) -> tuple[bool, str]:
    try:
        asked(query)
    except OSError as error:
        return False, str(error)
    return True, ""


def _get(path: str) -> Any:
    with urllib.request.urlopen(f"http://{_PROMETHEUS}{path}", timeout=30) as answer:
        found = json.load(answer)
    if found["status"] != "success":
        raise BedError(f"Prometheus refuses {path}")
    return found["data"]


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _check(what: str, passed: object, detail: str = "not in time") -> Check:
    return Check(_NAME, what, bool(passed), "" if passed else detail)
