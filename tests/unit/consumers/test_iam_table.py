"""`tests/contract/iam.yaml` is what IAM has at the version that the stack deploys."""

from __future__ import annotations

import re

import pytest

from panda_infra.products.registry import COMPONENTS
from panda_infra.secrets.build import build
from tests.support.readers.iam import TABLE, upstream
from tests.support.readers.spring import from_yaml
from tests.unit.secrets.stacks import FULL, config

FILES = [name for name in TABLE if name.startswith("application")]


def test_the_version_is_that_of_the_image() -> None:
    (main,) = [sub for sub in COMPONENTS["iam"].sub_components if sub.name == "main"]
    _, tag = main.default_image
    assert TABLE["version"] == tag


def test_every_variable_of_the_stack_is_in_it() -> None:
    texts = "".join(text for name in FILES for text, _ in TABLE[name].values())
    known = set(re.findall(r"\$\{(IAM_\w+)", texts))
    # Those that the stack's own file names, and the shell's.
    others = {"IAM_CILOGON_CLIENT_ID", "IAM_CILOGON_CLIENT_SECRET", "IAM_JAVA_OPTS"}
    given = {name for name in build(config(FULL))["iam-envs"].data if name.startswith("IAM_")}
    assert given - others - known == set()


@pytest.mark.parametrize("name", FILES)
def test_iams_own_files_say_so(name: str) -> None:
    folder = upstream()
    if folder is None:
        pytest.skip("PANDA_INFRA_UPSTREAM_SOURCES names no folder with a checkout `iam` of IAM's sources")
    own = from_yaml((folder / f"{name}.yml").read_text())
    assert {key: own.get(key) for key in TABLE[name]} == {key: text for key, (text, _) in TABLE[name].items()}
