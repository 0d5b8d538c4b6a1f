"""`import` on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panda_infra.authority import make_authority
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.products.panda.cric import CricSettings
from panda_infra.stacks.project import Project
from tests.support import fast_yaml
from tests.unit.cli.conftest import FakeCli
from tests.unit.migration.conftest import SiteCheckout


@pytest.fixture
def site(tmp_path: Path) -> SiteCheckout:
    checkout = SiteCheckout(tmp_path / "panda-k8s")
    checkout.values("panda", "dev", {"server": {"replicaCount": 2, "persistentvolume": {"class": "nas"}}})
    checkout.secrets(
        {"panda": {"database": {"password": "canary"}}, "auth": {"authIdToken": "t"}, "odd": {"x": "y"}}
    )
    return checkout


def test_a_checkout_becomes_a_stack_file_with_encrypted_secrets(
    run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    made = make_authority("a site's", now=datetime.now(UTC)).issue(["panda-server"])
    site.file("panda_certs/hostcert.pem", made.certificate.encode())
    site.file("panda_certs/hostkey.pem", made.key.encode())
    site.file("panda_certs/chain.pem", made.chain.encode())
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc")
    assert result.exit_code == 0, result.stderr
    config = Project(project).judge("mine").config
    panda = config.components.get(Panda)
    assert panda is not None
    assert panda.server.replicas == 2
    assert {"canary", "t"} <= set(fake_cli.values.values())
    assert "canary" not in result.output + (project / "Pulumi.mine.yaml").read_text()


def test_what_has_no_place_is_listed(run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout) -> None:
    assert project
    assert fake_cli
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc", "--json")
    report = json.loads(result.stdout)
    assert [note["key"] for note in report["unplaced"]] == ["odd.x"]


def test_a_stack_file_is_completed_and_otherwise_kept(
    run: Any, stack_file: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    refused = run("import", "small", str(site.folder), "-e", "dev")
    assert (refused.exit_code, "--secrets-only" in refused.stderr) == (1, True)
    result = run("import", "small", str(site.folder), "-e", "dev", "--secrets-only")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "stored, encrypted, in Pulumi.small.yaml: auth.idToken, panda.databasePassword" in result.stderr
    assert "'certificates.panda' --file host.p12" in result.stderr
    assert "canary" in fake_cli.values.values()
    config = Project(stack_file.parent).load("small").config
    assert (config.storage.class_name, config.hosts.of("panda")) == ("standard", "panda.cern.ch")


def test_secrets_alone_need_nothing_of_the_checkout_that_the_stack_file_says(
    run: Any, stack_file: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    site.values("panda", "dev", {"server": {"replicaCount": 2}})
    result = run("import", "small", str(site.folder), "--secrets-only")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "canary" in fake_cli.values.values()
    assert Project(stack_file.parent).load("small").config.storage.class_name == "standard"


def test_what_is_encrypted_as_a_whole_takes_the_secrets_and_keeps_its_own(
    run: Any, stack_file: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    document = fast_yaml.load(stack_file.read_text())
    document["config"]["panda-infra:secrets"] = fake_cli.secure({"msgsvc": {"basePassword": "kept"}})
    stack_file.write_text(fast_yaml.dump(document))
    result = run("import", "small", str(site.folder), "--secrets-only")
    assert result.exit_code == INCOMPLETE, result.stderr
    section = fast_yaml.load(stack_file.read_text())["config"]["panda-infra:secrets"]
    clear = json.loads(fake_cli.values[section["secure"]])
    assert (clear["msgsvc"], clear["panda"]) == ({"basePassword": "kept"}, {"databasePassword": "canary"})


def test_an_incomplete_stack_file_takes_the_secrets_and_says_what_it_lacks(
    run: Any, stack_file: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    text = stack_file.read_text()
    stack_file.write_text(text.replace("    msgsvc: {}\n", ""))
    result = run("import", "small", str(site.folder), "--secrets-only")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "canary" in fake_cli.values.values()
    assert "stored, encrypted, in Pulumi.small.yaml: auth.idToken, panda.databasePassword" in result.stderr
    assert "components.msgsvc: is missing, and needed by panda" in result.stderr
    assert "nothing was changed" not in result.stderr


def test_the_lists_of_cric_become_files_of_the_project(
    run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    assert fake_cli
    site.secrets({"cric": {"real": False}, "panda": {}})
    site.file("cric_jsons/sites.json", b"{}")
    (project / "cric_jsons").unlink()
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert (project / "cric_jsons" / "mine" / "sites.json").read_bytes() == b"{}"
    assert Project(project).load("mine").config.of(CricSettings).folder == "cric_jsons/mine"


@pytest.mark.parametrize(
    ("arguments", "reported", "code"),
    [
        (("import", "mine", ".", "-e", "dev"), "is no checkout of panda-k8s", 1),
        (("import", "mine", "."), "give --experiment", 1),
        (("import", "mine", ".", "-e", "dev", "--secrets-only"), "has no file", 1),
    ],
)
def test_what_is_wrong_is_reported(
    run: Any, project: Path, fake_cli: FakeCli, *, arguments: tuple[str, ...], reported: str, code: int
) -> None:
    result = run(*arguments)
    assert (result.exit_code, reported in result.stderr) == (code, True), result.stderr
    assert not list(project.glob("Pulumi.*.yaml"))
    assert not fake_cli.stacks


def test_the_values_files_that_were_read_are_named(
    run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout, tmp_path: Path
) -> None:
    assert fake_cli
    own = tmp_path / "mine.yaml"
    own.write_text("affix: -mine\n")
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc", "-f", str(own))
    assert f"read secrets/values.yaml, {own}" in result.stderr.replace("\n", "")
    assert Project(project).load("mine").config.affix == "-mine"


@pytest.mark.parametrize("password", ["a/b", "0123\n"])
def test_what_a_preview_would_refuse_is_reported_at_once(
    run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout, password: str
) -> None:
    assert project
    site.secrets({"panda": {"database": {"password": password}}}, "values-secret.yaml")
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "which panda/postgres cannot take" in " ".join(result.stderr.split())
    assert password not in result.output
    assert password in fake_cli.values.values()
    assert "is complete" not in result.stderr


def test_what_is_not_decrypted_leaves_nothing_behind(
    run: Any, project: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    site.secrets({"auth": {"authIdToken": "ENC[AES256_GCM,data:eA==]"}}, "values-secret.yaml")
    result = run("import", "mine", str(site.folder), "-e", "dev", "--kubeconfig", "kc")
    assert result.exit_code == 1
    assert "auth.authIdToken is encrypted by sops" in " ".join(result.stderr.split())
    assert not (project / "Pulumi.mine.yaml").exists()
    assert not fake_cli.values


def test_settings_of_a_kept_stack_file_are_listed(
    run: Any, stack_file: Path, fake_cli: FakeCli, site: SiteCheckout
) -> None:
    assert fake_cli
    assert stack_file
    site.secrets({"panda": {"database": {"dbhost": "db.cern.ch"}}}, "values-secret.yaml")
    result = run("import", "small", str(site.folder), "-e", "dev", "--secrets-only", "--json")
    assert "panda.database.dbhost" in {note["key"] for note in json.loads(result.stdout)["unplaced"]}
