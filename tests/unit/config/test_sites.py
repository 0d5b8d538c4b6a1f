"""Site files: one merge with algebra that can be relied on, one clear error, and only what is really shared."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.load import Loaded, from_file, from_pulumi
from panda_infra.config.sites import Layers, difference, overlaid, sites
from panda_infra.errors import Problem, StackError
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.rules.judge import judge_given
from tests.support import fast_yaml
from tests.support.stacks import sections

_SITE: dict[str, Any] = {
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
    "storage": {"class": "standard"},
    "components": {
        "msgsvc": {},
        "iam": {"mariadb": {"enabled": True}},
        "panda": {"server": {"replicas": 2, "volumes": {"logs": {"size": "5Gi"}}}},
    },
}
_OWN = {"experiment": "local", "site": "slac"}

# Each key has one kind of value, as in a stack file.
_SCALARS = st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
_LAYER = st.fixed_dictionaries(
    {},
    optional={
        "a": _SCALARS,
        "b": _SCALARS,
        "m": st.fixed_dictionaries(
            {}, optional={"x": _SCALARS, "y": st.dictionaries(st.sampled_from("pq"), _SCALARS)}
        ),
    },
)
_ANY = st.recursive(
    _SCALARS | st.none(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)
_ANY_LAYER = st.dictionaries(st.sampled_from("abc"), _ANY)
_WHOLE = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(_SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8),
)


@given(_ANY_LAYER)
def test_nothing_over_a_layer_or_below_it_changes_it(layer: dict[str, Any]) -> None:
    assert overlaid(layer, {}) == layer
    assert overlaid({}, layer) == layer


@given(_WHOLE)
def test_a_layer_over_itself_is_itself(layer: dict[str, Any]) -> None:
    assert overlaid(layer, layer) == layer


@given(_LAYER, _LAYER, _LAYER)
def test_layers_may_be_merged_in_any_grouping(one: Any, two: Any, three: Any) -> None:
    assert overlaid(overlaid(one, two), three) == overlaid(one, overlaid(two, three))


@given(_ANY_LAYER, _ANY_LAYER)
def test_what_is_above_holds_and_the_layers_stay_as_they_are(below: Any, above: Any) -> None:
    before = copy.deepcopy((below, above))
    result = overlaid(below, above)
    assert (below, above) == before
    for key, value in above.items():
        if value is not None and not isinstance(value, dict):
            assert result[key] == value
    assert {key for key in below if key not in above} <= result.keys()


@given(_WHOLE, st.sampled_from("abc"))
def test_null_removes_what_is_below_and_nothing_else(below: dict[str, Any], key: str) -> None:
    rest = {name: value for name, value in below.items() if name != key}
    assert overlaid(below, {key: None}) == (rest if key in below else below | {key: None})


@given(_ANY_LAYER, _WHOLE)
def test_a_difference_makes_the_whole(below: dict[str, Any], whole: dict[str, Any]) -> None:
    assert overlaid(below, difference(below, whole)) == whole
    assert difference(whole, whole) == {}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    write_site(tmp_path, _SITE)
    return tmp_path


def write_site(project: Path, site: object) -> None:
    text = site if isinstance(site, str) else fast_yaml.dump(site)
    (project / "sites" / "slac.yaml").write_text(text)


def load(project: Path, **own: Any) -> Loaded:
    file = project / "Pulumi.demo.yaml"
    config = {f"panda-infra:{name}": value for name, value in {**_OWN, **own}.items()}
    file.write_text(fast_yaml.dump({"config": config}))
    return from_file(file, rules=judge_given)


def problems(project: Path, **own: Any) -> dict[str, Problem]:
    with pytest.raises(StackError) as caught:
        load(project, **own)
    assert caught.value.source == "Pulumi.demo.yaml"
    return {problem.where: problem for problem in caught.value.problems}


def test_a_stack_says_what_differs_from_its_site(project: Path) -> None:
    config = load(project, components={"panda": {"server": {"replicas": 3}}, "iam": None}).config
    assert set(config.components.deployed()) == {"msgsvc", "panda"}
    panda = config.components.get(Panda)
    assert panda is not None
    assert panda.server.replicas == 3
    assert panda.server.volumes["logs"].size == "5Gi"
    assert config.storage.class_name == "standard"


def test_the_engine_and_the_file_give_the_same(project: Path) -> None:
    own = {"components": {"panda": {"server": {"volumes": {"logs": None}}}}}
    values = {f"panda-infra:{name}": value for name, value in _OWN.items()}
    # As Pulumi.yaml declares what the stack file leaves out.
    values |= {"panda-infra:storage": "{}", "panda-infra:namespace": ""}
    values["panda-infra:components"] = json.dumps(own["components"])
    by_engine = from_pulumi("demo", values, [], folder=project, rules=judge_given).config
    assert by_engine == load(project, **own).config
    panda = by_engine.components.get(Panda)
    assert panda is not None
    assert panda.server.volumes == {}


def test_an_unknown_site_is_one_error_beside_what_is_wrong_in_the_stack_itself(project: Path) -> None:
    found = problems(project, site="slca", affix="dev", hosts={"pnada": "panda.slac.stanford.edu"})
    assert set(found) == {"site", "affix", "hosts.pnada"}
    assert found["site"].what == "there is no file sites/slca.yaml; did you mean slac?"
    assert found["site"].fix == "Sites known here: slac."


@pytest.mark.parametrize("name", ["../slac", "a/b", "SLAC", 7.5, ["slac"]])
def test_a_site_has_a_plain_name(project: Path, name: object) -> None:
    found = problems(project, site=name)
    assert list(found) == ["site"]
    assert found["site"].what.startswith(("must be lower-case letters", "there is no file sites/7.5.yaml"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: [", "sites/slac.yaml: line 2, column 1"),
        ("- a", "sites/slac.yaml: the file"),
        ("# nothing", "sites/slac.yaml: the file"),
    ],
)
def test_a_site_that_cannot_be_read_is_one_problem(project: Path, text: str, where: str) -> None:
    write_site(project, text)
    assert list(problems(project)) == [where]


def test_a_site_in_another_encoding_is_one_problem(project: Path) -> None:
    (project / "sites" / "slac.yaml").write_bytes(b"\xff\xfe")
    assert list(problems(project)) == ["sites/slac.yaml"]


def test_each_value_is_reported_with_the_file_that_it_stands_in(project: Path) -> None:
    site = copy.deepcopy(_SITE)
    site["components"]["panda"]["server"] |= {"replicas": "two", "imag": {}}
    site["hosts"] = {"panda": "CHANGEME"}
    site["exposure"] = 5
    site["placement"] = {"evictAfter": None}
    write_site(project, site)
    found = problems(project, components={"idds": {"rest": {"replicas": 0}}})
    assert set(found) == {
        "sites/slac.yaml: components.panda.server.replicas",
        "sites/slac.yaml: components.panda.server.imag",
        "sites/slac.yaml: hosts.panda",
        "sites/slac.yaml: exposure",
        "sites/slac.yaml: placement.evictAfter",
        "components.idds.rest.replicas",
    }
    assert "`exposure:" in found["sites/slac.yaml: exposure"].fix


def test_what_the_stack_replaces_is_the_stacks(project: Path) -> None:
    clients = {"clients": [{"name": "Rubin", "clientId": "a", "robotIds": ["b"]}]}
    write_site(project, _SITE | {"auth": clients, "hosts": {"panda": "CHANGEME"}})
    found = problems(project, auth={"clients": [{"name": "Rubin"}]}, hosts={"panda": "FIXME"})
    assert {"auth.clients[0].clientId", "hosts.panda"} <= found.keys()
    assert not [where for where in found if where.startswith("sites/")]


def test_what_both_leave_out_is_missing_in_the_stack(project: Path) -> None:
    write_site(project, {name: section for name, section in _SITE.items() if name != "storage"})
    assert "storage" in problems(project)


def test_a_site_holds_neither_secrets_nor_a_site_nor_prefixes(project: Path) -> None:
    secure = {"secure": "v1:AAAA:BBBB"}
    misplaced = {"secrets": {"hashKey": "PlainTextCanary"}, "site": "cern", "panda-infra:proxy": {}}
    write_site(project, _SITE | misplaced | {"hosts": {"ui": secure}})
    with pytest.raises(StackError) as caught:
        load(project, hosts={"pnada": "panda.slac.stanford.edu"})
    reported = {(problem.where, problem.what) for problem in caught.value.problems}
    assert {
        ("sites/slac.yaml: secrets", "a site's file holds no secrets, each stack has its own"),
        ("sites/slac.yaml: site", "a site cannot be that of another one"),
        ('sites/slac.yaml: ["panda-infra:proxy"]', "a site's file holds sections without a prefix"),
        ("sites/slac.yaml: hosts.ui", "holds an encrypted value, which only stack files may"),
        ("hosts.pnada", "there is no such key; did you mean `panda`?"),
    } <= reported
    assert "PlainTextCanary" not in str(caught.value)


def test_a_null_that_removes_nothing_is_empty_as_ever(project: Path) -> None:
    found = problems(project, placement={"evictAfter": None}, storage=None)
    assert {where: problem.what for where, problem in found.items()} == {
        "placement.evictAfter": "is empty",
        "storage": "is empty",
    }


def test_only_what_stands_in_the_site_alone_is_the_sites() -> None:
    layers = Layers(
        {"a": {"b": {"c": 1}}, "l": [{}]}, {"a": {"b": {"d": 2}, "e": [{"f": 1}]}, "l": [{"x": 1}]}, "s"
    )
    assert layers.in_site(("a", "b", "d"))
    assert layers.in_site(("a", "e", 0, "f"))
    for path in [
        ("a",),
        ("a", "b"),
        ("a", "b", "c"),
        ("a", "x"),
        ("a", "e", 1),
        ("l", 0, "x"),
        ("a", "b", "d", "z"),
    ]:
        assert not layers.in_site(path), path


def test_sites_are_the_files_beside_the_stacks(project: Path) -> None:
    assert sites(project) == ("slac",)
    assert sites(project / "nowhere") == ()
    assert load(project, site="slac").layers.file == "sites/slac.yaml"
    assert (
        from_pulumi(
            "demo",
            {f"panda-infra:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in sections().items()},
            [],
        ).layers.file
        is None
    )
