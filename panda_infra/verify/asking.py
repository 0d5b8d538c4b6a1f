"""Asks one check of a running stack."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from panda_infra.clients.hosts import HostError, Hosts
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.inside import Inside
from panda_infra.clients.log_store import HOURS, LogStore
from panda_infra.ends import Validity
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.live.commands import Commands, short
from panda_infra.live.credentials import credentials
from panda_infra.live.pods import Pods
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.logs import NAME
from panda_infra.products.verification import (
    Ask,
    Check,
    Command,
    Credentials,
    FoundLogs,
    Outside,
    OwnTest,
    Request,
    Runs,
    ShownMetrics,
)
from panda_infra.verify.own_tests import OwnTests

__all__ = ["World", "ask"]

_LOOPBACK = (".localhost", "localhost")
_METRIC = re.compile(r"^[a-zA-Z_:][\w:]*(\{.*\})? \S+$", re.MULTILINE)
# Every exporter of the stack has such a metric: it is 0 if the exporter does not reach its target.
_UNREACHED = re.compile(r"^\w+_up(\{.*\})? 0$", re.MULTILINE)


@dataclass(frozen=True)
class World:
    """A running stack, and the ways to it.

    ``secrets`` are its own Secrets by name, in the API's form, ``logs`` is where its logs are searched, if anywhere.
    """

    plan: Plan
    api: KubernetesApi
    inside: Inside
    hosts: Hosts
    own_tests: OwnTests
    secrets: Mapping[str, Mapping[str, Any]]
    logs: LogStore | None = None

    @property
    def pods(self) -> Pods:
        """The stack's pods."""
        return Pods(self.api, self.plan)

    @property
    def commands(self) -> Commands:
        """Commands in them."""
        return Commands(self.pods, self.inside, self.text)

    def text(self, suffix: str, key: str) -> str:
        """A text of one of the stack's Secrets.

        Raises:
            WrongError: it is not there.
        """
        name = self.plan.names.secret(suffix)
        encoded = (self.secrets.get(name, {}).get("data") or {}).get(key)
        if encoded is None:
            raise WrongError(f"Secret {name} has no {key}")
        return b64decode(encoded).decode(errors="replace")


def ask(world: World, check: Check) -> str:
    """Ask a check, and return words about a good answer; they may contain texts of Secrets.

    Raises:
        WrongError: the answer is not good, or there is none.
        NotAskedError: the check cannot be asked of this stack, in this cluster or by this user.
    """
    if why := check.unless(world.plan.config):
        raise NotAskedError(why, absent=True)
    for part in check.behind:
        world.pods.must_run(part)
    try:
        return _asked(world, check.ask, check.seconds)
    except KubernetesNotAllowedError as error:
        raise NotAskedError(f"the credential for the cluster does not allow it: {error.what}") from None
    except KubernetesError as error:
        raise WrongError(error.what) from None


def _asked(world: World, question: Ask, seconds: float) -> str:
    match question:
        case Runs(part):
            return world.pods.all_run(part)
        case Credentials(component):
            return _valid(world, component)
        case Outside():
            return _from_outside(world, question, seconds)
        case OwnTest():
            world.pods.any_runs(question.component)
            return world.own_tests.run(question, seconds)
        case Request() | ShownMetrics() | FoundLogs():
            return _by_request(world, question, seconds)
        case Command():
            return world.commands.answer(question, seconds)


def _valid(world: World, component: str) -> str:
    """The first end among the credentials that a component reads, in words."""
    suffixes = {
        suffix
        for suffix, readers in world.plan.secrets.items()
        if any(reader.component == component for reader in readers)
    }
    names = {world.plan.names.secret(suffix) for suffix in suffixes}
    if missing := sorted(names - world.secrets.keys()):
        raise WrongError(f"Secrets are missing: {', '.join(missing)}")
    own = {name: secret for name, secret in world.secrets.items() if name in names}
    found, now = sorted(credentials(world.plan, own), key=lambda each: each.expires), datetime.now(UTC)
    if over := [each for each in found if each.lasts.is_over(now)]:
        raise WrongError("; ".join(f"{each} {each.lasts.described(now)}" for each in over))
    if not found:
        raise NotAskedError("none of its Secrets has a credential with an end", absent=True)
    return f"{found[0]} {found[0].lasts.described(now)}"


def _from_outside(world: World, question: Outside, seconds: float) -> str:
    if question.host.endswith(_LOOPBACK):
        raise NotAskedError(f"{question.host} is a name of each machine's own", absent=True)
    world.pods.any_runs(question.component)
    try:
        seen = world.hosts.ask(question.host, world.text(question.tls, "tls.crt"), seconds)
    except HostError as error:
        raise WrongError(str(error)) from None
    if seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise WrongError(f"{question.host} answers with status {seen.status}")
    return f"status {seen.status}, its certificate {Validity(seen.ends).described(datetime.now(UTC))}"


def _by_request(world: World, question: Request | ShownMetrics | FoundLogs, seconds: float) -> str:
    if isinstance(question, ShownMetrics):
        return _shown(world, question, seconds)
    if isinstance(question, FoundLogs):
        return _found(world, seconds)
    return _answered(world, question, seconds)


def _answered(world: World, question: Request, seconds: float) -> str:
    world.pods.one(question.part)
    component, _, sub = question.part.partition("/")
    service = world.plan.names.workload(component, sub)
    answer = world.inside.answer(
        service, question.port, question.path, secure=question.secure, seconds=seconds
    )
    if answer.status not in question.status:
        raise WrongError(f"{question.path} is answered with status {answer.status}: {short(answer.text)}")
    if not re.search(question.holds, answer.text):
        raise WrongError(f"{question.path} is answered with something else: {short(answer.text)}")
    return f"status {answer.status}"


def _shown(world: World, question: ShownMetrics, seconds: float) -> str:
    world.pods.any_runs(question.component)
    answer = world.inside.answer(
        question.service, question.port, question.path, secure=False, seconds=seconds
    )
    if answer.status != HTTPStatus.OK:
        raise WrongError(f"{question.path} is answered with status {answer.status}: {short(answer.text)}")
    if _UNREACHED.search(answer.text):
        raise WrongError("the exporter does not reach what it is about: look at its log")
    found = len(_METRIC.findall(answer.text))
    if not found:
        raise WrongError(f"{question.path} shows no metric")
    return f"{found} metrics"


def _found(world: World, seconds: float) -> str:
    """The number of the stack's lines in the store of logs, and the components without any, in words."""
    plan = world.plan
    assert world.logs is not None  # noqa: S101 - else there is no such check
    world.pods.some_run()
    found = world.logs.lines(plan.config.namespace, plan.stack, seconds)
    silent = sorted(set(plan.config.components.deployed()) - found.keys())
    if not sum(found.values()):
        raise WrongError(f"no line within {HOURS} hours: look at the pods of {NAME}")
    return f"{sum(found.values())} lines within {HOURS} hours" + (
        f", none of {', '.join(silent)}" if silent else ""
    )
