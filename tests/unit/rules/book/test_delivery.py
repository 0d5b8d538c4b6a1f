"""The fixes of the rules about the delivery are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panda_infra.config.load import from_file
from panda_infra.errors import StackError
from panda_infra.rules.judge import Judge
from tests.support import fast_yaml
from tests.support.bad_stacks import CASES, text_of

_WITHOUT = next(case for name, case in CASES.items() if name.endswith("no Argo CD to deliver"))


def problems(file: Path) -> dict[str, str]:
    try:
        from_file(file, rules=Judge(folder=file.parent))
    except StackError as error:
        return {problem.where: problem.fix for problem in error.problems}
    return {}


@pytest.mark.parametrize("number", [0, 1])
def test_each_way_to_name_an_argo_cd_ends_the_problem(tmp_path: Path, number: int) -> None:
    file = tmp_path / "Pulumi.demo.yaml"
    file.write_text(text_of(_WITHOUT))
    fix = problems(file)["delivery"]
    written = re.findall(r"`(argocd: [^`]*)`", fix)[number]
    document = fast_yaml.load(file.read_text())
    document["config"] |= {f"panda-infra:{key}": value for key, value in fast_yaml.load(written).items()}
    file.write_text(fast_yaml.dump(document))
    assert "delivery" not in problems(file)
