"""Reads an installation from Helm's records and the live objects; changes nothing."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from panda_infra.adoption.installation import AdoptionError, FoundRelease, Installation, SecretsRelease, Tree
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.helm.records import DEPLOYED, histories, read
from panda_infra.products.names import SECRET_PREFIX
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of
from panda_infra.tree import merged

__all__ = ["SECRETS_CHART", "read_installation", "read_releases", "recorded"]

SECRETS_CHART = "secrets"
# The values that the secrets chart of each product has at least.
_ALWAYS = tuple(
    names
    for product in PRODUCTS.values()
    if (names := {name for name, spec in components_of(product).items() if spec.imports.always})
)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def read_releases(api: KubernetesApi, namespace: str, without: Collection[str] = ()) -> list[FoundRelease]:
    """The components in a namespace that Helm has records of, except the releases in ``without``.

    Raises:
        AdoptionError: one of them is not deployed.
        KubernetesError: the cluster cannot be asked.
    """
    return [_release(content) for content in recorded(api, namespace, COMPONENTS, without)]


def read_installation(api: KubernetesApi, namespace: str, releases: Sequence[FoundRelease]) -> Installation:
    """The installation in a namespace: these releases, with the Secrets that they share.

    Raises:
        AdoptionError: it cannot be taken over as it is; the message has every reason.
        KubernetesError: a request to the cluster fails.
    """
    secrets = recorded(api, namespace, [SECRETS_CHART])
    problems = list(_ambiguous(releases))
    if not releases:
        problems.append(
            f"namespace {namespace} holds neither a release of PanDA's charts nor what an Argo CD Application of one "
            "has deployed: name the right one with --namespace"
        )
    if len(secrets) != 1 or secrets[0]["name"] != SECRET_PREFIX:
        names = ", ".join(content["name"] for content in secrets) or "none"
        problems.append(
            f"the secrets chart must be installed once, as release {SECRET_PREFIX}, which is what all charts "
            f"expect; found: {names}"
        )
    if problems:
        raise AdoptionError("\n".join(problems))
    return Installation(
        namespace=namespace,
        releases=_one_of_each(releases),
        secrets=_secrets_release(secrets[0]),
        live=_live_secrets(api, namespace),
        storage_class=_default_class(api),
    )


def recorded(
    api: KubernetesApi, namespace: str, charts: Collection[str], without: Collection[str] = ()
) -> list[Tree]:
    """The content of the newest record of each release of these PanDA charts.

    Raises:
        AdoptionError: one of them is not deployed.
        KubernetesError: the cluster cannot be asked.
    """
    contents: list[Tree] = []
    bad: list[str] = []
    for name, records in histories(api, namespace).items():
        content = read(api, records[-1]) if name not in without else None
        if content is None or _chart(content) not in charts or not _is_ours(content):
            continue
        contents.append(content)
        if records[-1].status != DEPLOYED:
            status = records[-1].status
            bad.append(f"release {name} is {status}: bring it to an end first, see `helm history {name}`")
    if bad:
        raise AdoptionError("\n".join(bad))
    return contents


def _chart(content: Mapping[str, Any]) -> str:
    return str(content["chart"]["metadata"]["name"])


def _is_ours(content: Mapping[str, Any]) -> bool:
    """Return whether the release's chart is PanDA's: other charts are named `ui` or `secrets`, too."""
    spec = COMPONENTS.get(_chart(content))
    if spec is None:
        values = content["chart"].get("values") or {}
        return _chart(content) == SECRETS_CHART and any(always <= values.keys() for always in _ALWAYS)
    parts = {part["name"] for part in content["chart"]["metadata"].get("dependencies") or ()}
    # Helm records only the enabled parts.
    return bool(parts) and parts <= {sub.name for sub in spec.sub_components}


def _release(content: Mapping[str, Any]) -> FoundRelease:
    chart = content["chart"]
    return FoundRelease(
        component=_chart(content),
        name=content["name"],
        version=chart["metadata"]["version"],
        manifest=content.get("manifest") or "",
        values=content.get("config") or {},
        defaults=chart.get("values") or {},
    )


def _secrets_release(content: Mapping[str, Any]) -> SecretsRelease:
    files = {
        file["name"].removeprefix("files/"): b64decode(file["data"])
        for file in content["chart"].get("files") or ()
        if file["name"].startswith("files/")
    }
    values = merged(content["chart"].get("values") or {}, content.get("config") or {})
    return SecretsRelease(content["name"], values, files)


def _one_of_each(releases: Iterable[FoundRelease]) -> dict[str, FoundRelease]:
    found = {release.component: release for release in releases}
    return {name: found[name] for name in COMPONENTS if name in found}


def _ambiguous(releases: Sequence[FoundRelease]) -> Iterable[str]:
    for component in COMPONENTS:
        names = [release.name for release in releases if release.component == component]
        if len(names) > 1:
            yield (
                f"{component} runs more than once ({', '.join(names)}), and a stack has it once: leave the others "
                f"out with --without, e.g. `--without {names[-1]}`"
            )


def _live_secrets(api: KubernetesApi, namespace: str) -> dict[str, dict[str, bytes]]:
    prefix = f"{SECRET_PREFIX}-"
    return {
        secret["metadata"]["name"].removeprefix(prefix): {
            key: b64decode(value) for key, value in (secret.get("data") or {}).items()
        }
        for secret in items(api, f"/api/v1/namespaces/{namespace}/secrets")
        if secret["metadata"]["name"].startswith(prefix)
    }


def _default_class(api: KubernetesApi) -> str | None:
    for found in items(api, "/apis/storage.k8s.io/v1/storageclasses"):
        if (found["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true":
            return str(found["metadata"]["name"])
    return None
