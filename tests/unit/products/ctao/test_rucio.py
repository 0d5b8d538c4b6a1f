"""What Rucio's charts and jobs are given, with each trap of these charts that is avoided there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Release
from panda_infra.products.content import reveal
from panda_infra.products.ctao.components.rucio_bootstrap import migrates_after_a_backup
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, shipped_chart
from panda_infra.products.secret_values import SecretValue
from panda_infra.rules.subject import Subject
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import fields, value_of
from panda_infra.secrets.generate import stand_ins
from panda_infra.secrets.usable import check_value
from testbed.charts import FIXTURES
from tests.support import ctao, fast_yaml
from tools import REPOSITORY
from tools.errors import ToolsError
from tools.toolchain import ensure

_PASSWORD = "interfaces.rucioDatabasePassword"
_OWN = components_of(PRODUCTS["ctao"])


@pytest.fixture(scope="module")
def helm() -> Path:
    try:
        return ensure(["helm"]).path("helm")
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")


def release(component: str, **overrides: Any) -> Release:
    return make_plan("ctao", ctao.stack(**overrides)).release(component)


def rendered(helm: Path, component: str, values: dict[str, Any]) -> str:
    """What a component's chart makes of these values, as text."""
    spec = COMPONENTS[component]
    chart = REPOSITORY / shipped_chart(spec) if spec.ships else FIXTURES / spec.chart_name
    command = [str(helm), "template", f"ctao-{component}", str(chart), "--namespace", "ctao", "--values", "-"]
    done = subprocess.run(command, input=fast_yaml.dump(values), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> list[dict[str, Any]]:
    return [each for each in fast_yaml.load_all(text) if each]


@pytest.mark.parametrize("component", ctao.COMPONENTS)
def test_two_renders_are_equal(helm: Path, component: str) -> None:
    """C2: what GitOps would apply anew each time."""
    values = release(component).values
    assert rendered(helm, component, values) == rendered(helm, component, values)


@pytest.mark.parametrize("affix", ["-dev", "test-"])
@pytest.mark.parametrize("component", ctao.COMPONENTS)
def test_every_name_follows_the_affix(helm: Path, component: str, affix: str) -> None:
    """C3: no name of a release is fixed in a chart."""
    found = release(component, affix=affix)
    text = rendered(helm, component, found.values)
    made = [each["metadata"]["name"] for each in objects(text)]
    stem = f"ctao{affix}" if affix.startswith("-") else f"{affix}ctao"
    assert [name for name in made if not name.startswith(stem)] == []


@pytest.mark.parametrize("component", _OWN)
def test_a_chart_of_the_program_is_of_the_version_that_it_says(component: str) -> None:
    spec = COMPONENTS[component]
    folder = REPOSITORY / shipped_chart(spec) if spec.ships else FIXTURES / spec.chart_name
    chart = fast_yaml.load((folder / "Chart.yaml").read_text())
    assert (chart["name"], chart["version"]) == (spec.chart_name, spec.version)


@pytest.mark.parametrize("component", _OWN)
def test_no_chart_has_a_credential_of_its_own(component: str) -> None:
    """C40: what upstream publishes as a default would be in every installation."""
    spec = COMPONENTS[component]
    folder = REPOSITORY / shipped_chart(spec) if spec.ships else FIXTURES / spec.chart_name
    assert "password" not in (folder / "values.yaml").read_text().lower()


def test_every_secret_value_is_made_or_asked_for() -> None:
    """C40: none has a default."""
    config = ctao.stack()
    assert all(field.make or field.is_file for field in fields(config) if field.is_required(config))
    one, other = stand_ins(config), stand_ins(config)
    assert one != other


def test_each_value_says_which_secrets_hold_it() -> None:
    """Who rotates it is told whose pods are replaced."""
    config = ctao.stack()
    config = config.model_copy(update={"secrets": stand_ins(config)})
    texts = {suffix: b"".join(made.data.values()) for suffix, made in build(config).items()}
    wrong = {}
    for field in fields(config):
        value = reveal(value_of(config.secrets, field.path)).encode()
        # One authority has signed all certificates, and a short text is anywhere by chance.
        if field.path[0] != "certificates" and len(value) > 8:
            holding = {suffix for suffix, text in texts.items() if value in text}
            if hidden := holding - set(field.reaches(config)):
                wrong[field.key] = hidden
    assert wrong == {}


@pytest.mark.parametrize("word", ["per%cent", "a@b", "a/b", "a#b", "%%40"])
def test_a_password_that_rucio_would_read_otherwise_is_refused(word: str) -> None:
    """C20."""
    config = ctao.stack()
    (field,) = (field for field in fields(config) if field.key == _PASSWORD)
    assert [words for words in check_value(field, word, config) if "letters and digits" in words]
    assert isinstance(field, SecretValue)
    assert field.make
    assert list(check_value(field, field.make(), config)) == []


def test_connections_are_renewed() -> None:
    """C21: after a restart of the database each pooled connection would fail once."""
    for component in ("rucio", "rucio-daemons"):
        assert release(component).values["config"]["database"] == {"pool_recycle": "600"}


def test_the_url_is_in_one_secret_for_all_readers() -> None:
    config = ctao.stack()
    config = config.model_copy(update={"secrets": stand_ins(config)})
    data = build(config)["rucio-database"].data
    password = data["password"].decode()
    assert (
        data["sqlalchemyUrl"].decode()
        == f"postgresql+psycopg://rucio:{password}@ctao-rucio-db-postgres:5432/rucio"
    )
    outside = {"kind": "external", "host": "db.site.org", "port": 5433, "name": "bdms", "user": "bdms_w"}
    config = ctao.stack(interfaces={"environment": "ci", "rucioDatabase": outside})
    config = config.model_copy(update={"secrets": stand_ins(config)})
    assert build(config)["rucio-database"].data["sqlalchemyUrl"].decode().endswith("@db.site.org:5433/bdms")


def test_the_charts_mount_only_secrets_of_the_stack(helm: Path) -> None:
    """C47: their own implicit ones are made by nobody."""
    for component in ctao.COMPONENTS:
        text = rendered(helm, component, release(component).values)
        named = {
            line.split("secretName:")[1].strip(" }\"'").split("}")[0]
            for line in text.splitlines()
            if "secretName:" in line
        }
        own = {each["metadata"]["name"] for each in objects(text) if each["kind"] == "Secret"}
        assert {name for name in named - own if not name.startswith("ctao-secrets-")} == set(), component


def test_the_submitter_sees_every_activity(helm: Path) -> None:
    text = rendered(helm, "rucio-daemons", release("rucio-daemons").values)
    assert "test1" not in text


def test_a_job_runs_again_only_when_its_declaration_changes(helm: Path) -> None:
    def name(**settings: Any) -> str:
        components = ctao.COMPONENTS | {"rucio-bootstrap": {"settings": settings}}
        values = release("rucio-bootstrap", components=components).values
        (job,) = (
            each for each in objects(rendered(helm, "rucio-bootstrap", values)) if each["kind"] == "Job"
        )
        return str(job["metadata"]["name"])

    assert name() == name(migrate=False)
    assert name() != name(migrate=True)


@pytest.mark.parametrize(
    ("backup", "settings", "where"),
    [
        (None, {}, "components.rucio-bootstrap.settings.migrate"),
        ({"leaveOut": ["rucio-db"]}, {}, "components.rucio-bootstrap.settings.migrate"),
        ({}, {"backup": "mine"}, "components.rucio-bootstrap.settings.backup"),
        ({}, {}, None),
    ],
)
def test_a_migration_needs_the_stacks_own_backup(
    backup: dict[str, Any] | None, settings: dict[str, Any], where: str | None
) -> None:
    components = ctao.COMPONENTS | {"rucio-bootstrap": {"settings": {"migrate": True, **settings}}}
    to = {"to": {"kind": "claim", "size": "1Gi"}}
    given = {} if backup is None else {"backup": {**to, **backup}}
    config = ctao.stack(components=components, **given)
    found = list(migrates_after_a_backup(Subject(config, "ctao")))
    assert [problem.where for problem in found] == ([where] if where else [])


def test_only_a_migration_gets_rights() -> None:
    assert "rights" not in release("rucio-bootstrap").values
    components = ctao.COMPONENTS | {"rucio-bootstrap": {"settings": {"migrate": True, "backup": "mine"}}}
    values = release("rucio-bootstrap", components=components).values
    assert values["settings"]["gate"] == {
        "daemons": "release=ctao-rucio-daemons",
        "cron_job": "",
        "backup": "mine",
    }
    assert {resource for right in values["rights"] for resource in right["resources"]} == {
        "deployments",
        "pods",
    }


def attributes(fts: dict[str, Any] | None) -> dict[str, Any]:
    interfaces = {key: value for key, value in ctao.INTERFACES.items() if key != "fts"}
    settings = {
        "rses": {"NORTH": {}, "SOUTH": {"attributes": {"fts": "https://own.site.org:8446", "a": "b"}}}
    }
    found = release(
        "rucio-config",
        interfaces=interfaces | ({"fts": fts} if fts else {}),
        components={"rucio-config": {"settings": settings}},
    )
    return {name: rse["attributes"] for name, rse in found.values["settings"]["rses"].items()}


@pytest.mark.parametrize(
    ("fts", "address"),
    [
        ({"kind": "fixture"}, "https://ctao-fts-server:8446"),
        ({"kind": "external", "url": "https://fts.site.org:8446"}, "https://fts.site.org:8446"),
    ],
)
def test_each_storage_has_the_fts_of_the_stack(fts: dict[str, Any], address: str) -> None:
    """Rucio knows FTS by this attribute of the storages alone."""
    own = {"fts": "https://own.site.org:8446", "a": "b"}
    assert attributes(fts) == {"NORTH": {"fts": address}, "SOUTH": own}


def test_without_fts_a_storage_has_what_it_declares() -> None:
    assert attributes(None)["NORTH"] == {}
