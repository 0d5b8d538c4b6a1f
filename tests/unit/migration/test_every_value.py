"""Each value of a site, changed or emptied alone, is in the Secrets as upstream's chart puts it, or reported."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panda_infra.config.scalars import read_values
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.migration.migrate import migrate
from panda_infra.products.migrated import Outcome
from panda_infra.secrets.build import build
from tests.support import fast_yaml
from tests.support.panda import COMPONENTS
from tests.support.site_values import SITE, VARIANTS
from tests.support.upstream_secrets import flat, rendered
from tests.unit.migration.conftest import SiteCheckout
from tests.unit.secrets.stacks import merged

_CLUSTER = {"kind": "existing", "kubeconfig": "kubeconfig"}
_KNOWN: dict[str, Case] = {}
_DEVIATIONS = Path("docs/deviations.md").read_text()
Texts = dict[str, str]
Keys = tuple[str | int, ...]

# Keys of Secrets that differ on purpose, each with words of the line of docs/deviations.md about it. Such a key
# must still follow a value that changes it upstream.
DIFFERENT: Mapping[str, str] = {
    "panda-envs PANDA_(URL|API_URL)": "`https` at the port without TLS",
    "harvester-envs PANDA_URL": "`https` at the port without TLS",
    "bigmon-envs CRIC_API_URL": "`https` at the port without TLS",
    "harvester-envs BIGMON_BASE_URL": "a literal template text",
    "harvester-envs HARVESTER_CRIC_SCHEDCONFIG": "a literal template text",
    "harvester-envs HARVESTER_DB_HOST_(ADD_INDEX|PREFIX|DOMAIN)": "`HARVESTER_DB_HOST_ADD_INDEX`",
    "harvester-envs HARVESTER_CRIC_OS": "CRIC's object stores default to its storage endpoints",
    "(harvester|iam)-initdb .*": "`IF NOT EXISTS`",
    "idds-envs IDDS_SERVER": "a host without its end",
    "iam-envs IAM_DB_HOST": "the database that the stack has",
    "msgsvc-envs ACTIVEMQ_CHANNELS": "two of JEDI's queues are not authorized",
    "bigmon-envs BIGMON_HOST": "follow from `hosts`",
    "bigmon-envs BIGMON_DB_ACCESS": "database settings that do not exist",
    "bigmon-envs PANDA_DB_.*": "falls back to PanDA's, key by key",
    "bigmon-envs IDDS_DB_(HOST|PORT)": "the database of iDDS is the one that iDDS has",
    "harvester-envs PANDA_AUTH_ID_TOKEN": "names the file that its credential manager writes",
    "bigmon-envs BIGMON_AUTH_PROVIDER_LIST": "under the name that BigMon has for it",
    "panda-token-cache token_cache_config.json internal endpoint": "asks for the audience",
    ".* no_proxy": "`no_proxy` includes BigMon",
    ".* https?_proxy": "the wrong proxy",
}
# Those that follow other values than upstream's.
OWN: Mapping[str, str] = {
    "(panda|bigmon)-envs (PANDA_)?RUCIO_CA_CERT": "follow `rucio.caCertificates`",
    "(harvester|iam-db)-envs MARIADB_ROOT_PASSWORD": "a password of its own",
    "idds-envs IDDS_RECEIVER_DESTINATION": "the topic to which the server and JEDI send",
    "idds-envs PANDA_MONITOR_URL": "`PANDA_MONITOR_URL` is BigMon's exposed host",
}


class Case:
    """A site's values, and what upstream's chart and an import make of them."""

    def __init__(
        self, site: SiteCheckout, values: Mapping[str, Any], refused: frozenset[str] = frozenset()
    ) -> None:
        text = fast_yaml.dump(dict(values), sort_keys=False)
        (site.folder / "secrets" / "values.yaml").write_text(text)
        self.theirs: Texts = {}
        self.ours: Texts = {}
        self.outcome = Outcome()
        try:
            self.outcome = migrate(site.folder, "lsst-prod", _CLUSTER, "standard")
        except StackError as error:
            # A whole stack that cannot be is no silent one, if the error names the key.
            if not {problem.where for problem in error.problems} & refused:
                raise
            return
        self.theirs = flat(rendered(read_values(text, "values.yaml")))
        self.ours = flat(_built(self.outcome))

    @property
    def reported(self) -> set[str]:
        return {note.key for note in (*self.outcome.unplaced, *self.outcome.settled)}


def _built(outcome: Outcome) -> dict[str, Texts]:
    secrets: dict[str, Any] = {}
    for path, text in outcome.secrets.items():
        here = secrets
        for part in path[:-1]:
            here = here.setdefault(str(part), {})
        here[str(path[-1])] = text
    config = StackConfig.model_validate_json(json.dumps({**outcome.sections, "secrets": secrets}))
    return {
        suffix: {key: value.decode() for key, value in content.data.items()}
        for suffix, content in build(config).items()
    }


def paths(tree: Any, path: Keys = ()) -> Iterator[Keys]:
    """The path of each value."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if items is None:
        yield path
    else:
        for key, item in items:
            yield from paths(item, (*path, key))


