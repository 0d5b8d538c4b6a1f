"""Whatever form a stack file has, a new secret changes nothing else in it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.encryption import encrypt, make_stack
from panda_infra.stacks.replace import former
from tests.support import fast_yaml
from tests.unit.cli.conftest import FakeCli

_SECTION = f"{NAMESPACE}:secrets"
_HEAD = "# about the file\nencryptionsalt: v1:salt\nconfig:\n  other:number: 0777 # octal\n"


class Stack:
    """A stack file in a folder, and the CLI that can decrypt it."""

    def __init__(self, folder: Path) -> None:
        self.memory = FakeCli()
        self.file = folder / "Pulumi.s.yaml"
        self.pulumi = _Cli("pulumi", folder, memory=self.memory)

    @property
    def clear(self) -> dict[str, Any]:
        """The section of the secrets as the engine has it."""
        return json.loads(self.pulumi.config("s")[0].get(_SECTION, "{}"))  # type: ignore[no-any-return]


class _Cli(Pulumi):
    def __init__(self, executable: str, folder: Path, *, memory: FakeCli) -> None:
        super().__init__(executable, folder)
        object.__setattr__(self, "memory", memory)

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        return self.memory.run(self, *arguments, stdin=stdin)  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


_GROUPS = st.sampled_from(["msgsvc", "panda", "idds"])
_NAMES = st.sampled_from(["password", "panda", "a.pem", "12", "on"])
_VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just('{"json": "text"}')
_TREES = st.dictionaries(
    _GROUPS, st.recursive(_VALUES, lambda inner: st.dictionaries(_NAMES, inner, max_size=3)), max_size=4
).filter(lambda tree: all(isinstance(value, dict) for value in tree.values()))
_FORMS: Mapping[str, Callable[[FakeCli, dict[str, Any]], Any]] = {
    "each value": lambda memory, tree: {name: _leaves(memory, group) for name, group in tree.items()},
    "the whole": lambda memory, tree: memory.secure(tree),
    "each group": lambda memory, tree: {name: memory.secure(group) for name, group in tree.items()},
}


def _leaves(memory: FakeCli, tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _leaves(memory, item) for name, item in tree.items()}
    return memory.secure(tree)


def _opened(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Groups that the engine hands over as texts."""
    return {name: json.loads(group) if isinstance(group, str) else group for name, group in tree.items()}


@given(
    tree=_TREES,
    form=st.sampled_from(list(_FORMS)),
    flow=st.booleans(),
    path=st.tuples(_GROUPS, _NAMES) | st.tuples(_GROUPS, _NAMES, _NAMES),
    value=_VALUES,
)
def test_nothing_is_lost_whatever_the_form(
    tree: dict[str, Any], form: str, flow: bool, path: tuple[str, ...], value: str
) -> None:
    with TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        section = fast_yaml.dump(
            {_SECTION: _FORMS[form](stack.memory, tree)}, default_flow_style=flow, width=1000
        )
        section = section.removeprefix("{").removesuffix("}\n") if flow else section
        body = "".join(f"  {line}\n" for line in section.splitlines())
        stack.file.write_text(_HEAD + body + "# the end\n")
        would_drop = _would_drop(tree, path)
        try:
            encrypt(stack.pulumi, "s", {path: value})
        except PandaInfraError:
            assert would_drop
            assert stack.file.read_text() == _HEAD + body + "# the end\n"
            return
        assert not would_drop
        wanted = json.loads(json.dumps(tree))
        place = wanted
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
        assert _opened(stack.clear) == wanted
        text = stack.file.read_text()
        assert text.startswith(_HEAD)
        assert text.endswith("# the end\n")


def _would_drop(tree: Any, path: tuple[str, ...]) -> bool:
    """Whether a value stands where a mapping must be, or the other way round."""
    for part in path:
        if not isinstance(tree, dict):
            return True
        if part not in tree:
            return False
        tree = tree[part]
    return isinstance(tree, dict) and bool(tree)


