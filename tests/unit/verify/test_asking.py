"""What makes the answer to a check ok, wrong, or not to be had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.authority import make_authority
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.inside import Answer, Ended
from panda_infra.clients.log_store import LogStore
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.products.verification import NOTHING_TO_ASK, Ask, Check, Command, OwnTest, Request
from panda_infra.verify.asking import World, ask
from panda_infra.verify.checks import checks_of
from tests.support.stacks import stack
from tests.support.verification import FakeHosts, FakeInside, world

_HOSTS = {"panda": "panda.site.org"}
_SMALL: dict[str, dict[str, str]] = {"msgsvc": {}, "panda": {}}
_COMMAND = Command("panda/server", ("true",))


def small(*, real: bool = True, hosts: dict[str, str] = _HOSTS, **secrets: dict[str, str]) -> World:
    return world(stack(hosts=hosts, components=_SMALL), real=real, **secrets)


def inside(found: World) -> FakeInside:
    assert isinstance(found.inside, FakeInside)
    return found.inside


def asked(found: World, question: Ask, **more: Any) -> str:
    return ask(found, Check("panda.this", "This", "PANDA-API", question, **more))


def named(found: World, name: str) -> str:
    (check,) = (each for each in checks_of(found.plan) if each.name == name)
    return ask(found, check)


def test_a_service_is_asked_by_its_name() -> None:
    found = small()
    inside(found).answered = Answer(200, '{"success": true}')
    assert named(found, "panda.alive") == "status 200"
    assert inside(found).asked == [("panda-server", 443, "/api/v1/system/is_alive", True)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(503, "no\nworker"), "is answered with status 503: no worker"),
        (Answer(200, '{"success": false}'), 'is answered with something else: {"success": false}'),
        (Answer(200, "x" * 400), r"x{300} \.\.\."),
        (KubernetesError("Service panda-server: no endpoints"), "no endpoints"),
    ],
)
def test_a_service_that_answers_otherwise_is_wrong(answer: Answer | KubernetesError, words: str) -> None:
    found = small()
    inside(found).answered = answer
    with pytest.raises(WrongError, match=words):
        named(found, "panda.alive")


def test_a_user_without_the_right_cannot_ask() -> None:
    found = small()
    inside(found).ended = KubernetesNotAllowedError("a command in pod x: forbidden", status=403)
    with pytest.raises(NotAskedError, match="the credential for the cluster does not allow it") as told:
        asked(found, _COMMAND)
    assert not told.value.absent


def test_the_last_line_of_a_command_is_its_answer() -> None:
    found = small()
    inside(found).ended = Ended(0, "a warning\nPostgreSQL 15\n\n")
    assert named(found, "panda.database") == "PostgreSQL 15"
    ((pod, container, words, stdin),) = inside(found).asked
    assert (pod, container, stdin) == ("panda-postgres-0", "main", "")
    assert words[-1] == "SELECT version()"
    assert 'PGPASSWORD="$PANDA_DB_PASSWORD"' in words[2]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended(2, "psql: error: no log-in"), "psql: error: no log-in"),
        (Ended(1, ""), "the command ended with exit code 1"),
    ],
)
def test_a_command_that_fails_is_wrong(ended: Ended, words: str) -> None:
    found = small()
    inside(found).ended = ended
    with pytest.raises(WrongError, match=words):
        asked(found, _COMMAND)


def test_an_answer_must_hold_what_is_looked_for() -> None:
    found = small()
    inside(found).ended = Ended(0, "\n")
    with pytest.raises(WrongError, match="answers with something else: nothing"):
        asked(found, Command("panda/server", ("true",), holds=r"\w"))


def test_a_pod_may_have_nothing_to_ask() -> None:
    found = small()
    inside(found).ended = Ended(NOTHING_TO_ASK, "TOKEN is empty")
    with pytest.raises(NotAskedError, match="TOKEN is empty") as told:
        asked(found, _COMMAND)
    assert told.value.absent


def test_texts_of_secrets_go_by_standard_input_alone() -> None:
    found = small(panda_envs={"PANDA_DB_PASSWORD": "canary-of-the-database"})
    question = Command(
        "panda/server",
        ("python3", "-c", "run"),
        "def main(question): ...",
        lambda config: {"namespace": config.namespace},
        {"password": ("panda-envs", "PANDA_DB_PASSWORD")},
    )
    assert asked(found, question) == "fine"
    ((_, _, words, stdin),) = inside(found).asked
    assert "canary" not in " ".join(words)
    assert json.loads(stdin) == {
        "script": "def main(question): ...",
        "namespace": "panda",
        "password": "canary-of-the-database",
    }
    with pytest.raises(WrongError, match=r"Secret panda-secrets-panda-envs has no gone"):
        asked(found, Command("panda/server", (), "x", secrets={"p": ("panda-envs", "gone")}))


def test_parts_behind_an_answer_must_run() -> None:
    found = small(real=False)
    with pytest.raises(NotAskedError, match="msgsvc/activemq, which it needs, is simulated"):
        asked(found, _COMMAND, behind=("msgsvc/activemq",))
    assert asked(small(), _COMMAND, behind=("iam/main", "msgsvc/activemq")) == "fine"


def test_a_stack_may_have_nothing_to_ask() -> None:
    with pytest.raises(NotAskedError, match="by FTS") as told:
        asked(small(), _COMMAND, unless=lambda _config: "by FTS")
    assert told.value.absent


def test_credentials_are_valid_until_the_first_end() -> None:
    now = datetime.now(UTC)
    parts = make_authority("Site CA", now=now - timedelta(days=3630)).issue(["panda.site.org"])
    certs = {"hostcert.pem": parts.certificate, "hostkey.pem": parts.key}
    words = named(small(panda_certs=certs), "panda.credentials")
    assert words.startswith("hostcert.pem of Secret panda-secrets-panda-certs expires in 1")
    old = make_authority("Site CA", now=now - timedelta(days=5000)).issue(["panda.site.org"])
    with pytest.raises(WrongError, match=r"hostcert\.pem of Secret panda-secrets-panda-certs expired on"):
        named(small(panda_certs={"hostcert.pem": old.certificate}), "panda.credentials")


def test_missing_secrets_are_wrong_and_plain_ones_have_no_end() -> None:
    found = small()
    with pytest.raises(NotAskedError, match="none of its Secrets has a credential with an end"):
        named(found, "panda.credentials")
    bare = World(found.plan, found.api, found.inside, found.hosts, found.own_tests, {})
    with pytest.raises(WrongError, match=r"Secrets are missing: .*panda-secrets-panda-envs"):
        named(bare, "panda.credentials")


def test_hosts_are_asked_from_this_machine() -> None:
    found = small(panda_tls_certs={"tls.crt": "PEM"})
    assert isinstance(found.hosts, FakeHosts)
    with pytest.raises(WrongError, match=r"panda\.site\.org:443 does not answer"):
        named(found, "panda.outside.panda")
    found.hosts.statuses["panda.site.org"] = 404
    assert named(found, "panda.outside.panda").startswith("status 404, its certificate expires in 19 days")
    found.hosts.statuses["panda.site.org"] = 502
    with pytest.raises(WrongError, match="answers with status 502"):
        named(found, "panda.outside.panda")


def test_hosts_of_simulated_pods_or_of_this_machine_are_not_asked() -> None:
    with pytest.raises(NotAskedError, match="panda is simulated"):
        named(small(real=False, panda_tls_certs={"tls.crt": "PEM"}), "panda.outside.panda")
    with pytest.raises(NotAskedError, match="a name of each machine's own") as told:
        named(small(hosts={"panda": "panda.localhost"}), "panda.outside.panda")
    assert told.value.absent


def test_tests_of_charts_need_a_component_that_runs() -> None:
    question = OwnTest("panda", "panda", "smoke")
    assert asked(small(), question) == "smoke passed"
    with pytest.raises(NotAskedError):
        asked(small(real=False), question)


def test_a_request_needs_a_ready_pod() -> None:
    found = small()
    found.api.call("DELETE", "/api/v1/namespaces/panda/pods/panda-server-0")
    with pytest.raises(WrongError, match="no pod of panda/server is ready"):
        asked(found, Request("panda/server", 443, "/"))
    assert inside(found).asked == []


_METRICS = "panda.metrics.exporter-panda-postgres-postgres"


def watched() -> World:
    return world(stack(hosts=_HOSTS, components=_SMALL, monitoring={"kind": "annotations"}))


def test_each_place_with_metrics_is_asked_and_probes_are_not() -> None:
    names = {check.name for check in checks_of(watched().plan) if ".metrics." in check.name}
    assert names == {_METRICS, "msgsvc.metrics.exporter-panda-msgsvc-activemq-queues"}
    assert not any(".metrics." in check.name for check in checks_of(small().plan))


def test_metrics_are_counted() -> None:
    found = watched()
    inside(found).answered = Answer(200, '# TYPE pg_up gauge\npg_up 1\npg_size{datname="a b"} 2e+06\n')
    assert named(found, _METRICS) == "2 metrics"
    assert inside(found).asked == [("exporter-panda-postgres-postgres", 9187, "/metrics", False)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, "pg_up 0\npg_scrapes 4\n"), "does not reach what it is about"),
        (Answer(200, "# nothing\n"), "shows no metric"),
        (Answer(404, "page not found"), "status 404: page not found"),
    ],
)
def test_metrics_that_are_not_there_are_wrong(answer: Answer, words: str) -> None:
    found = watched()
    inside(found).answered = answer
    with pytest.raises(WrongError, match=words):
        named(found, _METRICS)


def test_simulated_exporters_cannot_be_asked() -> None:
    given = stack(hosts=_HOSTS, components=_SMALL, monitoring={"kind": "annotations"})
    with pytest.raises(NotAskedError, match="is simulated"):
        named(world(given, real=False), _METRICS)


class FakeStore(LogStore):
    """Has so many lines of each component."""

    def __init__(self, **counted: int) -> None:
        self.counted = counted

    @override
    def lines(self, namespace: str, stack: str, seconds: float) -> Mapping[str, int]:
        assert (namespace, stack) == ("panda", "demo")
        return self.counted


def shipping(store: LogStore, *, real: bool = True) -> World:
    search = {"kind": "loki", "url": "https://loki.site.org"}
    section = {"logs": {"endpoint": "https://loki.site.org/otlp", "search": search}}
    return replace(world(stack(hosts=_HOSTS, components=_SMALL, monitoring=section), real=real), logs=store)


def test_logs_are_counted_and_silent_components_named() -> None:
    assert named(shipping(FakeStore(panda=7, msgsvc=1)), "logs.found") == "8 lines within 24 hours"
    words = named(shipping(FakeStore(panda=7)), "logs.found")
    assert words == "7 lines within 24 hours, none of msgsvc"


def test_a_stack_without_a_line_is_wrong() -> None:
    with pytest.raises(WrongError, match="no line within 24 hours: look at the pods of panda-infra-logs"):
        named(shipping(FakeStore()), "logs.found")


def test_simulated_pods_write_no_logs() -> None:
    with pytest.raises(NotAskedError, match="is simulated"):
        named(shipping(FakeStore(panda=7), real=False), "logs.found")


def test_logs_are_looked_for_only_where_they_are_searched() -> None:
    section = {"logs": {"endpoint": "https://loki.site.org/otlp"}}
    found = world(stack(hosts=_HOSTS, components=_SMALL, monitoring=section))
    assert not any(check.name == "logs.found" for check in checks_of(found.plan))
