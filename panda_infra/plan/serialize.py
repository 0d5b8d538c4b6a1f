"""Plan -> plain JSON values, the same for equal Plans, without any secret: what two commits are compared by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from panda_infra.plan.model import Plan, Release
from panda_infra.products.registry import product_of_experiment

__all__ = ["described"]

# Told by topic, or, of the site, told by all that it says.
_ELSEWHERE = {"hosts", "cluster", "site"}
# Of a component's configuration the rest is in its release already.
_BEYOND_THE_RELEASE = {"settings"}


def described(plan: Plan) -> dict[str, Any]:
    """The Plan by topic.

    ``components`` maps each component to its release, ``hosts`` each exposed field to its host name, ``cluster``
    is where the stack lives, ``secrets`` maps each Secret to its readers, ``shared_claim`` is the claim for logs,
    and ``settings`` is what feeds the Secrets and everything else that the stack file says in the open.
    """
    config = plan.config.model_dump(mode="json", by_alias=True, exclude=_ELSEWHERE)
    for section, settled in product_of_experiment(plan.config.experiment).settled(plan.config).items():
        config[section] |= settled
    config["components"] = {
        name: {key: value for key, value in component.items() if key in _BEYOND_THE_RELEASE}
        for name, component in config["components"].items()
        if component is not None
    }
    return {
        "cluster": plan.config.cluster.model_dump(mode="json", by_alias=True),
        "components": {release.component: _release(release) for release in plan.releases},
        "hosts": dict(plan.hosts),
        "secrets": {
            suffix: [asdict(reader) for reader in readers] for suffix, readers in plan.secrets.items()
        },
        "shared_claim": asdict(plan.shared_claim) if plan.shared_claim else None,
        "settings": config,
    }


def _release(release: Release) -> dict[str, Any]:
    plain = asdict(release)
    del plain["component"]
    return {**plain, "after": list(release.after)}
