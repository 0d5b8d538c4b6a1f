"""Rule about adopted components: the names by which others find them must be the stack's."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


_RENAMED = ("fullnameOverride", "nameOverride")


@rule("components", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """Found values may not rename Services or Secrets, and adopted sub-components must exist."""
    config = subject.config
    prefix = config.names.secrets
    for name, component in config.components.deployed().items():
        adopted = component.adopted
        if adopted is None:
            continue
        where = f"components.{name}.adopted"
        subs = [sub.name for sub in COMPONENTS[name].sub_components]
        for sub in subs:
            below = adopted.values.get(sub)
            values = below if isinstance(below, dict) else {}
            for key in _RENAMED:
                if values.get(key):
                    what = "renames a Service, which the others find by the name of its release"
                    fix = "Rename it back in the running release first; see docs/take-over-a-running-installation.md."
                    yield Problem(f"{where}.values.{sub}.{key}", what, fix)
        shared = adopted.values.get("global")
        secret = shared.get("secret", prefix) if isinstance(shared, dict) else prefix
        if secret != prefix:
            what = f"names the Secrets {secret}-..., while a stack's are called {prefix}-..."
            fix = f"Install the secrets chart as release {prefix} and let the component use it first."
            yield Problem(f"{where}.values.global.secret", what, fix)
        for sub in adopted.secrets:
            if sub not in subs:
                what = f"{name} has no such part"
                yield Problem(f"{where}.secrets.{sub}", what, f"Remove it; parts: {', '.join(subs)}.")