def silent(before: Case, after: Case, changed: frozenset[str]) -> list[str]:
    """The keys of Secrets in which a change of a value, known by these names, went by without a word."""
    if any(
        _within(reported, name) or _within(name, reported) for reported in after.reported for name in changed
    ):
        return []
    return [
        key
        for key, text in after.theirs.items()
        if text != after.ours.get(key)
        and not _is(key, OWN)
        and not (_is(key, DIFFERENT) and _followed(key, before, after))
    ]


def _within(key: str, owner: str) -> bool:
    return key == owner or key.startswith((f"{owner}.", f"{owner}["))


def _is(key: str, table: Mapping[str, str]) -> bool:
    return any(re.fullmatch(pattern, key) for pattern in table)


def _followed(key: str, before: Case, after: Case) -> bool:
    """Whether a value that differs on purpose still follows what changes it upstream."""
    same_there = before.theirs.get(key) == after.theirs[key]
    return same_there or before.ours.get(key) != after.ours.get(key)


def with_value(base: Mapping[str, Any], path: Keys, value: Any) -> dict[str, Any]:
    """Values with one other value: a given one, or what a function makes of the present one."""
    values = deepcopy(dict(base))
    here: Any = values
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value(here[path[-1]]) if callable(value) else value
    return values


def other(value: Any) -> Any:
    """A value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) or value.isdigit():
        return type(value)(int(value) + 1)
    return f"{value}x" if value else "x"


def names(path: Keys, values: Mapping[str, Any]) -> frozenset[str]:
    """How the import may call a key: entries of lists by their names, or by their place where they have none."""
    found = {""}
    here: Any = values
    for part in path:
        here = here[part]
        if isinstance(part, int):
            entry = here.get("name") if isinstance(here, dict) else str(here).partition(":")[0]
            found = {f"{key}[{each}]" for key in found for each in (part, entry)}
        else:
            found = {f"{key}.{part}" if key else part for key in found}
    return frozenset(found)


@pytest.fixture
def site(tmp_path: Path) -> SiteCheckout:
    """A checkout that deploys every component for Rubin's production."""
    checkout = SiteCheckout(tmp_path / "panda-k8s")
    for chart in (name for name, spec in COMPONENTS.items() if spec.upstream):
        checkout.values(chart, "lsst-prod", {"global": {}})
    return checkout


CHANGES = [
    (variant, path, kind)
    for variant, change in VARIANTS.items()
    for path in paths(merged(SITE, change) if variant == "as it is" else change)
    for kind in ("other", "empty", "null", "off", "mapping")
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_site_is_imported_as_it_is(site: SiteCheckout, variant: str) -> None:
    case = Case(site, merged(SITE, VARIANTS[variant]))
    assert silent(case, case, frozenset()) == []


def _survives(site: SiteCheckout, variant: str, path: Keys, kind: str) -> None:
    changes = {"empty": "", "null": None, "off": "off", "mapping": {"a": "b"}}
    values = with_value(merged(SITE, VARIANTS[variant]), path, changes.get(kind, other))
    known = names(path, values)
    after = Case(site, values, refused=known)
    assert silent(_as_it_is(site, variant), after, known) == []


def _as_it_is(site: SiteCheckout, variant: str) -> Case:
    if variant not in _KNOWN:
        _KNOWN[variant] = Case(site, merged(SITE, VARIANTS[variant]))
    return _KNOWN[variant]


@given(st.sampled_from(CHANGES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_some_values_survive_a_change(site: SiteCheckout, change: tuple[str, Keys, str]) -> None:
    _survives(site, *change)


@pytest.mark.long
@pytest.mark.parametrize(("variant", "path", "kind"), CHANGES)
def test_every_value_survives_a_change(site: SiteCheckout, variant: str, path: Keys, kind: str) -> None:
    _survives(site, variant, path, kind)


@pytest.mark.parametrize("words", [*DIFFERENT.values(), *OWN.values()])
def test_what_differs_is_documented(words: str) -> None:
    assert words in _DEVIATIONS
