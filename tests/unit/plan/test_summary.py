"""The page that a reviewer reads."""

from __future__ import annotations

from panda_infra.plan.make import make_plan
from panda_infra.plan.summary import summary
from tests.support import ctao
from tests.support.stacks import stack


def test_what_does_not_apply_is_left_out() -> None:
    text = summary(make_plan("local", stack(components={"msgsvc": {}})))
    assert "## Hosts" not in text
    assert "Exposed by" not in text
    assert "Only the site knows" not in text


def test_requests_are_set_against_the_workers_of_a_known_flavor() -> None:
    cluster = {
        "kind": "magnum",
        "name": "panda",
        "template": "kubernetes-1.33.4-1",
        "keypair": "panda",
        "nodeCount": 4,
        "flavor": "m2.xlarge",
        "masterFlavor": "m2.medium",
    }
    text = summary(make_plan("doma", stack(cluster=cluster, components={"msgsvc": {}})))
    assert "4 CPU, 16 GiB of 32 CPU, 58.59 GiB that the workers have" in text


def test_what_the_charts_decide_is_shown_and_marked() -> None:
    panda = {"server": {"image": {"tag": "1.0.2"}}, "jedi": {"volumes": {"logs": {"size": "9Gi"}}}}
    text = summary(make_plan("local", stack(components={"msgsvc": {}, "panda": panda})))
    assert "| panda server | StatefulSet | 1 | ghcr.io/pandawms/panda-server:1.0.2 |" in text
    assert "| panda jedi | StatefulSet | 1 | ghcr.io/pandawms/panda-server:1.0.0 (chart) |" in text
    assert "| panda server | logs | 5Gi (chart) of " in text
    assert "| panda jedi | logs | 9Gi of " in text


def test_nothing_is_said_of_a_chart_that_the_catalog_does_not_describe() -> None:
    panda = {"chart": {"version": "9.0.0"}, "server": {"image": {"tag": "1.0.2"}}}
    text = summary(make_plan("local", stack(components={"msgsvc": {}, "panda": panda})))
    assert "| panda server | StatefulSet | 1 | ?:1.0.2 |" in text
    assert "| panda jedi | StatefulSet | 1 | ?:? (chart) |" in text
    assert "| panda jedi | logs | ? (chart) of " in text
    assert "ghcr.io/pandawms/panda-activemq:0.0.4 (chart)" in text


def test_what_the_stack_file_says_is_no_markup() -> None:
    charts = {"kind": "folder", "path": "</details>"}
    text = summary(make_plan("local", stack(charts=charts, components={"msgsvc": {}})))
    assert "- **Charts:** &lt;/details&gt;\n" in text


def test_argo_cd_is_shown_with_its_version_and_host() -> None:
    own = {"version": "2.13.6", "host": "argocd.panda.test"}
    text = summary(make_plan("local", stack(components={"msgsvc": {}}, argocd=own)))
    assert "**Argo CD:** 2.13.6, installed by the stack in namespace argocd, local accounts admin" in text
    assert "| https://argocd.panda.test | Argo CD |" in text
    theirs = summary(make_plan("local", stack(components={"msgsvc": {}}, argocd={"existing": True})))
    assert "**Argo CD:** that of the cluster, in namespace argocd" in theirs


def test_edges_of_every_part_of_a_large_component_are_one_row() -> None:
    """Each program of DIRAC may call each of its services: alone these would be a thousand rows."""
    fenced = {"networkPolicies": {"kind": "standard"}}
    text = summary(make_plan("ctao", ctao.stack(**fenced)))
    assert "| every part of dirac | dirac.master-cs | 9135 |  |" in text
    assert "\n| dirac." not in text.partition("## Connections")[2]
    assert "\n| rucio-daemons.conveyor-submitter | rucio-db.postgres |" not in text
    # Some daemons alone ask FTS.
    asking = {**ctao.COMPONENTS, "rucio-daemons": {"settings": {"transferTool": "fts3"}}}
    text = summary(make_plan("ctao", ctao.stack(components=asking, **fenced)))
    assert "| rucio-daemons.conveyor-submitter | fts.server | 8446 |  |" in text
