"""`init` makes a stack that previews."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.cli.new_stack import existing_cluster, namespace_of
from panda_infra.clients.openstack.api import ClusterSpec
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.config.cluster import MagnumCluster
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.stacks.project import Project
from tests.support import fast_yaml
from tests.unit.cli.conftest import FakeCli
from tests.unit.provider.fakes import FakeOpenStack, World

_WANTED = (
    "init",
    "mine",
    "-e",
    "dev",
    "--kubeconfig",
    "kc",
    "--storage-class",
    "standard",
    "--make-certificates",
)


def test_options_say_everything_and_the_stack_is_complete(run: Any, project: Path, fake_cli: FakeCli) -> None:
    hosts = ("--host", "panda=panda.cern.ch", "--host", "iam=iam.cern.ch")
    result = run(*_WANTED, *hosts, "--affix=-dev")
    assert result.exit_code == 0, result.stderr
    assert "is complete" in result.stderr
    text = (project / "Pulumi.mine.yaml").read_text()
    loaded = Project(project).judge("mine")
    assert (loaded.config.affix, loaded.config.hosts.of("panda")) == ("-dev", "panda.cern.ch")
    assert fake_cli.stacks == ["mine"]
    assert not any(value in text for value in fake_cli.values.values())


def test_an_issuer_elsewhere_takes_the_place_of_iam(run: Any, project: Path, fake_cli: FakeCli) -> None:
    assert fake_cli
    result = run(*_WANTED, "--host", "panda=panda.cern.ch", "--issuer", "https://iam.cern.ch")
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "auth.idToken: long-lived token" in result.stderr, "another's IAM gives it"
    config = Project(project).judge("mine").config
    assert config.of(AuthSettings).issuer == "https://iam.cern.ch"
    assert [*config.components.deployed()] == ["msgsvc", "panda", "harvester", "idds", "bigmon", "ui"]


def test_hosts_without_one_of_iam_need_an_issuer(run: Any, project: Path, fake_cli: FakeCli) -> None:
    result = run(*_WANTED, "--host", "panda=panda.cern.ch")
    assert result.exit_code == 1
    assert "give --issuer, or the host of IAM by --host iam=HOST" in result.stderr
    assert not fake_cli.stacks
    assert list(project.glob("Pulumi.*.yaml")) == []
    assert run(*_WANTED, "--host", "panda=panda.cern.ch", "--host", "iam=iam.cern.ch").exit_code == 0


def test_at_a_terminal_it_asks_for_the_issuer(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_cli
    for module in ("init", "new_stack"):
        monkeypatch.setattr(f"panda_infra.cli.{module}.interactive", lambda: True)
    components = [word for name in ("msgsvc", "iam", "iam-db", "panda") for word in ("--component", name)]
    answers = [*("", "panda.cern.ch"), "https://iam.cern.ch", *[""] * 30]
    run(*_WANTED, *components, stdin="\n".join(answers).encode())
    config = Project(project).load("mine").config
    assert (config.hosts.of("panda"), config.of(AuthSettings).issuer) == (
        "panda.cern.ch",
        "https://iam.cern.ch",
    )
    assert [*config.components.deployed()] == ["msgsvc", "panda"]


def test_the_new_file_starts_with_its_schema(run: Any, project: Path, fake_cli: FakeCli) -> None:
    run(*_WANTED)
    assert fake_cli
    first = (project / "Pulumi.mine.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/stack.schema.json"


def test_a_second_run_generates_nothing_anew(run: Any, project: Path, fake_cli: FakeCli) -> None:
    run(*_WANTED)
    before = (project / "Pulumi.mine.yaml").read_text(), dict(fake_cli.values)
    result = run("init", "mine")
    assert result.exit_code == 0, result.stderr
    assert ((project / "Pulumi.mine.yaml").read_text(), fake_cli.values) == before


@pytest.mark.parametrize("groups", [(), ("msgsvc", "iam", "panda")])
def test_what_is_encrypted_as_a_whole_is_not_generated_anew(
    run: Any, project: Path, fake_cli: FakeCli, groups: tuple[str, ...]
) -> None:
    run(*_WANTED)
    file = project / "Pulumi.mine.yaml"
    before, _ = decrypted_values(project)
    document = fast_yaml.load(file.read_text())
    clear = json.loads(before["panda-infra:secrets"])
    section = "panda-infra:secrets"
    if groups:
        document["config"][section] |= {group: fake_cli.secure(clear[group]) for group in groups}
    else:
        document["config"][section] = fake_cli.secure(clear)
    file.write_text(fast_yaml.dump(document))
    text = file.read_text()
    result = run("init", "mine")
    assert result.exit_code == 0, result.stderr
    assert file.read_text() == text
    rotated = run("secrets", "rotate", "mine", "msgsvc.basePassword")
    assert rotated.exit_code == 0, rotated.stderr
    after = json.loads(decrypted_values(project)[0][section])
    opened = {name: json.loads(value) if name in groups else value for name, value in after.items()}
    assert opened.pop("msgsvc") != clear.pop("msgsvc")
    assert opened == clear


def decrypted_values(project: Path) -> tuple[dict[str, str], frozenset[str]]:
    return Pulumi("pulumi", project).config("mine")


def test_what_only_the_site_has_is_listed_with_the_command(
    run: Any, project: Path, fake_cli: FakeCli
) -> None:
    assert project
    assert fake_cli
    result = run("init", "mine", "-e", "lsst", "--kubeconfig", "kc", "--storage-class", "s", "--component", "msgsvc",
                 "--component", "panda", "--component", "harvester")  # fmt: skip
    assert result.exit_code == INCOMPLETE, result.stderr
    assert "secrets set mine 'auth.idToken'" in result.stderr
    assert "'files.harvesterAuth[\"pilot_userkey.pem\"]' --file FILE" in result.stderr
    assert "'certificates.harvester' --file host.p12" in result.stderr


def test_magnum_makes_the_cluster(run: Any, project: Path, fake_cli: FakeCli) -> None:
    assert fake_cli
    pairs = (
        "name=panda-test",
        "template=t",
        "keypair=k",
        "flavor=m2.large",
        "masterFlavor=m2.medium",
        "nodeCount=3",
    )
    options = [word for pair in pairs for word in ("--magnum", pair)]
    result = run("init", "mine", "-e", "dev", *options, "--storage-class", "s", "--make-certificates")
    assert result.exit_code == 0, result.stderr
    cluster = Project(project).judge("mine").config.cluster
    assert (cluster.kind, cluster.model_dump()["node_count"]) == ("magnum", 3)


def test_a_running_cluster_of_magnums_is_described_by_its_name(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_cli
    openstack = FakeOpenStack(World())
    labels = {"cern_enabled": "true"}
    openstack.create_cluster(
        ClusterSpec("panda-runs", "id-of-kubernetes-1.29.2-2", "lxplus", "m2.large", "m2.small", 3, 1, labels)
    )
    monkeypatch.setattr("panda_infra.clients.openstack.sdk.SdkOpenStack", lambda _: openstack)
    words = (
        "-e",
        "dev",
        "--storage-class",
        "s",
        "--make-certificates",
        "--cloud",
        "cern",
        "--magnum-cluster",
    )
    result = run("init", "mine", *words, "panda-runs")
    assert result.exit_code == 0, result.stderr
    cluster = Project(project).judge("mine").config.cluster
    assert isinstance(cluster, MagnumCluster)
    assert (cluster.adopt, cluster.cloud, cluster.node_count, cluster.labels) == (True, "cern", 3, labels)
    other = run("init", "other", *words, "panda-none")
    assert other.exit_code == 1
    assert "Magnum has no clusters called panda-none" in other.stderr
    assert not (project / "Pulumi.other.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "reported", "code"),
    [
        (("init", "mine", "-e", "dev"), "give --storage-class", 1),
        (("init", "mine", "--storage-class", "s"), "give --experiment", 1),
        (("init", "mine", "-e", "nope"), "must be one of", 2),
        (("init", "a/b", "-e", "dev", "--storage-class", "s"), "cannot be a stack's name", 1),
        (
            ("init", "mine", "-e", "dev", "--storage-class", "s", "--host", "panda"),
            "write it as NAME=VALUE",
            1,
        ),
    ],
)
def test_what_is_missing_or_wrong_is_reported(
    run: Any, project: Path, fake_cli: FakeCli, *, arguments: tuple[str, ...], reported: str, code: int
) -> None:
    result = run(*arguments)
    assert (result.exit_code, reported in result.stderr) == (code, True), result.stderr
    assert not list(project.glob("Pulumi.*.yaml"))
    assert not fake_cli.stacks


def test_a_file_that_breaks_a_rule_keeps_its_secrets(run: Any, project: Path, fake_cli: FakeCli) -> None:
    result = run(*_WANTED, "--component", "panda")
    assert (result.exit_code, "Traceback" in result.output) == (INCOMPLETE, False)
    assert "generated, encrypted, in Pulumi.mine.yaml: hashKey, " in result.stderr
    assert "components.msgsvc: is missing, and needed by panda" in result.stderr
    assert "nothing was changed" not in result.stderr
    assert "is complete" not in result.stderr
    assert (project / "Pulumi.mine.yaml").exists()
    assert fake_cli.values


def test_a_cluster_without_kubeconfig_takes_it_from_the_secrets() -> None:
    assert existing_cluster(None, "admin") == {"kind": "existing", "context": "admin"}


def test_at_a_terminal_it_asks_and_takes_later_for_an_answer(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("init", "new_stack"):
        monkeypatch.setattr(f"panda_infra.cli.{module}.interactive", lambda: True)
    token = project / "key.pem"
    token.write_bytes(b"pilot\n")
    no_host = ["", ""]
    certificates = [f"{project}/missing", "", ""]
    id_token = ["bad token", "good.token"]
    answers = ["nope", "lsst", "wekafs", *no_host, *certificates, *id_token, str(token), ""]
    components = [word for name in ("msgsvc", "panda", "harvester") for word in ("--component", name)]
    options = ("--kubeconfig", "kc", *components)
    result = run("init", "mine", *options, stdin="\n".join([*answers, ""]).encode())
    assert result.exit_code == INCOMPLETE, result.stderr
    config = Project(project).load("mine").config
    assert (config.experiment, config.storage.class_name) == ("lsst", "wekafs")
    assert "cannot be read" in result.stderr
    assert "holds anything that no token has" in result.stderr
    assert {"good.token", "pilot\n"} <= set(fake_cli.values.values())
    assert "bad token" not in fake_cli.values.values()
    assert "pilot_userkey.pem" in result.stderr


@pytest.mark.parametrize(
    ("stack", "namespace"),
    [
        ("alice", "panda-alice"),
        ("panda", "panda"),
        ("panda-dev", "panda-dev"),
        ("pandas", "panda-pandas"),
        ("My_Stack.2", "panda-my-stack-2"),
        ("x" * 100, f"panda-{'x' * 57}"),
    ],
)
def test_a_new_stack_gets_a_namespace_of_its_own(stack: str, namespace: str) -> None:
    assert namespace_of(stack, "panda") == namespace


@given(st.text(min_size=1, max_size=100, alphabet=string.ascii_letters + string.digits + "._-"))
def test_whatever_a_stack_is_called_its_namespace_is_one(stack: str) -> None:
    assert re.fullmatch(r"panda(-[a-z0-9]+)*", namespace_of(stack, "panda"))
    assert len(namespace_of(stack, "panda")) <= 63


def test_the_namespace_follows_from_the_stacks_name(run: Any, project: Path, fake_cli: FakeCli) -> None:
    assert fake_cli
    assert run(*_WANTED).exit_code == 0
    assert Project(project).judge("mine").config.namespace == "panda-mine"


def test_a_namespace_of_another_stack_is_reported(run: Any, project: Path, fake_cli: FakeCli) -> None:
    assert (fake_cli.stacks, list(project.glob("Pulumi.*.yaml"))) == ([], [])
    options = [word for word in _WANTED if word not in ("init", "mine")]
    assert run("init", "first", *options, "--namespace", "panda").exit_code == 0
    result = run("init", "second", *options, "--namespace", "panda", "--affix=-b")
    assert result.exit_code == INCOMPLETE
    assert "namespace: panda is that of first too" in result.stderr
    assert run("check", "second").exit_code == 1


def test_without_a_backend_it_writes_no_file(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PulumiError("name the place of the state first")

    assert fake_cli
    monkeypatch.setattr(Pulumi, "run", refuse)
    result = run(*_WANTED)
    assert result.exit_code == 1
    assert "name the place of the state first" in result.stderr
    assert list(project.glob("Pulumi.*.yaml")) == []


def test_a_stack_that_cannot_be_made_leaves_no_file(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PulumiError("passphrase must be set")

    assert fake_cli
    monkeypatch.setattr(Pulumi, "create", refuse)
    assert run(*_WANTED).exit_code == 1
    assert list(project.glob("Pulumi.*.yaml")) == []


def test_a_file_that_the_cli_has_made_becomes_the_stacks(run: Any, project: Path, fake_cli: FakeCli) -> None:
    fake_cli.stacks.append("mine")
    file = project / "Pulumi.mine.yaml"
    file.write_text("encryptionsalt: v1:salt\n")
    result = run(*_WANTED)
    assert result.exit_code == 0, result.stderr
    document = fast_yaml.load(file.read_text())
    assert document["encryptionsalt"] == "v1:salt"
    assert document["config"]["panda-infra:experiment"] == "dev"
