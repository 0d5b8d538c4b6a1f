"""A running installation -> a stack that takes it over without touching a pod."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panda_infra.adoption.charts import defaults_of
from panda_infra.adoption.checkout import write_checkout
from panda_infra.adoption.installation import Installation, Tree
from panda_infra.adoption.live_secrets import SecretDifference, differences, live_values
from panda_infra.adoption.naming import names_of
from panda_infra.adoption.template_values import difference, effective
from panda_infra.adoption.workloads import ObjectChange, changes
from panda_infra.clients.helm import Helm
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import parsed
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, StackError
from panda_infra.migration.migrate import migrate
from panda_infra.plan.consumers import uses
from panda_infra.plan.make import make_plan
from panda_infra.products.migrated import Outcome
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS
from panda_infra.rules.judge import judge_given, judge_values
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import fields, missing
from panda_infra.secrets.generate import stand_ins, with_values
from panda_infra.secrets.rolling import ANNOTATION, pod_annotations
from panda_infra.tree import MISSING, merged, put

__all__ = ["Adoption", "Held", "Target", "adopt", "migrated"]


@dataclass(frozen=True)
class Target:
    """Input that an installation does not contain: its experiment, its cluster, the source of the stack's charts.

    ``charts`` is that section of the stack file, ``folders`` the path of each of its charts. ``storage_class`` is the
    stack's if no running object names one.
    """

    experiment: str
    cluster: Mapping[str, Any]
    charts: Mapping[str, Any]
    folders: Mapping[str, Path]
    storage_class: str | None = None


@dataclass(frozen=True)
class Held:
    """A chart value that stays as it was found; ``stack`` is the value that the stack would use instead."""

    component: str
    key: str
    found: Any
    stack: Any


@dataclass(frozen=True)
class Adoption:
    """The new stack, and all its differences from the running installation.

    ``objects`` are changes that no chart value prevents, by component. ``problems`` are secret
    values that are in use but that the rules refuse.
    """

    outcome: Outcome
    held: tuple[Held, ...]
    secrets: tuple[SecretDifference, ...]
    objects: Mapping[str, tuple[ObjectChange, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def migrated(found: Installation, target: Target) -> Outcome:
    """The stack that the found values make, under the names that are in use.

    Raises:
        StackError: the installation does not make a valid stack.
    """
    names = names_of({name: release.name for name, release in found.releases.items()})
    storage_class = target.storage_class or found.storage_class
    # A private temporary folder, because the values and files of the secrets chart are in it.
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as scratch:
        folder = Path(scratch) / "running"
        write_checkout(folder, found, target.experiment, target.folders, names)
        outcome = migrate(folder, target.experiment, target.cluster, storage_class)
    # Unplaced chart values need no note: `adopt` holds every chart value as it was found.
    outcome.unplaced = [note for note in outcome.unplaced if not note.file.startswith("helm/")]
    _rename(outcome, found, names)
    outcome.put(("namespace",), {"name": found.namespace, "adopt": True, "takeOver": True})
    outcome.put(("charts",), dict(target.charts))
    for name, release in found.releases.items():
        if target.charts["kind"] == "oci" and release.version != COMPONENTS[name].version:
            outcome.put(("components", name, "chart"), {"version": release.version})
    return outcome


def adopt(
    outcome: Outcome,
    found: Installation,
    target: Target,
    *,
    helm: Helm,
    make: Callable[[StackConfig], Mapping[KeyPath, str]],
    stack: str,
) -> Adoption:
    """Make the stack take over the installation without touching a pod. Its paths are relative to the current folder.

    Args:
        outcome: the stack, whose secrets may have been completed; gets the held values and the live secret values.
        found: the running installation.
        target: has the folders of the stack's charts.
        helm: renders them.
        make: makes values for those secrets that a stack needs and that can be generated.
        stack: its name.

    Raises:
        StackError: a Secret that pods read at their start cannot be made.
        HelmError: Helm refuses the stack's charts.
    """
    _drop_refused(outcome, found)
    held = _hold(outcome, found, target)
    config = _with_secrets(outcome, found)
    outcome.secrets.update(make(config))
    config = config.model_copy(update={"secrets": with_values(config.secrets, outcome.secrets)})
    if problems := list(_unknown(config)):
        raise StackError("the new stack", problems)
    contents = build(config.model_copy(update={"secrets": stand_ins(config)}))
    for (component, sub), annotation in pod_annotations(config, contents, config.secrets.hash_key).items():
        outcome.put(("components", component, "adopted", "secrets", sub), annotation[ANNOTATION])
    return Adoption(
        outcome,
        tuple(held),
        tuple(differences(config, contents, found.live)),
        _object_changes(_config(outcome), found, target, helm),
        tuple(judge_values(config, stack=stack)),
    )


def _rename(outcome: Outcome, found: Installation, names: Names) -> None:
    """Use the names of the running releases, even where the values of the secrets chart differ."""
    outcome.sections.pop("affix", None)
    if names.affix:
        outcome.sections["affix"] = names.affix
    for component, release in names.releases.items():
        outcome.put(("components", component, "release"), release)
    for component in [name for name in outcome.sections["components"] if name not in found.releases]:
        del outcome.sections["components"][component]


def _drop_refused(outcome: Outcome, found: Installation) -> None:
    """Remove typed keys that a rule would refuse, such as a moving tag: they are in use, so they are held instead."""
    parts = {(name, sub.name) for name in found.releases for sub in COMPONENTS[name].sub_components}
    while True:
        problems = judge_given(_config(outcome), stack=outcome.sections["experiment"])
        paths = [path for problem in problems if (path := parsed(problem.where)) and path[1:3] in parts]
        if not any(_remove(outcome.sections, path) for path in paths):
            return


def _remove(sections: Tree, path: KeyPath) -> bool:
    """Remove the value at the path; return whether there was one."""
    target: Any = sections
    for part in path[:-1]:
        target = target.get(part) if isinstance(target, dict) else None
    return isinstance(target, dict) and target.pop(path[-1], MISSING) is not MISSING


def _hold(outcome: Outcome, found: Installation, target: Target) -> list[Held]:
    """Keep every chart value that the stack would set differently."""
    plan = make_plan("adopt", _config(outcome))
    held: list[Held] = []
    for name, release in found.releases.items():
        defaults = defaults_of(target.folders[name])
        wanted = effective(merged(defaults, release.defaults), release.values)
        kept: Tree = {}
        for path, here, there in difference(wanted, effective(defaults, plan.release(name).values)):
            put(kept, path, None if here is MISSING else here)
            held.append(Held(name, ".".join(path), _shown(here), _shown(there)))
        outcome.put(("components", name, "adopted"), {"values": kept} if kept else {})
    return held


def _with_secrets(outcome: Outcome, found: Installation) -> StackConfig:
    """The configuration with its secrets: live values win over the values of the secrets chart."""
    config = _config(outcome)
    known = {field.path for field in fields(config)}
    given = {path: value for path, value in outcome.secrets.items() if path in known}
    config = config.model_copy(update={"secrets": with_values(config.secrets, given)})
    outcome.secrets.update(live_values(config, found.live))
    return config.model_copy(update={"secrets": with_values(config.secrets, outcome.secrets)})


def _unknown(config: StackConfig) -> Iterator[Problem]:
    """Missing secret values that pods read at their start: without them a restart could break the pods."""
    at_start = {use.suffix for _, use in uses(config) if use.read == "start"}
    for lost in missing(config):
        if at_start & lost.reaches(config).keys():
            what = f"is missing: {lost.title}; no live Secret holds it"
            yield Problem(f"secrets.{lost.key}", what, f"Give it with `--secret {lost.key}=FILE`.")


def _object_changes(
    config: StackConfig, found: Installation, target: Target, helm: Helm
) -> dict[str, tuple[ObjectChange, ...]]:
    plan = make_plan("adopt", config)
    made: dict[str, tuple[ObjectChange, ...]] = {}
    for name, release in found.releases.items():
        planned = plan.release(name)
        manifest = helm.render(planned.name, target.folders[name], found.namespace, planned.values)
        if changed := tuple(changes(release.manifest, manifest)):
            made[name] = changed
    return made


def _config(outcome: Outcome) -> StackConfig:
    return StackConfig.model_validate_json(json.dumps(outcome.sections), by_alias=True, by_name=False)


def _shown(value: Any) -> Any:
    return None if value is MISSING else value
