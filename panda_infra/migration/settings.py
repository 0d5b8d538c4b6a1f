"""The secrets chart's values -> settings and encrypted values of the stack file."""

from __future__ import annotations

from typing import Any

from panda_infra.config.unresolved import unresolved
from panda_infra.migration.checkout import Tree, mapping
from panda_infra.migration.lists import LISTS, place_list
from panda_infra.migration.outcome import Note, Outcome
from panda_infra.migration.replicas import REPLICA_KEYS, place_replicas
from panda_infra.migration.scalars import Scalar, is_placeholder
from panda_infra.migration.tables import KEYS, PLAIN, SAME_WHEN_EMPTY, SECRET, SETTLED, USUAL
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.registry import COMPONENTS
from panda_infra.tree import entries, value_at

__all__ = ["has_secrets", "place_settings", "switch"]

_PROVIDERS = {"cern": "CERNOIDC"}
_NO = frozenset({"false", "no", "off", "n", "0"})
_PROVIDER = "bigmon.auth.providers."
_MAPPINGS = {
    ".".join(key.split(".")[:length])
    for key in (*KEYS, *REPLICA_KEYS, *LISTS)
    for length in range(1, key.count(".") + 1)
}


def place_settings(values: Tree, outcome: Outcome, *, experiment: str) -> None:
    """Put every value of the secrets chart into the outcome, or note it.

    Args:
        values: the chart's values with a ``Scalar`` at each end.
        outcome: has the deployed components already; gets settings, secrets and notes.
        experiment: the stack's experiment.
    """
    # If two keys mean the same, the later row of the table wins, as in upstream's templates.
    rank = {key: index for index, key in enumerate(PLAIN)}
    leaves = sorted(entries(values), key=lambda leaf: rank.get(".".join(leaf[0]), -1))
    for path, value in leaves:
        key = ".".join(path)
        if _of_other_component(path, outcome):
            outcome.settle(_file(value), key, f"the stack does not deploy {path[0]}")
        elif isinstance(value, list):
            place_list(key, value, outcome)
        elif key in _MAPPINGS or key in LISTS:
            wanted = "list" if key in LISTS else "mapping"
            what = "text" if value.given else "empty"
            outcome.miss(value.file, key, f"is {what} where the chart reads a {wanted}")
        elif is_placeholder(value):
            outcome.settle(value.file, key, "is still a placeholder")
        elif path[0] == "cric" and key != "cric.real" and outcome.sections.get("cric") == {"real": False}:
            outcome.settle(value.file, key, "CRIC is not asked: cric.real is false")
        else:
            _place(key, value, outcome, experiment)
    place_replicas(values, outcome)
    _leave_incomplete(outcome)


def has_secrets(values: Tree, component: str) -> bool:
    """Return whether a site has set any secret of a component."""
    return any(
        isinstance(value, Scalar) and value.given and not is_placeholder(value)
        for path, value in entries(mapping(values.get(component)), (component,))
        if ".".join(path) in SECRET or path[-1] == "secret"
    )


def _of_other_component(path: tuple[str, ...], outcome: Outcome) -> bool:
    deployed = outcome.sections["components"]
    if path[0] not in COMPONENTS or path[0] in deployed or path[1:] in ((), ("enabled",)):
        return False
    # IAM's database can be deployed without IAM.
    return not (path[:2] == ("iam", "database") and "iam-db" in deployed and ".".join(path) in SECRET)


def _file(value: Any) -> str:
    if isinstance(value, list):
        return next((_file(item) for item in value), "")
    if isinstance(value, dict):
        return next((_file(item) for item in value.values()), "")
    return value.file if isinstance(value, Scalar) else ""


def _place(key: str, value: Scalar, outcome: Outcome, experiment: str) -> None:
    if words := unresolved(value.text):
        outcome.unresolved.append(Note(value.file, key, words))
    if key == "cric.real":
        outcome.put(("cric", "real"), switch(key, value, outcome), origin=(value.file, key))
    elif key in REPLICA_KEYS or (not value.given and key in SAME_WHEN_EMPTY):
        return  # `place_replicas` places the former together
    elif key in SETTLED:
        outcome.settle(value.file, key, SETTLED[key])
    elif key == "cric.ddmBlackList" and not value.given:
        outcome.put(("cric", "urls", "ddmBlacklist"), None, origin=(value.file, key))
    elif not value.given:
        why = "is empty, which no stack file can say: what another key says or the stack has by default holds"
        outcome.miss(value.file, key, why)
    elif key in PLAIN:
        _place_plain(key, value, outcome)
    elif key in SECRET:
        text = literal(key, value, outcome)
        outcome.keep(tuple(SECRET[key].split(".")), text, origin=(value.file, key))
    else:
        _place_special(key, value, outcome, experiment)