def test_a_section_that_is_encrypted_as_a_whole_keeps_its_groups_and_its_form(stack: Stack) -> None:
    whole = stack.memory.secure({"msgsvc": {"basePassword": "b"}, "files": {"panda": {"j": '{"a": 1}'}}})
    stack.file.write_text(fast_yaml.dump({"config": {_SECTION: whole}}))
    encrypt(stack.pulumi, "s", {("panda", "databasePassword"): "new", ("idds", "databasePassword"): "also"})
    assert fast_yaml.load(stack.file.read_text())["config"][_SECTION].keys() == {"secure"}
    assert stack.clear == {
        "msgsvc": {"basePassword": "b"},
        "files": {"panda": {"j": '{"a": 1}'}},
        "panda": {"databasePassword": "new"},
        "idds": {"databasePassword": "also"},
    }


def test_a_value_that_others_share_is_not_changed_for_them(stack: Stack) -> None:
    shared = stack.memory.secure("shared")["secure"]
    text = (
        f"config:\n  {_SECTION}:\n    panda:\n      databasePassword: &p\n        secure: {shared}\n"
        "    idds:\n      databasePassword: *p\n"
    )
    stack.file.write_text(text)
    with pytest.raises(PandaInfraError, match=r"without a change of secrets\.idds\.databasePassword"):
        encrypt(stack.pulumi, "s", {("panda", "databasePassword"): "new"})
    assert stack.file.read_text() == text
    encrypt(stack.pulumi, "s", {("idds", "databasePassword"): "new"})
    assert stack.clear == {"panda": {"databasePassword": "shared"}, "idds": {"databasePassword": "new"}}


def test_a_whole_that_is_no_mapping_is_refused_and_its_value_is_not_shown(stack: Stack) -> None:
    stack.file.write_text(fast_yaml.dump({"config": {_SECTION: stack.memory.secure("hunter2")}}))
    with pytest.raises(
        PandaInfraError, match=r"Pulumi\.s\.yaml stays as it is: secrets is no mapping"
    ) as caught:
        encrypt(stack.pulumi, "s", {("panda", "databasePassword"): "new"})
    assert "hunter2" not in str(caught.value)


def test_the_former_content_is_kept_with_the_rights_of_the_file(stack: Stack) -> None:
    before = "config:\n  other:x: y # why\n"
    stack.file.write_text(before)
    stack.file.chmod(0o600)
    encrypt(stack.pulumi, "s", {("panda", "databasePassword"): "new"})
    kept = former(stack.file)
    assert kept.name == "Pulumi.s.yaml~"
    assert kept.read_text() == before
    assert {stat.S_IMODE(file.stat().st_mode) for file in (stack.file, kept)} == {0o600}
    assert sorted(file.name for file in stack.file.parent.iterdir()) == ["Pulumi.s.yaml", "Pulumi.s.yaml~"]


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(stack: Stack) -> None:
    stack.file.write_text("config: {}\n")
    with pytest.raises(PandaInfraError, match="changed by somebody else meanwhile"):
        encrypt(
            stack.pulumi,
            "s",
            {("panda", "databasePassword"): "new"},
            lambda _: stack.file.write_text("config: {other:x: y}\n"),  # type: ignore[arg-type]
        )
    assert stack.file.read_text() == "config: {other:x: y}\n"


def test_a_link_to_a_file_stays_one(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "real.yaml").write_text("config: {}\n")
    stack.file.symlink_to(folder / "real.yaml")
    encrypt(stack.pulumi, "s", {("panda", "databasePassword"): "new"})
    assert stack.file.is_symlink()
    assert stack.clear == {"panda": {"databasePassword": "new"}}


def test_a_new_stack_costs_its_file_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def rewrite(*_: object) -> None:
        document = fast_yaml.load(stack.file.read_text())
        stack.file.write_text(fast_yaml.dump({"config": document["config"], "encryptionsalt": "v1:new"}))

    before = "# about\nextra: 1\nconfig:\n  other:x: &x 0777\n  other:y: *x\n"
    stack.file.write_text(before)
    monkeypatch.setattr(_Cli, "create", rewrite)
    make_stack(stack.pulumi, "s", None)
    assert stack.file.read_text() == before + "encryptionsalt: v1:new\n"
    assert former(stack.file).read_text() == before


def test_a_stack_that_cannot_be_made_costs_its_file_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        stack.file.write_text("half")
        raise PulumiError("no")

    stack.file.write_text("config: {} # mine\n")
    monkeypatch.setattr(_Cli, "create", fail)
    with pytest.raises(PulumiError, match="no"):
        make_stack(stack.pulumi, "s", None)
    assert stack.file.read_text() == "config: {} # mine\n"
