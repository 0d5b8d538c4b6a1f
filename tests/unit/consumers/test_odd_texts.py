"""What a stack may hold besides secrets survives its readers; what would be replaced there is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from tests.support.consumers import odd_text
from tests.support.materialised import configuration, containers_of
from tests.support.readers import bigmon, iam, ui
from tests.unit.secrets.stacks import FULL, config

# Texts of people's own that are no secrets, by their places in the stack.
TEXTS = (
    ("components", "bigmon", "settings", "elasticUser"),
    ("components", "bigmon", "settings", "mailUser"),
    ("components", "bigmon", "settings", "prmonLocation"),
    ("components", "bigmon", "settings", "providers", "github", "clientId"),
    ("components", "iam", "settings", "organisation"),
    ("components", "iam", "settings", "title"),
    ("components", "iam", "settings", "identityProvider", "clientId"),
    ("components", "iam", "settings", "identityProvider", "scope"),
    ("components", "iam", "settings", "identityProvider", "button"),
    ("components", "ui", "settings", "clientId"),
)


def test_every_text_that_a_stack_may_hold_is_read_as_it_is(charts: Path) -> None:
    stack = config(FULL)
    known = {path: odd_text(partial(_is_accepted, path)) for path in TEXTS}
    for path, text in known.items():
        stack = _with(stack, path, text)
    secrets = configuration("tests/turned").secrets
    found = containers_of("test", stack.model_copy(update={"secrets": secrets}), charts)
    settings = bigmon.read(found["bigmon/main"]).settings
    assert settings["ES"]["esUser"] == known[TEXTS[0]]
    assert settings["EMAIL_HOST_USER"] == known[TEXTS[1]]
    assert settings["SOCIAL_AUTH_GITHUB_KEY"] == known[TEXTS[3]]
    read = iam.read(found["iam/main"])
    assert read.properties["iam.organisation.name"] == known[TEXTS[4]]
    assert read.properties["iam.topbarTitle"] == known[TEXTS[5]]
    assert (read.providers[0].client_id, read.providers[0].button) == (known[TEXTS[6]], known[TEXTS[8]])
    assert ui.read(found["ui/backend"]).oauth["CLIENT_ID"] == known[TEXTS[9]]


@pytest.mark.parametrize("path", TEXTS, ids=".".join)
@pytest.mark.parametrize("text", ["a${HOME}", "${A:b}"])
def test_no_text_that_would_be_replaced_is_accepted(path: tuple[str, ...], text: str) -> None:
    assert not _is_accepted(path, text)


def _is_accepted(path: tuple[str, ...], text: str) -> bool:
    try:
        _with(config(FULL), path, text)
    except ValueError:
        return False
    return True


def _with(stack: StackConfig, path: tuple[str, ...], text: str) -> StackConfig:
    document: dict[str, Any] = stack.model_dump(mode="json", by_alias=True, exclude_unset=True)
    here = document
    for part in path[:-1]:
        here = here.setdefault(part, {})
    here[path[-1]] = text
    document["secrets"] = {}
    return StackConfig.model_validate_json(json.dumps(document))
