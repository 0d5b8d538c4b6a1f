"""Complete stacks for their consumers: `tests/stacks` has one as sites have it, and others with each switch turned.

The others hold every secret that they can have, each with every special character that its readers take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.secrets.fields import Field, fields
from panda_infra.secrets.generate import stand_ins, with_values
from panda_infra.secrets.usable import check_value
from testbed import site
from testbed.consumers.service_token import with_service_token
from testbed.workspace import overridden
from tools import REPOSITORY

__all__ = ["STACKS", "complete", "odd", "odd_text", "with_files"]

STACKS = {file.stem: file for file in sorted((REPOSITORY / "tests" / "stacks").glob("*.yaml"))}
_USUAL = "usual"
_SPECIAL = "".join(map(chr, range(0x20, 0x7F))) + "\té€"
_OF_OWN_USERS = ("bigmon.databasePassword", "ui.databasePassword")
_CLIENT_OF_HARVESTER = '{"issuer": "https://login.site.org", "client_id": "c", "client_secret": "s"}'


@cache
def complete(stack: str) -> StackConfig:
    """A stack's configuration with made-up values for all secrets."""
    config = site.configuration(overridden(STACKS[stack], {}))
    config = with_files(config.model_copy(update={"secrets": stand_ins(config)}))
    config = config.model_copy(update={"secrets": with_service_token(config)})
    if stack == _USUAL:
        return config
    secrets = with_values(config.secrets, dict(_odd_ones(config)))
    return config.model_copy(update={"secrets": secrets})


def with_files(config: StackConfig) -> StackConfig:
    """The stack with clients in those of Harvester's files that its credential manager reads."""
    files: dict[Path, str] = {
        field.path: _CLIENT_OF_HARVESTER
        for field in fields(config)
        if field.path[:2] == ("files", "harvesterAuth") and str(field.path[-1]).endswith(".json")
    }
    return config.model_copy(update={"secrets": with_values(config.secrets, files)})


def odd(field: Field, config: StackConfig) -> str:
    """A text of every character that a secret value may hold."""
    return odd_text(lambda text: not any(check_value(field, text, config)))


def odd_text(accepted: Callable[[str], bool]) -> str:
    """A text of every special character that is accepted, the odd ones at both ends too."""
    legal = [each for each in _SPECIAL if accepted(f"a{each}z")]
    first = next((each for each in "=#-!" if accepted(f"{each}a")), "a")
    last = next((each for each in " =#!-" if accepted(f"a{each}")), "z")
    text = f"{first}a{''.join(legal)}z{last}"
    assert accepted(text)
    return text


def _odd_ones(config: StackConfig) -> Iterator[tuple[Path, str]]:
    for field in fields(config):
        if field.key in _OF_OWN_USERS and not field.is_required(config):
            continue  # it would be another password for PanDA's user
        if field.key == "auth.idToken" and "iam" in config.components.deployed():
            continue  # the stack's own IAM has signed it
        if not field.is_file and field.path != ("hashKey",) and field.reaches(config):
            yield field.path, odd(field, config)
