"""What one run of the program does, with an engine that only listens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from typing_extensions import override

from panda_infra.config.paths import Path
from panda_infra.delivery.resources import deploy
from panda_infra.live.offers import Report
from panda_infra.products.model import Builder
from panda_infra.products.registry import BUILDERS
from panda_infra.program import plan_of_this_stack
from panda_infra.secrets.generate import revealed, stand_ins, with_values
from panda_infra.state.recorded import Recorded
from testbed import site
from testbed.workspace import PROJECT
from tests.support.stack_files import SAMPLES

_STACK = "local"
_KUBECONFIG = {
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "token"}}],
}


class Listening(pulumi.runtime.Mocks):
    """Takes whatever is registered."""

    def __init__(self) -> None:
        self.made: list[str] = []

    @override
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made.append(args.typ)
        return args.name, args.inputs

    @override
    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Listening:
    """An engine that runs a sample with every secret; the world outside has nothing against it."""
    document = site.filled(SAMPLES.file(_STACK))
    document[f"{PROJECT}:cluster"] = {"kind": "existing"}
    config = site.configuration(document)
    kubeconfig: Mapping[Path, str] = {("kubeconfig",): json.dumps(_KUBECONFIG)}
    document[f"{PROJECT}:secrets"] = revealed(with_values(stand_ins(config), kubeconfig))
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps([f"{PROJECT}:secrets"]))
    monkeypatch.setattr("panda_infra.program.deployed", Recorded)
    monkeypatch.setattr("panda_infra.program.check_charts", lambda *_: [])
    monkeypatch.setattr("panda_infra.program.check_cluster", lambda *_: [])
    monkeypatch.setattr("panda_infra.live.preflight.inspect", lambda *_, **__: Report())
    made = Listening()
    pulumi.runtime.set_mocks(made, project=PROJECT, stack=_STACK)
    return made


def test_every_secret_is_built_once(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    built: Counter[str] = Counter()

    def counted(suffix: str, builder: Builder) -> Callable[[Any], Mapping[str, str | bytes]]:
        def build(context: Any) -> Mapping[str, str | bytes]:
            built[suffix] += 1
            return builder(context)

        return build

    counting = {suffix: counted(suffix, builder) for suffix, builder in BUILDERS.items()}
    monkeypatch.setattr("panda_infra.secrets.build.BUILDERS", counting)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        deploy(*plan_of_this_stack())

    program()
    assert len(built) == engine.made.count("kubernetes:core/v1:Secret") > 20
    assert set(built.values()) == {1}
