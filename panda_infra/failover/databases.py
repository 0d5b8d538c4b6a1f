"""The databases of a pair of stacks: those of the operator, which follow each other, and those of the site."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import Inside
from panda_infra.clients.kubernetes.objects import true_conditions
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import API, Operated, operated
from panda_infra.products.registry import COMPONENTS, product_of_experiment

__all__ = ["behind", "demotion_token", "found", "is_promoted", "is_replica", "of_the_site", "unready"]

_SECONDS = 20.0
_CONTAINER = "postgres"
_PSQL = ("psql", "-U", "postgres", "-At", "-c")
_BEHIND = (
    "select case when pg_is_in_recovery() then coalesce(round(extract(epoch from now() - "
    "pg_last_xact_replay_timestamp()))::text, 'unknown') else 'promoted' end"
)
_PROMOTED = "promoted"


def found(plan: Plan, api: KubernetesApi, each: Operated) -> Mapping[str, Any]:
    """A database as the operator describes it; empty if it is not there.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    path = f"/apis/{API}/namespaces/{plan.config.namespace}/clusters/{each.cluster}"
    seen: Mapping[str, Any] = api.call("GET", path, missing=True) or {}
    return seen


def unready(plan: Plan, api: KubernetesApi) -> list[str]:
    """The operator's databases that are not ready, with the phase that the operator reports of each.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    missing = []
    for each in operated(plan):
        seen = found(plan, api, each)
        if "Ready" not in true_conditions(seen):
            phase = (seen.get("status") or {}).get("phase") or "the operator reports nothing about it"
            missing.append(f"{each.cluster}: {phase if seen else 'is not there'}")
    return missing


def behind(plan: Plan, api: KubernetesApi, inside: Inside, each: Operated) -> str:
    """The lag of a database behind the one that it follows, in words; or that it is promoted."""
    answer = _answer(plan, api, inside, each)
    if answer == _PROMOTED:
        return "is written to"
    return f"is {answer} s behind" if answer.isdigit() else f"follows, how far behind is not known ({answer})"


def is_replica(seen: Mapping[str, Any]) -> bool:
    """True if the operator knows that a database follows another one."""
    replica = (seen.get("spec") or {}).get("replica") or {}
    return bool(replica) and replica.get("self") != replica.get("primary")


def is_promoted(plan: Plan, api: KubernetesApi, inside: Inside, each: Operated) -> bool:
    """True if a database accepts writes, and has received everything up to the position in its token.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    seen = found(plan, api, each)
    if not seen or is_replica(seen):
        return False
    if token := seen["spec"].get("replica", {}).get("promotionToken"):
        return bool((seen.get("status") or {}).get("lastPromotionToken") == token)
    return _answer(plan, api, inside, each) == _PROMOTED


def demotion_token(seen: Mapping[str, Any]) -> str | None:
    """The position that a database's followers must reach after its demotion; None until the operator has it.

    The token of an earlier demotion is of an earlier timeline, so it does not count.
    """
    status = seen.get("status") or {}
    token = status.get("demotionToken")
    if not token or (status.get("switchReplicaClusterStatus") or {}).get("inProgress"):
        return None
    try:
        said = json.loads(base64.b64decode(token))["latestCheckpointTimelineID"]
        return token if int(said) == int(status["timelineID"]) else None
    except (binascii.Error, ValueError, LookupError, TypeError):
        return None


def of_the_site(config: StackConfig) -> list[str]:
    """The hosts of the databases that a stack uses and that are the site's, sorted."""
    names, section = config.names, config.postgres
    own = {
        database.service(names, settings.instances)
        for component, settings in (section.databases.items() if section else ())
        if (database := COMPONENTS[component].postgres)
    }
    context = product_of_experiment(config.experiment).context(config)
    remotes = {
        remote.host
        for name, component in config.components.deployed().items()
        for sub, _ in enabled_sub_components(COMPONENTS[name], component)
        for remote in sub.remotes(context)
        if "database" in remote.what
    }
    return sorted(remotes - own - {""})


def _answer(plan: Plan, api: KubernetesApi, inside: Inside, each: Operated) -> str:
    """The answer of a database's first server: its lag in seconds, that it is promoted, or why it does not answer."""
    primary = (found(plan, api, each).get("status") or {}).get("currentPrimary")
    if not primary:
        return "no server is named"
    try:
        ended = inside.run(primary, _CONTAINER, (*_PSQL, _BEHIND), seconds=_SECONDS)
    except KubernetesError as error:
        return error.what
    lines = ended.output.strip().splitlines()
    return lines[-1] if lines and not ended.code else "no answer"
