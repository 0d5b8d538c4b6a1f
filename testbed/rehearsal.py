"""A rehearsal: deploys, updates and destroys a whole stack file on the test bed."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.plan.make import make_plan
from panda_infra.rules.book.delivery import helm_alone
from panda_infra.secrets.generate import revealed, stand_ins
from panda_infra.tree import merged
from testbed import charts, instances, leftovers, prerequisites, references, site
from testbed.api import Api
from testbed.argocd_bed.bed import beside_installation
from testbed.bed import Bed
from testbed.consumers import deployed
from testbed.consumers.registry import OF_PANDA
from testbed.consumers.run import run as start
from testbed.consumers.run import table
from testbed.consumers.sandbox import Check
from testbed.consumers.service_token import with_service_token
from testbed.errors import BedError
from testbed.places import Place, place
from testbed.workspace import PROJECT, Result, Workspace, overridden, shared
from tools import REPOSITORY
from tools.versions import ARGO_CD

__all__ = ["Change", "Delivery", "Report", "changes", "delivered", "in_place", "rehearse"]


Delivery = Literal["helm", "argocd"]

_SECRETS, _DELIVERY, _ARGO_CD = f"{PROJECT}:secrets", f"{PROJECT}:delivery", f"{PROJECT}:argocd"
_CERTIFICATES = f"{PROJECT}:certificates"
_FLAWLESS = "nothing missing, no change by the second up, nothing left"


@dataclass(frozen=True)
class Report:
    """The result of a rehearsal.

    ``seconds`` are those of each step, in order. ``missing`` are broken references of pods after the first `up`,
    ``changed`` are changes by the second one, and ``left`` are objects that exist after `destroy` but did not before.
    ``consumers`` are the checks of PanDA's own software, if it was started, and ``refuted`` the requirements of which a
    check of `verify` has failed, if it was asked.
    """

    stack: str
    seconds: Mapping[str, float]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    left: tuple[str, ...]
    consumers: tuple[Check, ...] = ()
    refuted: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True if the stack is complete, stable, read by its consumers, and leaves nothing behind."""
        read = all(check.passed for check in self.consumers)
        return read and not (self.missing or self.changed or self.left or self.refuted)

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self.seconds.items())
        flaws = [f"missing: {what}" for what in self.missing]
        flaws += [f"changed by the second up: {what}" for what in self.changed]
        flaws += [f"not as required: {requirement}" for requirement in self.refuted]
        flaws += [f"left behind: {path}" for path in self.left]
        reported = f"{self.stack}: {steps}; {'; '.join(flaws) or _FLAWLESS}"
        return f"{reported}\n{table(self.consumers)}" if self.consumers else reported


@dataclass(frozen=True)
class Change:
    """A change of a stack: its former version is deployed, its present one previewed.

    ``sources`` is a checkout of the earlier commit. ``previewed`` gets the engine's preview as JSON.
    """

    sources: Path
    previewed: Callable[[str], None]


