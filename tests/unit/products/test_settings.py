"""Settings take what PanDA can use, and refuse the rest where it is written."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from panda_infra.config.model_keys import descriptions
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.products import registry
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.harvester.models import HarvesterSettings
from panda_infra.products.panda.components.iam.models import IamSettings
from panda_infra.products.panda.components.msgsvc import MsgsvcSettings
from panda_infra.products.panda.components.panda.models import PandaSettings
from panda_infra.products.panda.cric import CricSettings, CricUrls
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.products.panda.rucio import RucioSettings


def load(model: type[BaseModel], **document: Any) -> BaseModel:
    return model.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (PandaSettings, {"database": {"backend": "mysql"}}),
        (PandaSettings, {"database": {"port": "5432"}}),
        (PandaSettings, {"database": {"name": "a b"}}),
        (PandaSettings, {"database": {"host": "https://db"}}),
        (PandaSettings, {"sslPort": 0}),
        (PandaSettings, {"existingSecrets": ["Panda"]}),
        (HarvesterSettings, {"condorChannel": "8"}),
        (HarvesterSettings, {"harvesterId": "a b"}),
        (IamSettings, {"logoUrl": "ftp://x"}),
        (IamSettings, {"identityProvider": {}}),
        (IamSettings, {"mail": {"host": "smtp.site.org"}}),
        (MsgsvcSettings, {"accounts": []}),
        (MsgsvcSettings, {"channels": [{"name": "a:b", "writers": ["x"], "readers": ["y"]}]}),
        (MsgsvcSettings, {"channels": [{"name": "a", "writers": [], "readers": ["y"]}]}),
        (AuthSettings, {"issuer": "iam.site.org"}),
        (AuthSettings, {"audience": "https://user:password@site.org"}),
        (AuthSettings, {"clients": [{"name": "a/b", "clientId": "x"}]}),
        (AuthSettings, {"clients": [{"name": "a", "clientId": "x%y"}]}),
        (CricSettings, {"real": "false"}),
        (CricSettings, {"urls": {"sites": "cric.site.org"}}),
        (ProxySettings, {"httpProxy": "http://user:password@proxy:3128"}),
        (RucioSettings, {"host": "https://rucio.site.org"}),
        (RucioSettings, {"authType": "gss"}),
        (Secrets, {"files": {"panda": {"../x": "y"}}}),
        (Secrets, {"panda": {"databasePassword": 12345}}),
    ],
)
def test_what_nothing_can_use_is_refused(model: type[BaseModel], document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load(model, **document)


def models(model: Any) -> Iterator[type[BaseModel]]:
    """The model and all that its fields hold; those below a type that holds models."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield model
    fields = getattr(model, "model_fields", {}).values()
    for inner in [*typing.get_args(model), *(info.annotation for info in fields)]:
        yield from models(inner)


MODELS = tuple(dict.fromkeys(models(StackConfig)))


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    assert {info.alias or name for name, info in model.model_fields.items()} == descriptions(model).keys()


def test_every_secret_is_described_and_masked() -> None:
    for model in models(Secrets):
        assert {info.alias or name for name, info in model.model_fields.items()} == descriptions(model).keys()
        kinds = {str(info.annotation) for info in model.model_fields.values()}
        assert [kind for kind in kinds if re.search(r"\bstr\b", kind) and "SecretStr" not in kind] == []


def test_no_default_belongs_to_a_site() -> None:
    # A CRIC is asked only where the stack file has `urls`; most experiments share one.
    without_required = [
        model
        for model in MODELS
        if model is not CricUrls and not any(info.is_required() for info in model.model_fields.values())
    ]
    defaults = json.dumps([model().model_dump(mode="json") for model in without_required])
    assert "cern.ch" not in defaults
    assert "bnl.gov" not in defaults


def test_every_experiment_is_described() -> None:
    literal = StackConfig.model_fields["experiment"].annotation
    assert set(registry.EXPERIMENTS) == set(literal.__args__)  # type: ignore[union-attr]
    assert EXPERIMENTS["doma"].server_config == "panda_server_config.cern.json"
    assert EXPERIMENTS["local"].jedi_config == "panda_jedi_config.json"
