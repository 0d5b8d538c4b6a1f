"""A stack's monitoring with Prometheus and Alertmanager themselves: see testbed/consumers/prometheus."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.paths import Path
from panda_infra.secrets.generate import stand_ins, with_values
from testbed.consumers.prometheus.watch import HOOK, HOST, MAIL
from testbed.consumers.registry import MONITORING
from testbed.consumers.sandbox import Check
from tests.support import ctao
from tests.support.real_software import tried

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_MAIL = {
    "to": ["operators@site.org"],
    "sender": "ctao@site.org",
    "server": "{}:{}".format(*MAIL),
    "user": "ctao",
    "requireTls": False,
}
_SECTION: dict[str, Any] = {"kind": "annotations", "receivers": {"webhook": True, "mail": _MAIL}}
_SECRETS: dict[Path, str] = {
    ("monitoring", "webhookUrl"): "http://{}:{}/of-the-secret".format(*HOOK),
    ("monitoring", "mailPassword"): "canary-of-the-mail-server",
}


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried."""
    # Rucio alone: what exports the metrics of a MariaDB is in no package of the image.
    config = ctao.stack(**ctao.RUCIO | {"monitoring": _SECTION, "hosts": {"rucio": HOST}})
    config = config.model_copy(update={"secrets": with_values(stand_ins(config), _SECRETS)})
    return tried("consumed", config, MONITORING)


def test_everything_is_seen_and_everybody_is_told(checks: list[Check]) -> None:
    assert [f"{each.what}: {each.detail}" for each in checks if not each.passed] == []


@pytest.mark.parametrize("alert", ["CertificateEnds", "RucioDaemonStuck"])
def test_alerts_begin_and_end(alert: str, checks: list[Check]) -> None:
    assert {f"{alert} begins", f"{alert} ends"} <= {each.what for each in checks}