def rehearse(
    stack_file: Path,
    *,
    change: Change | None = None,
    bed: Bed | None = None,
    checkout: Path | None = None,
    delivery: Delivery | None = None,
    consumers: bool = False,
    verified: Path | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> Report:
    """Deploy a stack, deploy it again, destroy it, with stand-ins for its secrets and its site's values.

    Args:
        stack_file: ``Pulumi.<stack>.yaml``, which is not changed.
        change: if given, the rehearsal begins with the stack of an earlier commit, at the same site.
        bed: a running bed whose charts are used; without it one is started, and stopped at the end.
        checkout: of the real charts, which a newly started bed gets instead of the fixture charts.
        delivery: of the stack, instead of that in its file. Argo CD is installed by the stack itself.
        consumers: if true, PanDA's own software is started with the cluster's objects.
        verified: a folder for the reports of `verify`, as JSON and JUnit, asked after the second `up`.
        report: gets a line before each step.

    Raises:
        StackError: the stack file is invalid.
        BedError: a step failed; the message contains the engine's output.
    """
    stack = site.stack_name(stack_file)
    config = site.configuration(overridden(stack_file, {}))
    with _own_bed(stack, config, checkout, report) if bed is None else nullcontext(bed) as used:
        with place(used, make_plan(stack, config)) as where:
            workspace = Workspace(used.state / "rehearsals" / stack, stack)
            before = where.inventory()
            former = _former(change.sources / stack_file.name, used, where, report) if change else None
            document = in_place(stack_file, used, where, delivery)
            with _deliverer(used, where, document):
                steps = _Run(where, workspace, document, report, consumers=consumers, verified=verified)
                lived = steps.life(change, former)
            left = leftovers.remaining(where.inventory, before) + _resources(workspace)
        shutil.rmtree(workspace.folder)
    return replace(lived, left=left)


def _own_bed(
    stack: str, config: StackConfig, checkout: Path | None, report: Callable[[str], None]
) -> AbstractContextManager[Bed]:
    report(f"{stack}: starting a test bed")
    inside = isinstance(config.cluster, ExistingCluster)
    room = prerequisites.workers(make_plan(stack, config)) if inside else 0
    name = f"rehearsal-{stack[:20]}-{secrets.token_hex(3)}"
    return instances.running(name, nodes=room, charts=charts.chosen(checkout))


def _deliverer(bed: Bed, where: Place, document: Mapping[str, Any]) -> AbstractContextManager[object]:
    """The processes of the Argo CD that the stack installs, if that delivers it."""
    if not _is_by_argo_cd(document.get(_DELIVERY)):
        return nullcontext()
    return beside_installation(bed, document[_ARGO_CD]["namespace"], cluster=where.made)


def in_place(stack_file: Path, bed: Bed, where: Place, delivery: Delivery | None = None) -> dict[str, Any]:
    """The stack file with the cluster of its place, and without protection, which would prevent its destruction.

    No place has cert-manager, so that certificates are made here where that would issue them.
    """
    overrides = {
        f"{PROJECT}:cluster": dict(where.cluster),
        f"{PROJECT}:charts": {"kind": "oci", "repository": bed.chart_repository},
        f"{PROJECT}:lifecycle": {"protect": False},
    }
    if (overridden(stack_file, {}).get(_CERTIFICATES) or {}).get("kind") == "cert-manager":
        overrides[_CERTIFICATES] = {"kind": "generated"}
    document = site.filled(stack_file, overrides)
    if site.configuration(document).adopts_namespace:
        # The adopted namespace does not exist there.
        document[f"{PROJECT}:namespace"] = f"panda-{site.stack_name(stack_file)}"
    for component in document[f"{PROJECT}:components"].values():
        component.pop("chart", None)  # pins builds that are missing from the bed's registry
    return document | delivered(document, delivery)


def delivered(document: Mapping[str, Any], delivery: Delivery | None) -> dict[str, Any]:
    """The sections about the delivery; an Argo CD is the stack's own, because the place has none.

    What Argo CD cannot deliver stays with Helm if the ``delivery`` is asked for here.
    """
    wanted = delivery or document.get(_DELIVERY)
    if delivery == "argocd" and (stays := list(helm_alone(site.configuration(document)))):
        wanted = {"kind": delivery, "byHelm": stays}
    if not _is_by_argo_cd(wanted):
        return {_DELIVERY: "helm"} if delivery else {}
    own = {"version": ARGO_CD, "namespace": "argocd", **(document.get(_ARGO_CD) or {})}
    # The bed's charts are in its registry, where no branch can be followed.
    kept = (
        {key: value for key, value in wanted.items() if key != "follow"}
        if isinstance(wanted, dict)
        else wanted
    )
    return {_DELIVERY: kept, _ARGO_CD: own | {"existing": False}}


def _is_by_argo_cd(delivery: Any) -> bool:
    """Return whether a section `delivery`, a name or a mapping, means Argo CD."""
    return (delivery.get("kind") if isinstance(delivery, dict) else delivery) == "argocd"


def _former(stack_file: Path, bed: Bed, where: Place, report: Callable[[str], None]) -> dict[str, Any] | None:
    """An earlier stack file in its place; None if there was none, or it is no longer valid."""
    if not stack_file.exists():
        return None
    try:
        return in_place(stack_file, bed, where)
    except (StackError, ValidationError):
        stack = site.stack_name(stack_file)
        report(f"{stack}: the earlier stack file cannot be read any more, so all of it shows as new")
        return None


class _Run:
    """The steps of one rehearsal."""

    def __init__(
        self,
        where: Place,
        workspace: Workspace,
        document: Mapping[str, Any],
        report: Callable[[str], None],
        *,
        consumers: bool,
        verified: Path | None,
    ) -> None:
        self._consumers, self._verified = consumers, verified
        self.seconds: dict[str, float] = {}
        self._where, self._workspace, self._document, self._report = where, workspace, document, report
        self._config = site.configuration(document)
        made = self._config.model_copy(update={"secrets": stand_ins(self._config)})
        self._secrets = revealed(with_service_token(made))
        workspace.create(shared(document, REPOSITORY))
        workspace.encrypt(_SECRETS, self._secrets)

    def life(self, change: Change | None, former: Mapping[str, Any] | None) -> Report:
        """Run all steps, beginning with the former stack if there is one."""
        try:
            if former and change:
                self._deploy(change.sources, former)
            if change:
                change.previewed(self._preview())
            self._step("up", "up")
            missing = references.check(self._where.kubernetes(), self._config.namespace)
            again = self._step("up again", "up", "--json")
            tried = self._tried() if self._consumers else ()
            refuted = self._asked(self._verified) if self._verified else ()
        except BedError:
            self._engine("destroy")
            raise
        self._step("destroy", "destroy")
        reported = tuple(map(str, missing))
        return Report(
            self._workspace.stack,
            self.seconds,
            reported,
            changes(again.stdout),
            left=(),
            consumers=tried,
            refuted=refuted,
        )

    def _deploy(self, sources: Path, document: Mapping[str, Any]) -> None:
        """Deploy the former stack with its own program, then switch to the present one."""
        self._workspace.link(sources)
        self._workspace.rewrite(shared(document, sources))
        # Common secrets keep their values, because a new one would show as a change.
        secrets = merged(revealed(stand_ins(site.configuration(document))), self._secrets)
        self._workspace.encrypt(_SECRETS, secrets)
        self._step("up before the change", "up")
        self._workspace.link(REPOSITORY)
        self._workspace.rewrite(shared(self._document, REPOSITORY))
        self._workspace.encrypt(_SECRETS, self._secrets)

    def _tried(self) -> tuple[Check, ...]:
        """The checks of PanDA's own software with the cluster's present objects."""
        self._report(f"{self._workspace.stack}: consumers")
        held = deployed.live(Api(self._where.kubernetes().kubeconfig), self._config.namespace)
        return tuple(start(held, self._config, tuple(OF_PANDA), self._report))

    def _asked(self, folder: Path) -> tuple[str, ...]:
        """Ask the running stack by `verify`, keep its reports, and return the requirements that are not fulfilled."""
        stack = self._workspace.stack
        self._report(f"{stack}: verify")
        folder.mkdir(parents=True, exist_ok=True)
        junit = (folder / "verify.xml").resolve()
        command = [sys.executable, "-m", "panda_infra", "verify", stack, "--json", "--junit", str(junit)]
        done = subprocess.run(
            command,
            cwd=self._workspace.folder,
            env={**self._workspace.environment(), **self._where.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise BedError(f"verify {stack} gave no report:\n{done.stderr.strip()}") from None
        (folder / "verify.json").write_text(done.stdout)
        failed = (each for each in answer["requirements"] if each["result"] == "failed")
        return tuple(f"{each['id']}, {each['title']}" for each in failed)

    def _preview(self) -> str:
        self._report(f"{self._workspace.stack}: preview")
        words = ("preview", "--json", "--diff", "--stack", self._workspace.stack)
        return self._workspace.pulumi(*words, environment=self._where.environment).stdout

    def _step(self, name: str, command: str, *arguments: str) -> Result:
        stack = self._workspace.stack
        self._report(f"{stack}: {name}")
        began = time.monotonic()
        result = self._engine(command, *arguments)
        self.seconds[name] = time.monotonic() - began
        if result.code:
            raise BedError(f"rehearsal of {stack}: {name} failed:\n{result.text.strip()}")
        return result

    def _engine(self, command: str, *arguments: str) -> Result:
        return self._workspace.unattended(command, *arguments, environment=self._where.environment)


def changes(stdout: str) -> tuple[str, ...]:
    """The changes of an `up`, from its machine-readable output with one event a line."""
    events = [json.loads(line) for line in stdout.splitlines() if line.startswith('{"sequence"')]
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    return tuple(f"{step['op']} {step['urn']}" for step in steps if step["op"] not in ("same", "read"))


def _resources(workspace: Workspace) -> tuple[str, ...]:
    """The URNs of the resources in the engine's state."""
    resources = json.loads(workspace.exported_state())["deployment"].get("resources") or []
    return tuple(resource["urn"] for resource in resources)
