"""Rule about requests and limits of containers."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.quantities import amount
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["check"]

_KNOWN = frozenset({"cpu", "memory", "ephemeral-storage"})


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Resources must be known, and limits not below requests: the API would refuse the pod after the release."""
    config = subject.config
    for sub in sub_components(config):
        requests, limits = sub.config.resources.requests, sub.config.resources.limits
        where = f"{sub.where}.resources"
        for kind, resources in (("requests", requests), ("limits", limits)):
            for name in resources:
                if name not in _KNOWN and "/" not in name:
                    what = f"Kubernetes knows no such resource; it knows {', '.join(sorted(_KNOWN))}"
                    yield Problem(f"{where}.{kind}.{name}", what, "Write e.g. `memory: 16Gi`.")
        if sub.spec.reserves:
            for name in sorted(requests.keys() ^ limits.keys()):
                given, other = ("requests", "limits") if name in requests else ("limits", "requests")
                # A null removes the chart's own value, and the API server reads a null among the numbers as 0.
                what = f"is given, but {name} would be 0 among the {other}, where the chart's own value is removed"
                fix = f"Give it in both, e.g. `{other}: {{{name}: {(requests | limits)[name]}}}`."
                yield Problem(f"{where}.{given}.{name}", what, fix)
        for name in requests.keys() & limits.keys():
            if amount(requests[name]) > amount(limits[name]):
                what = f"{limits[name]} is less than the {requests[name]} that the container requests"
                fix = f"Write e.g. `limits: {{{name}: {requests[name]}}}`."
                yield Problem(f"{where}.limits.{name}", what, fix)
