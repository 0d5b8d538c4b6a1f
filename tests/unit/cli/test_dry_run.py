"""`dry-run` makes up every secret that a stack has or needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.cli.dry_run import copied_project, made_previewable, stand_in_section
from panda_infra.config.load import from_file
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.products.panda.components.msgsvc import Msgsvc
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.secrets.fields import missing
from panda_infra.stacks.document import compose
from panda_infra.stacks.project import Project
from tests.support import fast_yaml
from tests.support.stack_files import SAMPLES
from tests.unit.cli.conftest import SMALL
from tests.unit.rules.book.test_standby import problems as problems_of_standby
from tests.unit.rules.book.test_standby import write as standby_stack


def test_stand_ins_cover_what_is_missing_and_what_is_encrypted(stack_file: Path) -> None:
    text = stack_file.read_text()
    given = (
        "  panda-infra:secrets:\n    files: {panda: {a.pem: {secure: v1:x}}}\n    hashKey: {secure: v1:y}\n"
    )
    stack_file.write_text(text + given)
    loaded = from_file(stack_file)
    section = stand_in_section(loaded)
    assert section["files"]["panda"]["a.pem"]
    secrets = StackConfig.model_fields["secrets"].annotation
    assert secrets
    filled = loaded.config.model_copy(update={"secrets": secrets.model_validate(section, strict=False)})
    assert missing(filled) == []
    assert "(encrypted)" not in str(section)


@pytest.mark.parametrize(
    "given", ["{secure: v1:x}", "{msgsvc: {secure: v1:x}, files: {panda: {secure: v1:y}}}"]
)
def test_stand_ins_take_the_place_of_what_is_encrypted_as_a_whole(stack_file: Path, given: str) -> None:
    text = stack_file.read_text()
    bare = stand_in_section(from_file(stack_file))
    stack_file.write_text(f"{text}  panda-infra:secrets: {given}\n")
    section = stand_in_section(from_file(stack_file))
    assert section.keys() == bare.keys()
    assert section["msgsvc"].keys() == bare["msgsvc"].keys()


def test_a_stack_gets_a_database_that_only_its_site_knows(tmp_path: Path) -> None:
    source = SAMPLES.file("doma")
    copied = tmp_path / "Pulumi.doma.yaml"
    copied.write_text(source.read_text() + "encryptionsalt: v1:abc\n")
    made_previewable(copied, from_file(source))
    document = fast_yaml.load(copied.read_text())
    panda = document["config"]["panda-infra:components"]["panda"]
    assert panda["settings"]["database"]["host"] == "stand-in-database"
    assert document.keys() == {"config"}


def test_a_database_is_named_where_only_the_site_has_components(tmp_path: Path) -> None:
    source = tmp_path / "Pulumi.mine.yaml"
    text = SAMPLES.file("lsst").read_text().partition("  panda-infra:components:")[0]
    source.write_text(text)
    (tmp_path / "sites").symlink_to(SAMPLES.folder / "sites")
    made_previewable(source, from_file(source))
    components = from_file(source).config.components
    panda = components.get(Panda)
    assert panda is not None
    assert panda.settings.database.host == "stand-in-database"
    assert panda.jedi.replicas == 2


def test_a_secret_kubeconfig_is_the_user_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = from_file(SAMPLES.file("lsst"))
    own = tmp_path / "own"
    monkeypatch.setenv("KUBECONFIG", f"{own}:/another")
    with pytest.raises(PandaInfraError, match="rehearse lsst"):
        stand_in_section(loaded)
    user = {"client-key": "key.pem"}
    own.write_text(fast_yaml.dump({"users": [{"name": "me", "user": user}], "current-context": "here"}))
    whole = fast_yaml.load(stand_in_section(loaded)["kubeconfig"])
    assert whole["users"] == [{"name": "me", "user": {"client-key": str(tmp_path / "key.pem")}}]
    assert whole["current-context"] == "here"


def test_the_copy_says_what_the_engine_reads_in_the_file(tmp_path: Path) -> None:
    source = tmp_path / "Pulumi.x.yaml"
    text = compose(SMALL, "A small stack.").replace(
        "msgsvc: {}", "msgsvc: {values: {a: off, b: 017, c: 1:30, d: '1e3'}}"
    )
    source.write_text(text)
    loaded = from_file(source)
    made_previewable(source, loaded)
    assert from_file(source).config.components == loaded.config.components
    msgsvc = loaded.config.components.get(Msgsvc)
    assert msgsvc is not None
    assert msgsvc.values == {"a": "off", "b": 15, "c": "1:30", "d": "1e3"}


def test_rules_about_other_stacks_judge_the_copy_as_they_judge_the_project(tmp_path: Path) -> None:
    """The other one of a pair, whose file must agree."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
    for name in ("a", "b"):
        standby_stack(project, name, {"of": "a", "by": "b"})
    copy = tmp_path / "copy"
    copied_project(Project(project), "a", copy)
    assert problems_of_standby(copy, "a") == problems_of_standby(project, "a") == {}
    assert not (copy / "Pulumi.a.yaml").is_symlink()
