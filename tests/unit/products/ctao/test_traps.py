"""Known defects of the charts of CTAO's DPPS: what shows that each is fixed or refused, or why no stack meets it."""

from __future__ import annotations

import re

import pytest

from panda_infra.products.registry import PRODUCTS, components_of
from tests.support import fast_yaml
from tools import REPOSITORY

_CASES = "tests/bad_stacks/ctao.yaml"
_RUCIO = "tests/unit/products/ctao/test_rucio.py"
_DIRAC = "tests/unit/products/ctao/test_dirac.py"
_DIRACX = "tests/unit/products/ctao/test_diracx.py"
_JOBS = "tests/unit/products/ctao/test_jobs.py"
_PROGRAMS = "tests/unit/products/ctao/test_programs.py"
_FIXTURES = "tests/unit/products/ctao/test_fixtures.py"
_STACK = "tests/e2e/test_ctao.py"
_UPGRADES = "tests/e2e/test_ctao_upgrades.py"
_ISSUED = "tests/unit/plan/test_certificates.py"

SHOWN = {
    "C1": (_CASES, "a reset of the tables among the values (C1)"),
    "C2": (_RUCIO, "def test_two_renders_are_equal"),
    "C3": (_RUCIO, "def test_every_name_follows_the_affix"),
    "C4": ("tests/unit/delivery/test_keep_claims.py", "def test_a_claim_is_marked_and_keeps_everything_else"),
    "C6": (_DIRAC, "def test_a_change_of_one_program_leaves_the_others"),
    "C7": (_PROGRAMS, "def test_nothing_waits_for_a_job_of_the_same_release"),
    "C8": (_STACK, "def test_destroy_leaves_nothing"),
    "C13": (_STACK, "def test_numbers_of_pods_reach_charts_that_compare_them_with_fractions"),
    "C14": (_CASES, "a truth value for Apache (C14)"),
    "C18": (_CASES, "packages that each start installs (C18)"),
    "C20": (_RUCIO, "def test_a_password_that_rucio_would_read_otherwise_is_refused"),
    "C21": (_RUCIO, "def test_connections_are_renewed"),
    "C22": ("testbed/consumers/rucio/bootstrap.py", "tables without a version"),
    "C23": ("testbed/consumers/rucio/bootstrap.py", "a later release"),
    "C24": ("testbed/consumers/rucio/migration.py", "daemons are stopped, then a backup is made"),
    "C25": ("testbed/consumers/rucio/reconcile.py", "a changed stack file"),
    "C26": (_JOBS, "def test_a_job_ends_though_what_it_waits_for_never_comes"),
    "C27": ("testbed/consumers/rucio/failover.py", "a replica has no target of an old restore"),
    "C28": ("tests/e2e/test_backup_drill.py", "def test_what_was_lost_comes_back"),
    "C29": (_DIRAC, "def test_the_password_is_in_one_file_of_one_secret"),
    "C30": (_DIRAC, "def test_the_volume_of_the_configuration_has_a_size"),
    "C40": (_RUCIO, "def test_no_chart_has_a_credential_of_its_own"),
    "C41": (_FIXTURES, "def test_the_authorities_hold_no_key"),
    "C42": (_ISSUED, "def test_generated_certificates_are_issued_anew_when_they_do_not_fit"),
    "C43": (
        "tests/unit/charts/test_rucio_charts.py",
        "def test_no_pod_mounts_the_token_of_the_api_that_needs_none",
    ),
    "C44": (_PROGRAMS, "def test_no_pod_may_ask_kubernetes"),
    "C45": (_PROGRAMS, "def test_no_service_opens_a_port_of_every_node"),
    "C46": (_DIRACX, "def test_users_come_back_by_https_alone"),
    "C47": (_UPGRADES, "def test_no_credential_is_in_any_object_of_helm"),
    "C48": (_DIRAC, "def test_every_program_has_one_certificate"),
    "C49": (
        "tests/unit/teardown/test_belongings.py",
        "def test_secrets_that_certificates_leave_behind_are_deleted_from_an_adopted_namespace",
    ),
}

OUTSIDE = {
    "C5": "is about a cert-manager inside of the umbrella; the cluster has its own",
    "C9": "is about the chart bdms, which no stack deploys",
    "C10": "is about the tests of the chart bdms",
    "C11": "is about parts of the umbrella that cannot be switched off",
    "C12": "is about an operator of certificates that the umbrella demands",
    "C15": "is about the CRDs of that operator",
    "C16": "is about Loki's chart, which no stack deploys",
    "C17": "is about values of the chart wms",
    "C50": "is about Loki and Grafana, which the cluster has",
}

# The charts that these are about: CTAO's umbrella, its sub-charts, and what these bring along.
_NOT_DEPLOYED = {
    "dpps": ("C9", "C10", "C11", "C12"),
    "bdms": ("C9", "C10", "C11", "C12"),
    "wms": ("C17",),
    "cert-manager": ("C5", "C12", "C15"),
    "grafana": ("C50",),
    "loki": ("C16", "C50"),
}

_PAGE = (REPOSITORY / "docs/deviations.md").read_text()


@pytest.mark.parametrize("trap", SHOWN)
def test_each_defect_has_what_shows_it(trap: str) -> None:
    file, text = SHOWN[trap]
    assert text in (REPOSITORY / file).read_text()


def test_no_stack_deploys_the_charts_that_the_others_are_about() -> None:
    assert {trap for traps in _NOT_DEPLOYED.values() for trap in traps} == OUTSIDE.keys()
    deployed = {spec.chart_name for spec in components_of(PRODUCTS["ctao"]).values()}
    assert deployed
    assert deployed & _NOT_DEPLOYED.keys() == set()


def test_the_charts_of_the_program_have_no_others_inside() -> None:
    charts = [file.parent for file in (REPOSITORY / "panda_infra/products/ctao/charts").rglob("Chart.yaml")]
    assert charts
    inside = {
        each["name"]
        for chart in charts
        for each in fast_yaml.load((chart / "Chart.yaml").read_text()).get("dependencies", ())
    }
    assert inside | {file.name for chart in charts for file in chart.glob("charts/*")} == set()


def test_the_page_has_each_number() -> None:
    rows = re.findall(r"^\| (C\d+(?:(?: to |, )C\d+)*) \|", _PAGE, re.MULTILINE)
    numbers: set[int] = set()
    for row in rows:
        found = [int(number) for number in re.findall(r"C(\d+)", row)]
        numbers |= set(range(found[0], found[-1] + 1)) if " to " in row else set(found)
    assert numbers == {int(trap[1:]) for trap in SHOWN.keys() | OUTSIDE}
    assert not SHOWN.keys() & OUTSIDE.keys()


def test_each_number_in_a_message_is_on_the_page() -> None:
    named = set()
    for file in (REPOSITORY / "panda_infra").rglob("*.py"):
        named |= set(re.findall(r"\bC\d+\b(?=[,)])", file.read_text()))
    assert named - SHOWN.keys() == set()
