"""Loading from the engine and from a file; whatever the file holds, one clear error and no secret in it."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from panda_infra.config.load import from_file, from_pulumi
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, StackError
from panda_infra.products.content import reveal
from panda_infra.products.panda.components.idds import IddsSecrets
from panda_infra.products.panda.components.msgsvc import MsgsvcSecrets
from panda_infra.products.panda.components.panda.models import PandaSecrets
from panda_infra.rules.judge import judge_given
from tests.support import fast_yaml
from tests.support.stack_files import SAMPLES
from tests.support.stacks import sections

_ROOT = Path(__file__).parents[3]
_GOOD = _ROOT / "tests" / "bad_stacks" / "good.yaml"
_CANARY = "kanarienvogel-7f3a"


def _engine(values: dict[str, Any]) -> dict[str, str]:
    """Values as the engine passes them: texts as they are, everything else as JSON."""
    return {
        f"panda-infra:{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def _problems(values: dict[str, str], secret_keys: tuple[str, ...] = ()) -> dict[str, str]:
    with pytest.raises(StackError) as caught:
        from_pulumi("demo", values, secret_keys, rules=judge_given)
    return {problem.where: problem.what for problem in caught.value.problems}


def _reported(load: Callable[[], object]) -> Sequence[Problem]:
    """The problems that loading ends with; any other exception is a failure of the test."""
    try:
        load()
    except StackError as error:
        return error.problems
    return ()


def test_the_engines_values_become_a_configuration() -> None:
    values = _engine(sections(secrets={"panda": {"databasePassword": "s3cret"}}))
    config = from_pulumi(
        "local", {**values, "pulumi:tags": "[]"}, ["panda-infra:secrets"], rules=judge_given
    ).config
    assert config.experiment == "local"
    assert config.secrets.of(PandaSecrets).database_password == SecretStr("s3cret")


def test_sections_that_pulumi_yaml_declares_as_empty_are_absent() -> None:
    values = _engine(sections(charts={}, objectStore={}, hosts={}, affix=""))
    assert from_pulumi("local", values, [], rules=judge_given).config == StackConfig.model_validate(
        from_pulumi("local", _engine(sections()), []).config
    )


def test_a_name_that_looks_like_a_number_is_text_for_the_engine_and_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    config = {f"panda-infra:{name}": value for name, value in sections(namespace=123).items()}
    path.write_text(fast_yaml.dump({"config": config}))
    assert from_file(path).config.namespace == "123"
    assert from_pulumi("demo", _engine(sections(namespace="123")), []).config.namespace == "123"


@pytest.mark.parametrize(
    ("written", "name", "adopts", "takes_over"),
    [
        ("panda-dev", "panda-dev", False, False),
        ({"name": "panda-dev"}, "panda-dev", False, False),
        ({"name": "default", "adopt": True}, "default", True, False),
        ({"name": "prod", "adopt": True, "takeOver": True}, "prod", True, True),
    ],
)
def test_a_namespace_is_a_name_or_a_mapping_for_the_engine_and_for_the_file(
    tmp_path: Path, *, written: Any, name: str, adopts: bool, takes_over: bool
) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    config = {f"panda-infra:{key}": value for key, value in sections(namespace=written).items()}
    path.write_text(fast_yaml.dump({"config": config}))
    for loaded in (from_file(path), from_pulumi("demo", _engine(sections(namespace=written)), [])):
        found = loaded.config
        assert (found.namespace, found.adopts_namespace, found.takes_over) == (name, adopts, takes_over)


def test_what_is_no_json_is_reported_as_text() -> None:
    values = {**_engine(sections()), "panda-infra:hosts": "{panda"}
    assert "must be a mapping" in _problems(values)["hosts"]


def test_secrets_that_are_not_encrypted_are_refused() -> None:
    values = _engine(sections(secrets={"panda": {"databasePassword": _CANARY}}))
    with pytest.raises(StackError, match="secrets: is stored in plain text") as caught:
        from_pulumi("demo", values, [])
    assert _CANARY not in str(caught.value)


def test_encrypted_values_outside_secrets_are_refused() -> None:
    values = _engine(sections(hosts={"panda": "panda.cern.ch"}))
    assert "only keys below `secrets` may" in _problems(values, ("panda-infra:hosts",))["hosts"]


def test_a_secret_repeated_in_plain_text_is_refused() -> None:
    components = {"msgsvc": {}, "panda": {"server": {"extraEnv": {"GREETING": f"x{_CANARY}x"}}}}
    values = _engine(sections(components=components, secrets={"panda": {"databasePassword": _CANARY}}))
    problems = _problems(values, ("panda-infra:secrets",))
    assert problems == {
        "components.panda.server.extraEnv.GREETING": "repeats an encrypted value in plain text"
    }


def test_a_secret_that_stands_where_a_message_would_name_it_is_masked() -> None:
    auth = {"vo": _CANARY, "clients": [{"name": "Rubin", "clientId": "a"}]}
    values = _engine(sections(auth=auth, secrets={"panda": {"databasePassword": _CANARY}}))
    assert _problems(values, ("panda-infra:secrets",))["auth.vo"].startswith("*** is none of the VOs")


def test_secrets_encrypted_as_a_whole_are_set_and_unknown(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    config = {f"panda-infra:{name}": section for name, section in sections().items()}
    path.write_text(fast_yaml.dump({"config": config | {"panda-infra:secrets": {"secure": "v1:AAAA"}}}))
    loaded = from_file(path)
    assert loaded.encrypted == loaded.wholes == {("secrets",)}


def test_a_mapping_of_secrets_that_is_encrypted_as_one_value_is_read(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    config = {f"panda-infra:{name}": section for name, section in sections().items()}
    encrypted = {"msgsvc": {"secure": "v1:AAAA"}, "files": {"panda": {"secure": "v1:BBBB"}}}
    path.write_text(fast_yaml.dump({"config": config | {"panda-infra:secrets": encrypted}}))
    assert from_file(path).wholes == {("secrets", "msgsvc"), ("secrets", "files", "panda")}
    clear = {"msgsvc": '{"basePassword": "broker"}', "files": {"panda": '{"token.json": "{\\"a\\": 1}"}'}}
    values = _engine(sections(secrets=clear))
    secrets = from_pulumi("demo", values, ["panda-infra:secrets"]).config.secrets
    assert reveal(secrets.of(MsgsvcSecrets).base_password) == "broker"
    assert {name: reveal(text) for name, text in secrets.files.of("panda").items()} == {
        "token.json": '{"a": 1}'
    }


def test_a_file_tells_set_from_missing() -> None:
    loaded = from_file(_GOOD)
    assert ("secrets", "files", "panda", "robot.proxy") in loaded.encrypted
    assert loaded.config.secrets.of(PandaSecrets).database_password is not None
    assert loaded.config.secrets.of(IddsSecrets).database_password is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_one_problem(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StackError, match=r"Pulumi\.demo\.yaml: 1 problem"):
        from_file(path)


def test_stacks_without_values_of_their_sites_lack_these_alone() -> None:
    for stack in SAMPLES.stacks:
        path = SAMPLES.file(stack)
        problems = _reported(lambda path=path: from_file(path, rules=judge_given))  # type: ignore[misc]
        assert all(problem.what.startswith("is missing") for problem in problems), stack
        assert not problems or stack != "local"


def test_loading_several_stacks_is_fast() -> None:
    started = time.process_time()
    for path in map(SAMPLES.file, SAMPLES.stacks):
        _reported(lambda path=path: from_file(path, rules=judge_given))  # type: ignore[misc]
    assert time.process_time() - started < 0.2


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(_CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in items for below in _paths(item, (*path, key)))]


def _with_canaries(value: Any) -> Any:
    """Decrypted secrets: every encrypted leaf becomes the canary."""
    if isinstance(value, dict):
        return (
            _CANARY
            if set(value) == {"secure"}
            else {key: _with_canaries(item) for key, item in value.items()}
        )
    return [_with_canaries(item) for item in value] if isinstance(value, list) else value


@st.composite
def _mutations(draw: st.DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    mutated = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 4))):
        *parents, last = draw(st.sampled_from([path for path in _paths(mutated) if path]))
        place: Any = mutated
        for part in parents:
            place = place[part]
        action = draw(st.sampled_from(["replace", "remove", "rename"]))
        if action == "replace":
            place[last] = draw(_JSON)
        elif action == "remove":
            del place[last]
        elif isinstance(place, dict):
            place[draw(st.text(max_size=8))] = place.pop(last)
        if not any(path for path in _paths(mutated)):
            break
    return mutated


_PLAIN = {key.partition(":")[2]: value for key, value in fast_yaml.load(_GOOD.read_text())["config"].items()}


@given(_mutations(_with_canaries(_PLAIN)))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_no_mutation_ends_in_a_traceback_or_shows_a_secret(mutated: dict[str, Any]) -> None:
    if _CANARY not in json.dumps(mutated.get("secrets")):
        mutated["secrets"] = {"hashKey": _CANARY}  # a text that is part of no secret may be repeated
    problems = _reported(
        lambda: from_pulumi("demo", _engine(mutated), ["panda-infra:secrets"], rules=judge_given)
    )
    assert _CANARY not in str(problems)
    assert all(problem.where and problem.what and problem.fix for problem in problems)


@given(_mutations(fast_yaml.load(_GOOD.read_text())))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_mutation_of_a_file_ends_in_a_traceback(tmp_path_factory: Any, mutated: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "Pulumi.demo.yaml"
    path.write_text(fast_yaml.dump(mutated, allow_unicode=True), encoding="utf-8", errors="replace")
    assert all(
        problem.where and problem.what and problem.fix
        for problem in _reported(lambda: from_file(path, rules=judge_given))
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_text_ends_in_a_traceback(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "Pulumi.text.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StackError):
        from_file(path, rules=judge_given)
