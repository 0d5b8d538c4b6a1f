from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.delivery import SharedLogs
from panda_infra.config.load import from_file
from panda_infra.errors import StackError
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.rules.judge import judge_given
from testbed import site, workspace
from tests.support import fast_yaml


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    return write(tmp_path)


def write(folder: Path, **overrides: Any) -> Path:
    sections = {
        "experiment": "lsst",
        "cluster": {"kind": "existing"},
        "storage": {"class": "fast"},
        "auth": {"issuer": "https://iam.site.org"},
        "components": {"msgsvc": {}, "panda": {"postgres": {"enabled": False}}},
        "secrets": {"panda": {"databasePassword": {"secure": "v1:abc"}}},
        **overrides,
    }
    file = folder / "Pulumi.lsst.yaml"
    file.write_text(
        fast_yaml.dump({"config": {f"panda-infra:{key}": value for key, value in sections.items()}})
    )
    return file


def test_a_filled_stack_passes_every_rule(stack_file: Path) -> None:
    document = site.filled(stack_file)
    config = site.configuration(document)
    assert judge_given(config, stack="lsst") == []
    panda = config.components.get(Panda)
    assert panda is not None
    assert panda.settings.database.host == "database.panda-infra.internal"
    assert [client.name for client in config.of(AuthSettings).clients] == [config.of(AuthSettings).vo]


def test_what_the_stack_says_stays(tmp_path: Path) -> None:
    database = {"settings": {"database": {"host": "db.slac.stanford.edu"}}, "postgres": {"enabled": False}}
    clients = [{"name": "Rubin", "clientId": "rubin"}]
    auth = {"issuer": "https://iam.site.org", "vo": "Rubin", "clients": clients}
    given = {"components": {"msgsvc": {}, "panda": database}, "auth": auth}
    config = site.configuration(site.filled(write(tmp_path, **given)))
    panda = config.components.get(Panda)
    assert panda is not None
    assert panda.settings.database.host == "db.slac.stanford.edu"
    assert [client.client_id for client in config.of(AuthSettings).clients] == ["rubin"]


def test_what_a_site_shares_is_part_of_its_stacks_and_is_said_once(tmp_path: Path) -> None:
    shared = {"storage": {"class": "shared", "sharedLogs": {"size": "9Gi"}}, "cluster": {"noRoot": True}}
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "slac.yaml").write_text(fast_yaml.dump(shared))
    file = write(tmp_path, site="slac")
    document = site.filled(file, {"panda-infra:cluster": {"kind": "existing", "kubeconfig": "other"}})
    config = site.configuration(document)
    assert (config.storage.class_name, config.storage.shared_logs) == ("fast", SharedLogs(size="9Gi"))

    rewritten = tmp_path / "Pulumi.again.yaml"
    rewritten.write_text(fast_yaml.dump({"config": workspace.shared(document, tmp_path)}))
    said = fast_yaml.load(rewritten.read_text())["config"]
    assert said["panda-infra:storage"] == {"class": "fast"}
    assert said["panda-infra:cluster"] == {"kind": "existing", "kubeconfig": "other", "noRoot": None}
    assert from_file(rewritten).config == config
    assert "panda-infra:site" not in workspace.shared(document, tmp_path / "elsewhere")


def test_a_stack_of_an_unknown_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"there is no file sites/slac\.yaml"):
        site.filled(write(tmp_path, site="slac"))


def test_secrets_of_the_file_are_left_out(stack_file: Path) -> None:
    assert "panda-infra:secrets" not in site.filled(stack_file)


def test_a_stack_that_is_wrong_is_not_mended(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="needed by idds"):
        site.filled(write(tmp_path, components={"msgsvc": {}, "idds": {}}))


def test_the_file_itself_is_not_changed(stack_file: Path) -> None:
    before = stack_file.read_bytes()
    site.filled(stack_file)
    assert stack_file.read_bytes() == before
