"""What every stack makes is read by the rules of the software that no registry has, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from panda_infra.products.content import reveal
from panda_infra.products.panda.components.iam.models import Iam
from panda_infra.products.panda.rucio import RucioSettings
from panda_infra.rules.judge import Judge
from panda_infra.secrets.fields import value_of
from testbed.consumers.pods import Container
from tests.support.materialised import STACKS, configuration, materialised
from tests.support.readers import bigmon, harvester, iam, ui

READERS: Mapping[str, Callable[[Container], object]] = {
    "bigmon/main": bigmon.read,
    "harvester/harvester": harvester.read,
    "iam/main": iam.read,
    "ui/backend": ui.read,
}
OWN = [stack for stack in STACKS if stack.startswith("tests/")]
Secret = Callable[..., str]


@pytest.mark.parametrize("stack", OWN)
def test_no_stack_for_consumers_breaks_a_rule(stack: str) -> None:
    assert Judge()(configuration(stack), stack="test") == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_consumer_reads_the_stack(stack: str, charts: Path) -> None:
    found = materialised(stack, charts)
    assert found
    for name, read in READERS.items():
        if name in found:
            read(found[name])


@pytest.fixture(params=OWN, scope="module")
def stack(request: pytest.FixtureRequest) -> str:
    """A stack whose secrets are known."""
    return str(request.param)


@pytest.fixture(scope="module")
def secret(stack: str) -> Secret:
    """Gives a secret value by its path, the first that is set."""
    secrets = configuration(stack).secrets

    def of(*paths: tuple[str, ...]) -> str:
        return next((text for path in paths if (text := reveal(value_of(secrets, path)))), "")

    return of


def test_bigmon_holds_each_secret_as_it_is(stack: str, secret: Secret, charts: Path) -> None:
    read = bigmon.read(materialised(stack, charts)["bigmon/main"])
    settings = read.settings
    database = secret(("bigmon", "databasePassword"), ("panda", "databasePassword"))
    assert read.databases["default"]["PASSWORD"] == database
    if "idds" in read.databases:
        assert read.databases["idds"]["PASSWORD"] == secret(("idds", "databasePassword"))
    assert settings["MY_SECRET_KEY"] == secret(("bigmon", "secretKey"))
    assert settings["PRODSYS"]["prodsysToken"] == secret(("bigmon", "prodsysToken"))
    assert settings["ES"]["esPassword"] == secret(("bigmon", "elasticPassword"))
    assert settings["GRAFANA"]["Authorization"] == f"Bearer {secret(('bigmon', 'grafanaToken'))}"
    assert settings["OC_TOKEN"] == secret(("bigmon", "openshiftToken"))
    assert settings["EMAIL_HOST_PASSWORD"] == f"{secret(('bigmon', 'mailPassword'))}8"
    assert settings["OBJECT_STORE"]["access_key"] == secret(("objectStore", "accessKey"))
    assert settings["OBJECT_STORE"]["secret_key"] == secret(("objectStore", "secretKey"))
    parts = {"Google": "GOOGLE_OAUTH2", "CERNOIDC": "CERNOIDC", "github": "GITHUB", "indigoiam": "INDIGOIAM"}
    for name, part in parts.items():
        assert settings[f"SOCIAL_AUTH_{part}_SECRET"] == secret(("bigmon", "providerSecrets", name))
    x509 = configuration(stack).of(RucioSettings).auth_type == "x509_proxy"
    # An ini file has no blanks at the ends of a value; the check lets none in.
    assert read.rucio["client"]["password"] == ("" if x509 else secret(("rucio", "password")))
    assert read.token == secret(("auth", "idToken"))


def test_iam_holds_each_secret_as_it_is(stack: str, secret: Secret, charts: Path) -> None:
    stacks, found = configuration(stack), materialised(stack, charts)
    deployed = stacks.components.get(Iam)
    if deployed is None:
        assert "iam/main" not in found
        return
    read = iam.read(found["iam/main"])
    assert read.properties["spring.datasource.password"] == secret(("iam", "databasePassword"))
    settings = deployed.settings
    if settings.organisation:
        assert read.properties["iam.organisation.name"] == settings.organisation
    for provider in read.providers:
        assert settings.identity_provider
        assert provider.client_id == settings.identity_provider.client_id
        assert provider.client_secret == secret(("iam", "identityProviderSecret"))
        assert provider.button == settings.identity_provider.button


def test_the_ui_holds_each_secret_as_it_is(stack: str, secret: Secret, charts: Path) -> None:
    read = ui.read(materialised(stack, charts)["ui/backend"])
    assert read.secret_key == secret(("ui", "secretKey"))
    database = secret(("ui", "databasePassword"), ("panda", "databasePassword"))
    assert read.databases["default"]["PASSWORD"] == database
    assert read.oauth["CLIENT_SECRET"] == secret(("ui", "clientSecret")) or "none"


def test_harvester_holds_each_secret_as_it_is(stack: str, secret: Secret, charts: Path) -> None:
    read = harvester.read(materialised(stack, charts)["harvester/harvester"])
    assert read.sections["db"]["password"] == secret(("harvester", "databasePassword"))
    token = read.sections["pandacon"]["auth_token"]
    assert token == secret(("auth", "idToken")) or token.removeprefix("file:") in read.tokens


def test_each_replica_of_harvester_has_its_own_database(charts: Path) -> None:
    container = materialised("tests/outside", charts)["harvester/harvester"]
    read = [harvester.read(container, replica).sections for replica in range(3)]
    assert [each["db"]["host"] for each in read] == [f"maria-{index}.site.org" for index in range(3)]
    assert [each["db"]["schema"] for each in read] == [f"harvester_{index}" for index in range(3)]
    assert [each["master"]["harvester_id"] for each in read] == [f"Rubin-Harvester-{i}" for i in range(3)]


def test_oracle_is_named_by_its_alias_alone(charts: Path) -> None:
    found = materialised("tests/oracle", charts)
    database = bigmon.read(found["bigmon/main"]).databases["default"]
    assert (database["NAME"], database["HOST"], database["PORT"]) == ("PANDA_TNS", "", "")
    assert ui.read(found["ui/backend"]).databases["default"]["NAME"] == "PANDA_TNS"
