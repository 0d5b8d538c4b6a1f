"""`check` judges stack files offline."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli.errors import INCOMPLETE
from tests.support import fast_yaml
from tests.support.stack_files import SAMPLES


def test_a_good_stack_is_ok(run: Any, stack_file: Path) -> None:
    assert stack_file.exists()
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "small: ok\n")


def test_every_problem_of_every_stack_is_reported_at_once(run: Any, stack_file: Path) -> None:
    other = stack_file.with_name("Pulumi.other.yaml")
    other.write_text(
        stack_file.read_text().replace("iam-db: {}", "iamdb: {}").replace("replicas: 2", "replicas: x")
    )
    result = run("check")
    assert result.exit_code == 1
    assert "small: ok" in result.stdout
    assert "did you mean `iam-db`?" in result.stderr
    assert "components.panda.server.replicas" in result.stderr


def test_other_programs_get_json(run: Any, stack_file: Path) -> None:
    stack_file.write_text(stack_file.read_text().replace("panda.cern.ch", "not a host"))
    result = run("check", "small", "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["small"]
    assert problem["where"] == "hosts.panda"


def test_an_unknown_stack_is_reported_with_the_nearest(run: Any, stack_file: Path) -> None:
    assert stack_file.exists()
    result = run("check", "smal")
    assert (result.exit_code, "did you mean small?" in result.stderr) == (1, True)


def test_the_files_of_cric_are_looked_at(run: Any, stack_file: Path) -> None:
    folder = stack_file.parent / "cric_jsons"
    copy = shutil.copytree(folder, stack_file.parent / "ours")
    (copy / "sites.json").write_bytes(b'\xef\xbb\xbf{"A": {"name": NaN}}')
    stack_file.write_text(stack_file.read_text() + "  panda-infra:cric: {real: false, folder: ours}\n")
    result = run("check", "small")
    assert result.exit_code == 1
    assert "ours/sites.json: starts with a byte order mark" in result.stderr


def test_the_files_are_found_from_a_folder_further_down(
    run: Any, stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stack_file.parent / "docs").mkdir(exist_ok=True)
    stack_file.write_text(stack_file.read_text() + "  panda-infra:cric: {real: false}\n")
    monkeypatch.chdir(stack_file.parent / "docs")
    assert run("check", "small").exit_code == 0


def test_a_stack_without_clients_is_right_but_reported(run: Any, stack_file: Path) -> None:
    assert stack_file.exists()
    result = run("check", "small")
    assert result.exit_code == 0
    assert "note: auth.clients: is empty: panda would accept no token" in " ".join(result.stderr.split())


def test_outside_of_a_project_it_says_so(run: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert result.exit_code == 1
    assert "does not lie in a checkout of panda-infra" in result.stderr


def test_several_stacks_are_judged_in_less_than_a_second(run: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(SAMPLES.folder)
    begin = time.process_time()
    result = run("check", "--json")
    assert time.process_time() - begin < 1
    assert {"doma", "lsst", "local"} <= json.loads(result.stdout).keys()


def test_stacks_that_would_take_each_others_namespace_are_refused(run: Any, stack_file: Path) -> None:
    stack_file.with_name("Pulumi.other.yaml").write_text(stack_file.read_text())
    result = run("check", "other", "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["other"]
    assert problem["where"] == "namespace"
    assert "panda is that of small too, in the same cluster" in problem["what"]
    assert run("check").stderr.count("in the same cluster") == 2


def test_a_stack_that_waits_for_its_site_is_not_a_wrong_one(run: Any, stack_file: Path) -> None:
    document = fast_yaml.load(stack_file.read_text())
    document["config"]["panda-infra:components"]["panda"]["postgres"] = {"enabled": False}
    stack_file.write_text(fast_yaml.dump(document))
    waiting = run("check", "small")
    assert waiting.exit_code == INCOMPLETE
    assert "Pulumi.small.yaml: waits for the site, which alone knows 1 value" in waiting.stderr
    assert "components.panda.settings.database.host: is missing" in waiting.stderr
    assert "note: auth.clients: is empty" in waiting.stderr
    (reported,) = json.loads(run("check", "small", "--json").stdout)["small"]
    assert reported["awaits_site"] is True


def test_the_worst_of_all_stacks_counts(run: Any, stack_file: Path) -> None:
    good = stack_file.read_text()
    stack_file.with_name("Pulumi.waiting.yaml").write_text(good.replace("panda.cern.ch", "CHANGEME"))
    assert run("check").exit_code == INCOMPLETE
    stack_file.with_name("Pulumi.wrong.yaml").write_text(good.replace("panda.cern.ch", "not a host"))
    wrong = run("check")
    assert wrong.exit_code == 1
    assert "small: ok" in wrong.stdout


def test_what_is_wrong_beside_what_is_missing_is_wrong(run: Any, stack_file: Path) -> None:
    text = stack_file.read_text().replace("panda.cern.ch", "CHANGEME").replace("replicas: 2", "replicas: x")
    stack_file.write_text(text)
    assert run("check").exit_code == 1


@pytest.mark.parametrize("stack", ["doma", "lsst", "lsst-prod", "sphenix", "atlas-testbed"])
def test_stacks_without_values_of_their_sites_wait_for_these(run: Any, monkeypatch: Any, stack: str) -> None:
    monkeypatch.chdir(SAMPLES.folder)
    assert run("check", stack).exit_code == INCOMPLETE
