from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.errors import StackError
from panda_infra.plan.rules import check
from testbed import site


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    return write(tmp_path)


def write(folder: Path, **overrides: Any) -> Path:
    sections = {
        "experiment": "lsst",
        "cluster": {"kind": "existing"},
        "storage": {"class": "fast"},
        "components": {"msgsvc": {}, "panda": {"postgres": {"enabled": False}}},
        "secrets": {"panda": {"databasePassword": {"secure": "v1:abc"}}},
        **overrides,
    }
    file = folder / "Pulumi.lsst.yaml"
    file.write_text(
        yaml.safe_dump({"config": {f"panda-infra:{key}": value for key, value in sections.items()}})
    )
    return file


def test_the_gaps_are_the_sites_values_and_the_secrets(stack_file: Path) -> None:
    gaps = site.gaps(stack_file)
    assert gaps[:3] == ["cluster.kubeconfig", "components.panda.settings.database.host", "auth.clients"]
    assert "secrets.msgsvc.basePassword" in gaps


def test_a_filled_stack_passes_every_rule(stack_file: Path) -> None:
    document = site.filled(stack_file)
    config = site.configuration(document)
    assert check(config, stack="lsst") == []
    assert config.components.panda is not None
    assert config.components.panda.settings.database.host == "database.panda-infra.internal"
    assert [client.name for client in config.auth.clients] == [config.auth.vo]


def test_what_the_stack_says_stays(tmp_path: Path) -> None:
    database = {"settings": {"database": {"host": "db.slac.stanford.edu"}}, "postgres": {"enabled": False}}
    clients = [{"name": "Rubin", "clientId": "rubin"}]
    given = {"components": {"msgsvc": {}, "panda": database}, "auth": {"vo": "Rubin", "clients": clients}}
    config = site.configuration(site.filled(write(tmp_path, **given)))
    assert config.components.panda is not None
    assert config.components.panda.settings.database.host == "db.slac.stanford.edu"
    assert [client.client_id for client in config.auth.clients] == ["rubin"]


def test_secrets_of_the_file_are_left_out(stack_file: Path) -> None:
    assert "panda-infra:secrets" not in site.filled(stack_file)


def test_a_stack_that_is_wrong_is_not_mended(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="needs panda"):
        site.filled(write(tmp_path, components={"msgsvc": {}, "idds": {}}))


def test_the_file_itself_is_not_changed(stack_file: Path) -> None:
    before = stack_file.read_bytes()
    site.filled(stack_file)
    assert stack_file.read_bytes() == before
