from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from panda_infra.review.compare import touched
from panda_infra.review.describe import revision
from panda_infra.review.revision import Revision
from tests.support import fast_yaml
from tests.support.stacks import sections
from tools import REPOSITORY

Edit = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Revision:
    """What a `folder` is before a test touches it."""
    return revision(project(tmp_path_factory.mktemp("before")))


def project(folder: Path) -> Path:
    (folder / "Pulumi.yaml").write_text("name: panda-infra\n")
    for name in ("panda_infra", "cric_jsons"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__main__.py", "requirements.lock"):
        shutil.copy(REPOSITORY / name, folder)
    config = {f"panda-infra:{key}": value for key, value in sections(cric={"real": False}).items()}
    config["panda-infra:secrets"] = {"hashKey": {"secure": "v1:aaaa:bbbb"}}
    config["pulumi:disable-default-providers"] = ["kubernetes"]
    write(folder, config)
    return folder


def write(folder: Path, config: object) -> None:
    (folder / "Pulumi.test.yaml").write_text(fast_yaml.dump({"config": config}))


def changed(folder: Path, before: Revision) -> list[str]:
    return [
        path for change in touched(before, revision(folder)) for path in (*change.reasons, *_paths(change))
    ]


def _paths(change: object) -> list[str]:
    return [each.path for each in change.differences]  # type: ignore[attr-defined]


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_stack_is_described_with_fingerprints_of_what_is_encrypted(before: Revision) -> None:
    stack = before.stacks["test"]
    assert stack.problems == ()
    assert stack.plan is not None
    assert stack.plan["engine"] == {"pulumi:disable-default-providers": ["kubernetes"]}
    assert set(stack.encrypted or ()) == {"secrets.hashKey"}
    assert "bbbb" not in str(stack)
    assert "cric_jsons/sites.json" in (stack.files or {})


@pytest.mark.parametrize(
    ("file", "edit", "reported"),
    [
        ("Pulumi.test.yaml", ("v1:aaaa:bbbb", "v1:aaaa:cccc"), "encrypted.secrets.hashKey"),
        ("cric_jsons/sites.json", ("{", "{ "), "files.cric_jsons/sites.json"),
        (
            "requirements.lock",
            ("pulumi-kubernetes==", "pulumi-kubernetes==9"),
            "what makes resources of a Plan changed: pulumi-kubernetes",
        ),
        (
            "panda_infra/delivery/releases.py",
            ('"maxHistory": 10', '"maxHistory": 11'),
            "what makes resources of a Plan changed: panda_infra/delivery",
        ),
        (
            "Pulumi.yaml",
            ("panda-infra", "panda-infra\nmain: src"),
            "what makes resources of a Plan changed: Pulumi.yaml",
        ),
    ],
)
def test_what_decides_a_deployment_is_seen(
    before: Revision, folder: Path, file: str, edit: tuple[str, str], reported: str
) -> None:
    edited(folder / file, *edit)
    assert changed(folder, before) == [reported]


@pytest.mark.parametrize(
    "file", ["panda_infra/delivery/releases.py", "panda_infra/plan/make.py", "cric_jsons/README.md"]
)
def test_words_are_not(before: Revision, folder: Path, file: str) -> None:
    path = folder / file
    path.write_text(
        f'"""Other words."""\n\n# A comment.\n{path.read_text()}'.replace(
            '"""Other words."""\n\n# A comment.\n"""', '"""Other '
        )
    )
    assert changed(folder, before) == []


def test_a_site_decides_what_its_stacks_do_not(before: Revision, folder: Path) -> None:
    plain = fast_yaml.load((folder / "Pulumi.test.yaml").read_text())["config"]
    (folder / "sites").mkdir()
    site = folder / "sites" / "here.yaml"
    moved = {key: plain.pop(f"panda-infra:{key}") for key in ("cluster", "storage")}
    site.write_text(fast_yaml.dump(moved))
    write(folder, plain | {"panda-infra:site": "here"})
    assert changed(folder, before) == []

    edited(site, "standard", "other")
    assert "settings.storage.class" in changed(folder, before)
    site.unlink()
    assert revision(folder).stacks["test"].problems == (
        "site: there is no file sites/here.yaml\n      Sites known here: none.",
    )


def test_a_stack_that_breaks_a_rule_has_no_plan_and_one_that_awaits_its_site_has(
    before: Revision, folder: Path
) -> None:
    config = fast_yaml.load((folder / "Pulumi.test.yaml").read_text())["config"]
    write(folder, config | {"panda-infra:hosts": {"panda": "panda.site.org", "iam": "panda.site.org"}})
    broken = revision(folder)
    (problem,) = broken.stacks["test"].problems
    assert broken.stacks["test"].plan is None
    assert problem.startswith("hosts.iam: is the host of hosts.panda too")
    (change,) = touched(before, broken)
    assert (change.reasons, change.differences) == ((f"head: {problem}",), ())
    (mended,) = touched(broken, before)
    assert mended.reasons == (f"base: {problem}",)

    external = {"panda": {"postgres": {"enabled": False}}}
    write(folder, config | {"panda-infra:components": config["panda-infra:components"] | external})
    awaiting = revision(folder).stacks["test"]
    assert awaiting.problems == ()
    assert awaiting.plan is not None


def test_a_stack_with_problems_is_described_by_them(folder: Path) -> None:
    write(folder, {"panda-infra:experiment": "doma"})
    stack = revision(folder).stacks["test"]
    assert stack.plan is None
    assert any("cluster" in problem for problem in stack.problems)


def test_stacks_that_share_a_namespace_of_one_cluster_have_no_plan(folder: Path) -> None:
    config = fast_yaml.load((folder / "Pulumi.test.yaml").read_text())
    (folder / "Pulumi.other.yaml").write_text(fast_yaml.dump(config))
    stacks = revision(folder).stacks
    assert {name: stack.plan for name, stack in stacks.items()} == {"test": None, "other": None}
    assert stacks["other"].problems[0].startswith("namespace: panda is that of test too, in the same cluster")
