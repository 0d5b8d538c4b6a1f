"""What the charts read is what is made: every key of every Secret that something reads, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import readers
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.bigmon.models import Bigmon
from panda_infra.products.panda.components.iam.models import Iam
from panda_infra.products.panda.components.idds import Idds
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.products.panda.object_store import ObjectStoreSettings
from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.products.panda.rucio import RucioSettings
from panda_infra.secrets.build import build
from tests.support import fast_yaml
from tests.support.panda import BUILDERS, COMPONENTS
from tests.unit.secrets.stacks import FULL, MINIMAL, ORACLE, config

CONTRACT: dict[str, Any] = fast_yaml.load(Path("tests/contract/secrets.yaml").read_text())
SECRETS: dict[str, dict[str, Any]] = CONTRACT["secrets"]


def variants() -> Iterator[tuple[str, StackConfig]]:
    yield "minimal", config(MINIMAL)
    yield "full", config(FULL)
    yield "oracle", config(ORACLE)
    yield (
        "rucio by oidc",
        config(MINIMAL, rucio={"host": "rucio.site.org", "account": "a", "authType": "oidc"}),
    )
    yield "database only", config({**MINIMAL, "components": {"iam-db": {}}})
    for name in COMPONENTS:
        yield f"only {name}", config({**MINIMAL, "components": {name: {}}})


VARIANTS = dict(variants())


def _provider(stack: StackConfig, name: str) -> bool:
    bigmon = stack.components.get(Bigmon)
    return bool(bigmon and name in bigmon.settings.providers)


WORDS: dict[str, Callable[[StackConfig, str], bool]] = {
    "proxy": lambda stack, _: bool(stack.of(ProxySettings).http_proxy or stack.of(ProxySettings).https_proxy),
    "http proxy": lambda stack, _: bool(stack.of(ProxySettings).http_proxy),
    "idds on oracle": lambda stack, _: bool(
        (idds := stack.components.get(Idds)) and idds.settings.database.backend == "oracle"
    ),
    "bigmon on oracle": lambda stack, _: bool(
        (panda := stack.components.get(Panda)) and panda.settings.database.backend == "oracle"
    ),
    "ui on postgresql": lambda stack, _: (
        not ((panda := stack.components.get(Panda)) and panda.settings.database.backend == "oracle")
    ),
    "provider CERNOIDC": lambda stack, _: _provider(stack, "CERNOIDC"),
    "provider Google": lambda stack, _: _provider(stack, "Google"),
    "provider github": lambda stack, _: _provider(stack, "github"),
    "provider indigoiam": lambda stack, _: _provider(stack, "indigoiam"),
    "object store": lambda stack, _: stack.maybe(ObjectStoreSettings) is not None,
    "rucio by oidc": lambda stack, _: stack.of(RucioSettings).auth_type == "oidc",
    "experiment of harvester": lambda stack, _: stack.experiment in ("doma", "lsst-prod"),
    "host per replica": lambda stack, _: stack.experiment == "lsst-prod",
    "database per replica": lambda stack, _: stack.experiment == "lsst-prod",
    "embedded idds postgres": lambda stack, _: bool(
        (idds := stack.components.get(Idds)) and idds.postgres.enabled
    ),
    "mail": lambda stack, _: bool((iam := stack.components.get(Iam)) and iam.settings.mail),
    "iam": lambda stack, _: stack.components.get(Iam) is not None,
    "internal client": lambda stack, _: stack.of(AuthSettings).internal is not None,
    "certificate": lambda stack, owner: (
        getattr(stack.secrets.certificates, owner.removesuffix("-certs")).certificate is not None
    ),
    "present": lambda _stack, _: True,
}


def test_the_catalog_names_the_readers_of_the_charts() -> None:
    catalog: dict[str, set[str]] = {}
    for name, spec in COMPONENTS.items():
        for sub in spec.sub_components:
            for use in sub.secrets:
                catalog.setdefault(use.suffix, set()).add(f"{name}/{sub.name}")
        for endpoint in spec.endpoints:
            catalog.setdefault(endpoint.tls, set()).add(f"{name}/ingress")
    assert catalog == {suffix: set(entry["readers"]) for suffix, entry in SECRETS.items()}


def test_there_is_a_builder_for_what_is_read_and_none_for_what_nobody_reads() -> None:
    assert set(BUILDERS) == set(SECRETS)
    assert not set(BUILDERS) & set(CONTRACT["unused"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_read_is_made(variant: str) -> None:
    stack = VARIANTS[variant]
    built = build(stack)
    read = readers(stack)
    assert set(built) == set(read)
    for suffix in built:
        entry = SECRETS[suffix]
        wanted = set(entry["keys"])
        if suffix == "iam-envs" and stack.components.get(Iam) is None:
            wanted = {"IAM_DB_HOST", "IAM_DB_NAME", "IAM_DB_USERNAME", "IAM_DB_PASSWORD"}
        wanted |= {key for key, word in entry.get("sometimes", {}).items() if WORDS[word](stack, suffix)}
        assert wanted - set(built[suffix].data) == set(), suffix


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_made_is_read_or_has_a_reason(variant: str) -> None:
    for suffix, content in build(VARIANTS[variant]).items():
        entry = SECRETS[suffix]
        known = {*entry["keys"], *entry.get("sometimes", {}), *entry.get("ours", {})}
        form = re.compile(entry.get("open", "$^"))
        assert [key for key in content.data if key not in known and not form.fullmatch(key)] == [], suffix
