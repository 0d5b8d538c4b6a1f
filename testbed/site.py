"""Stand-ins for values that only a stack's site knows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.rules.judge import judge_given
from testbed.workspace import PROJECT, overridden

__all__ = ["configuration", "filled", "stack_name"]

# Missing key -> stand-in. The host does not exist, because no simulated pod connects to it.
_STAND_INS: Mapping[str, str] = {
    r"components\.[a-z-]+\.settings\.database\.host": "database.panda-infra.internal",
    r"cluster\.kubeconfig": "kubeconfig",
}

_CLIENTS = "auth.clients"


def stack_name(stack_file: Path) -> str:
    """The name of the stack of a file ``Pulumi.<stack>.yaml``."""
    return stack_file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def configuration(document: Mapping[str, Any]) -> StackConfig:
    """The configuration in a stack file's ``config``, not judged by rules."""
    prefix = f"{PROJECT}:"
    own = {key.removeprefix(prefix): value for key, value in document.items() if key.startswith(prefix)}
    return StackConfig.model_validate_json(json.dumps(own), by_alias=True, by_name=False)


def filled(stack_file: Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The ``config`` of a stack file without its secrets, with a stand-in for each value that the site must give.

    Args:
        stack_file: from the repository or a site.
        overrides: sections by their full keys, which replace those of the file.

    Raises:
        StackError: it breaks rules that no value of the site would satisfy.
    """
    document = overridden(stack_file, overrides or {})
    # The other stack of a pair is not there: each is rehearsed as one that is active.
    document.pop(f"{PROJECT}:standby", None)
    problems = judge_given(configuration(document), stack=stack_name(stack_file))
    if wrong := [problem for problem in problems if _stand_in(problem.where) is None]:
        raise StackError(stack_file.name, wrong)
    for problem in problems:
        _put(document, problem.where, _stand_in(problem.where))
    config = configuration(document)
    if _lacks_clients(config):
        _put(document, _CLIENTS, [{"name": config.of(AuthSettings).vo, "clientId": "stand-in"}])
    return document


def _lacks_clients(config: StackConfig) -> bool:
    """True if OIDC clients are missing: no rule requires them, but the PanDA server needs one to accept tokens."""
    return config.components.get(Panda) is not None and not config.of(AuthSettings).clients


def _stand_in(where: str) -> str | None:
    return next((value for key, value in _STAND_INS.items() if re.fullmatch(key, where)), None)


def _put(document: dict[str, Any], where: str, value: Any) -> None:
    section, *parents, last = where.split(".")
    here = document.setdefault(f"{PROJECT}:{section}", {})
    for part in parents:
        here = here.setdefault(part, {})
    here[last] = value
