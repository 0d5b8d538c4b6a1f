"""Count what cert-manager has issued for a stack, so that pods notice a renewed certificate."""

from __future__ import annotations

from collections.abc import Mapping

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import listing
from panda_infra.plan.certificates import API, FORM, certificate_objects
from panda_infra.plan.model import Plan
from panda_infra.products.content import TLS, SecretContent

__all__ = ["issues"]

# A Certificate has this number after its first issue; one that is not there yet gets the same.
_FIRST = 1


def issues(plan: Plan, api: KubernetesApi | None) -> dict[str, SecretContent]:
    """A stand-in for the content of each Secret that cert-manager fills, by suffix: another one after each renewal.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    wanted = {each.name: each for each in certificate_objects(plan) if each.kind == "Certificate"}
    found: Mapping[str, tuple[str, int]] = _found(plan, api) if wanted and api else {}
    made = {}
    for suffix, each in wanted.items():
        metadata = each.fields["metadata"]
        form = metadata["annotations"][FORM]
        there, revision = found.get(metadata["name"], (form, _FIRST))
        # A Certificate that is about to be made anew counts from one again.
        count = revision if there == form else _FIRST
        made[suffix] = SecretContent(suffix, TLS, {"form": form.encode(), "issue": str(count).encode()})
    return made


def _found(plan: Plan, api: KubernetesApi) -> dict[str, tuple[str, int]]:
    """Form and number of issues of each Certificate in the namespace."""
    there = listing(api, f"/apis/{API}/namespaces/{plan.config.namespace}/certificates")
    return {
        item["metadata"]["name"]: (
            (item["metadata"].get("annotations") or {}).get(FORM, ""),
            (item.get("status") or {}).get("revision") or _FIRST,
        )
        for item in there.items
    }