def _place_special(key: str, value: Scalar, outcome: Outcome, experiment: str) -> None:
    if USUAL.get(key) == value.text:
        literal(key, value, outcome)
        outcome.settle(value.file, key, "is what the charts fix anyway")
    elif key in ("panda.hostName", "bigmon.hostname"):
        _place_host(key, value, outcome)
    elif key == "harvester.experiment" and value.text == EXPERIMENTS[experiment].harvester:
        outcome.settle(value.file, key, "follows from the stack's experiment")
    elif key.startswith(_PROVIDER) and key.count(".") == _PROVIDER.count(".") + 1:
        _place_provider(key, value, outcome)
    else:
        outcome.miss(value.file, key, "nothing in a stack file stands for it")


def _place_plain(key: str, value: Scalar, outcome: Outcome) -> None:
    where, convert = PLAIN[key]
    target = tuple(where.split("."))
    try:
        converted = convert(value)
    except ValueError:
        outcome.miss(value.file, key, f"does not fit {where}")
        return
    if isinstance(converted, bool):
        switch(key, value, outcome, taken=converted)
    else:
        literal(key, value, outcome)
    if target in outcome.origins and value_at(outcome.sections, target, None) != converted:
        outcome.miss(*outcome.origins[target], f"says otherwise than {key}, which the chart prefers")
    outcome.put(target, converted, origin=(value.file, key))


def switch(key: str, value: Scalar, outcome: Outcome, *, taken: bool | None = None) -> bool:
    """A template's interpretation of a yes or no; noted if it differs from the text."""
    taken = value.true if taken is None else taken
    meant = value.text.lower() not in _NO
    if value.given and taken != meant:
        why = f"is taken for {'true' if taken else 'false'} by the chart, and so here: correct it if it means the other"
        outcome.miss(value.file, key, why)
    return taken


def literal(key: str, value: Scalar, outcome: Outcome) -> str:
    """The value's text; noted if Helm reads a number or a boolean and prints another text."""
    if value.text != value.rendered:
        why = "stands without quotes, and Helm prints it otherwise: taken as it stands there, look what runs with it"
        outcome.miss(value.file, key, why)
    return value.text


def _place_host(key: str, host: Scalar, outcome: Outcome) -> None:
    component = key.partition(".")[0]
    known = outcome.sections.get("hosts", {}).get(component)
    if known is None:
        outcome.put(("hosts", component), host.text, origin=(host.file, key))
    elif known != host.text:
        why = f"differs from the host in the charts' values, which became hosts.{component}"
        outcome.miss(host.file, key, why)


def _place_provider(key: str, value: Scalar, outcome: Outcome) -> None:
    *_, given, field = key.split(".")
    name = _PROVIDERS.get(given, given)
    settings = ("components", "bigmon", "settings", "providers", name)
    text, origin = literal(key, value, outcome), (value.file, key)
    if field == "key":
        outcome.put((*settings, "clientId"), text, origin=origin)
    elif field == "basePath":
        outcome.put((*settings, "basePath"), text, origin=origin)
    elif field == "secret":
        outcome.keep(("bigmon", "providerSecrets", name), text, origin=origin)
    else:
        outcome.miss(value.file, key, "BigMon reads no such field of a provider")


def _leave_incomplete(outcome: Outcome) -> None:
    """Remove settings that are useless without a value that the site has not filled in."""
    sections = outcome.sections
    for parents, required in (
        (("auth", "internal"), ("clientId",)),
        (("auth", "tokenCache"), ("clientId",)),
        (("objectStore",), ("host", "bucket")),
    ):
        given = mapping(value_at(sections, parents, None))
        if given and not set(required) <= given.keys():
            for key in given:
                why = f"is of no use without {' and '.join(required)}, which the checkout does not say"
                outcome.settle(*outcome.origin((*parents, key)), why)
            mapping(value_at(sections, parents[:-1], None)).pop(parents[-1])
    _settle_profiles(mapping(value_at(sections, ("components", "iam", "settings"), None)), outcome)


def _settle_profiles(iam: Tree, outcome: Outcome) -> None:
    """Keep the profile oidc only with an identity provider, because IAM needs both together."""
    where = outcome.origin(("components", "iam", "settings", "profiles"))
    given, provided = "oidc" in iam.get("profiles", ()), "identityProvider" in iam
    if given and not provided:
        iam["profiles"].remove("oidc")
        outcome.settle(
            *where, "oidc is of no use without an identity provider, which the checkout does not say"
        )
    elif provided and not given and "profiles" in iam:
        outcome.miss(*where, "does not name oidc, which a stack with an identity provider always has")
