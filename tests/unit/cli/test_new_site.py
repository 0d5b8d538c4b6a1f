"""`init --site`: data centres from one template, with everything that is to be filled in listed by `check`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli import new_stack
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.products.registry import PRODUCTS, usual
from panda_infra.stacks.neighbours import neighbours_in
from panda_infra.stacks.project import Project
from tests.support import ctao, fast_yaml
from tests.support.documented import documented
from tests.unit.cli.conftest import FakeCli

_CENTRES = ("cscs", "desy", "frascati", "pic", "lapp", "cyfronet")
_AUTHORITIES = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_FILLED = {
    "cluster": {"kind": "existing", "kubeconfig": "kc"},
    "storage": {"class": "standard"},
    "exposure": {"passthrough": True},
    "charts": {"kind": "oci", "repository": "oci://harbor.desy.de/dpps"},
    "certificates": {"kind": "cert-manager", "clusterIssuer": "desy-ca", "authorities": _AUTHORITIES},
    "monitoring": {
        "kind": "prometheusOperator",
        "namespace": "prometheus",
        "labels": {"release": "kube-prometheus-stack"},
    },
    "networkPolicies": {
        "kind": "standard",
        "ingressNamespaces": ["ingress-nginx"],
        "apiServer": ["131.169.5.0/24"],
    },
    "interfaces": {
        "storage": {"kind": "external", "hosts": ["dcache.desy.de"]},
        "ce": {"kind": "external", "hosts": ["ce.desy.de"]},
        "iam": {"kind": "external", "url": "https://iam.desy.de"},
        "fts": {
            "kind": "external",
            "url": "https://fts.desy.de:8446",
            "trust": _AUTHORITIES,
        },
    },
}


def filled(text: str, name: str) -> str:
    """The file of a stack with something in place of each placeholder."""
    text = text.replace("<subject of the robot's certificate>", "CN=Robot,O=CTAO")
    text = text.replace("<client of DiracX in IAM>", "dpps")
    return re.sub(r"<host of (\w+)[^>]*>", lambda found: f"{name}-{found[1].lower()}.desy.de", text)


def wanted(centre: str, environment: str = "prod") -> tuple[str, ...]:
    name = f"{centre}-{environment}"
    return ("init", name, "-e", "ctao-dpps", "--site", centre, "--environment", environment)


def test_the_command_of_the_page_makes_a_stack(run: Any, project: Path, fake_cli: FakeCli) -> None:
    command = documented("python -m panda_infra init desy-prod -e ctao-dpps --site desy --environment prod")
    assert run(*command.words[3:]).exit_code == INCOMPLETE
    assert fake_cli.stacks == ["desy-prod"]
    assert (project / "sites" / "desy.yaml").exists()


def test_the_page_leads_to_the_secrets_that_only_the_site_has(
    run: Any, project: Path, fake_cli: FakeCli
) -> None:
    run(*wanted("desy"))
    (project / "sites" / "desy.yaml").write_text(fast_yaml.dump(_FILLED))
    own = project / "Pulumi.desy-prod.yaml"
    own.write_text(filled(own.read_text(), "desy-prod"))
    checked = run(*documented("python -m panda_infra check desy-prod").words[3:])
    assert (checked.exit_code, checked.stdout) == (0, "desy-prod: ok\n")
    made = run(*documented("python -m panda_infra init desy-prod").words[3:])
    assert made.exit_code == INCOMPLETE, made.stderr
    assert (
        "generated, encrypted, in Pulumi.desy-prod.yaml: hashKey, rucioBootstrap.rootPassword" in made.stderr
    )
    audited = run(*documented("python -m panda_infra secrets audit desy-prod").words[3:])
    assert audited.exit_code == 1
    assert "secrets set desy-prod 'interfaces.rucioDatabasePassword'" in audited.stdout
    assert "dirac (37 parts)" in audited.stdout
    # cert-manager issues them all, as the template has it.
    assert "secrets set desy-prod 'certificates." not in audited.stdout
    assert fake_cli.stacks == ["desy-prod"]


def test_sections_with_secrets_are_stored_by_the_command_of_the_page(
    run: Any, project: Path, fake_cli: FakeCli
) -> None:
    ctao.written(project)
    words = documented("python -m panda_infra secrets set ctao dirac.configuration --file secrets.cfg").words[
        3:
    ]
    file = project / words[-1]
    file.write_text("Resources\n{\n")
    refused = run(*words)
    assert (refused.exit_code, fake_cli.values) == (1, {})
    assert "leaves a section open" in refused.stderr
    file.write_text("Resources\n{\n}\n")
    stored = run(*words)
    assert stored.exit_code == 0, stored.stderr
    assert "rolled by the next up: dirac (37 parts)" in stored.stdout
    assert list(fake_cli.values.values()) == ["Resources\n{\n}\n"]


def open_keys(project: Path, stack: str) -> set[str]:
    with pytest.raises(StackError) as raised:
        Project(project).judge(stack)
    others = [problem for problem in raised.value.problems if not problem.awaits_site]
    assert others == []
    return {problem.where for problem in raised.value.problems}


@pytest.mark.parametrize("centre", _CENTRES)
def test_a_new_site_lists_what_it_has_to_fill_in(
    run: Any, project: Path, fake_cli: FakeCli, centre: str
) -> None:
    result = run(*wanted(centre))
    assert result.exit_code == INCOMPLETE, result.stderr
    assert fake_cli.stacks == [f"{centre}-prod"]
    assert "which `check` lists" in result.stderr
    here = f"sites/{centre}.yaml: "
    shared = ("storage.hosts[0]", "ce.hosts[0]", "iam.url", "fts.url")
    # Of data each stack of a site has its own.
    own = ("rucioDatabase.host", "diracDatabase.host", "objectstore.url", "opensearch.host")
    found = open_keys(project, f"{centre}-prod")
    assert {f"{here}interfaces.{key}" for key in shared} | {f"interfaces.{key}" for key in own} <= found
    watched = ("monitoring.namespace", "monitoring.labels.release")
    fenced = ("networkPolicies.ingressNamespaces[0]", "networkPolicies.apiServer[0]")
    assert {f"{here}{key}" for key in (*watched, *fenced)} <= found
    assert {f"{here}charts.repository", f"{here}storage.class", "hosts.rucio"} <= found
    assert "components.rucio-daemons.settings.robot" in found


def test_what_is_filled_in_is_what_the_template_asks_for() -> None:
    """Else a test of a filled site would show nothing of a section that the template has."""
    assert _FILLED.keys() == PRODUCTS["ctao"].site.keys()


def test_stacks_of_one_site_share_its_file(run: Any, project: Path, fake_cli: FakeCli) -> None:
    run(*wanted("desy", "staging"))
    assert fake_cli
    file = project / "sites" / "desy.yaml"
    assert file.read_text().startswith("# yaml-language-server: $schema=../docs/site.schema.json\n")
    file.write_text(fast_yaml.dump(_FILLED))
    result = run(*wanted("desy"), "--host", "rucio=rucio.desy.de", "--host", "diracx=diracx.desy.de")
    assert "wrote sites/desy.yaml" not in result.stderr
    assert fast_yaml.load(file.read_text()) == _FILLED
    for name in ("desy-prod", "desy-staging"):
        own = project / f"Pulumi.{name}.yaml"
        own.write_text(filled(own.read_text(), name))
    config = Project(project).load("desy-prod").config
    assert config.lifecycle.protect
    assert config.namespace == "ctao-desy-prod"
    assert not Project(project).load("desy-staging").config.lifecycle.protect
    assert neighbours_in(Project(project)) == {}
    assert "rucio-db" not in config.components.deployed()


def test_a_developers_stack_needs_nothing_outside(run: Any, project: Path, fake_cli: FakeCli) -> None:
    command = documented(
        "python -m panda_infra init mine -e ctao-dpps-ci --kubeconfig ~/.kube/config --storage-class standard"
    )
    result = run(*command.words[3:])
    assert result.exit_code == 0, result.stderr
    assert fake_cli.stacks == ["mine"]
    config = Project(project).judge("mine").config
    assert set(config.components.deployed()) == set(usual(PRODUCTS["ctao"]))
    assert config.certificates.kind == "generated"


def test_a_developer_may_have_a_part_alone(run: Any, project: Path, fake_cli: FakeCli) -> None:
    chosen = ("rucio-db", "rucio-bootstrap", "rucio")
    words = ("--kubeconfig", "kc", "--storage-class", "standard")
    options = [word for name in chosen for word in ("--component", name)]
    result = run("init", "mine", "-e", "ctao-dpps-ci", *words, *options)
    assert result.exit_code == 0, result.stderr
    assert fake_cli
    assert set(Project(project).judge("mine").config.components.deployed()) == set(chosen)


def test_a_stack_that_the_backend_refuses_leaves_no_file(
    run: Any, project: Path, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next `init` would take the file of the site for one that is known, and drop its options."""

    def refuse(*_given: Any) -> None:
        raise PandaInfraError("no passphrase")

    monkeypatch.setattr(new_stack, "make_stack", refuse)
    assert run(*wanted("desy")).exit_code == 1
    assert (sorted(project.rglob("*.yaml")), fake_cli.stacks) == ([project / "Pulumi.yaml"], [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("-e", "ctao-dpps", "--site", "desy"),
            "--environment: is missing; CTAO's DPPS has on a site: staging",
        ),
        (("-e", "ctao-dpps", "--site", "desy", "--environment", "live"), "--environment live: is unknown"),
        (("-e", "ctao-dpps", "--site", "DE/SY", "--environment", "prod"), "--site DE/SY: must be lower-case"),
        (("-e", "ctao-dpps", "--environment", "prod"), "give --site too"),
        (("-e", "ctao-dpps", "--kubeconfig", "kc"), "is for sites: give --site and --environment too"),
        (("-e", "dev", "--site", "nowhere"), "PanDA has no template of one"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    run: Any, project: Path, fake_cli: FakeCli, words: tuple[str, ...], said: str
) -> None:
    before = sorted(project.rglob("*.yaml"))
    result = run("init", "mine", *words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(project.rglob("*.yaml")) == before
    assert not fake_cli.stacks
