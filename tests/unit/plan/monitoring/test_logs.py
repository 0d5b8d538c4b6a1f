"""What ships the logs of a stack: which files it reads, what labels their lines get, and what its pods may do."""

from __future__ import annotations

import re
from base64 import b64decode
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from panda_infra.config.stack import StackConfig
from panda_infra.delivery.monitoring import logs_secret
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.logs import CREDENTIAL, FILE, NAME, sources
from panda_infra.plan.monitoring.objects import monitoring_names, monitoring_objects
from panda_infra.plan.network.policies import policies
from panda_infra.secrets.fields import fields
from tests.support import ctao
from tests.support.stacks import stack

_LOGS = {"endpoint": "https://loki.site.org/otlp"}
_LOGIN = {**_LOGS, "tenant": "panda", "user": "shipper"}
_SECRETS = {"hashKey": "x", "monitoring": {"logsPassword": "canary-of-logs"}}


def config(logs: dict[str, Any] = _LOGS, **sections: Any) -> StackConfig:
    return stack(secrets=_SECRETS, monitoring={"logs": logs}, **sections)


def plan(logs: dict[str, Any] = _LOGS, **sections: Any) -> Plan:
    return make_plan("demo", config(logs, **sections))


def of_ctao() -> Plan:
    section = {"kind": "annotations", "logs": _LOGS}
    return make_plan("demo", ctao.stack(monitoring=section, secrets=_SECRETS))


def collector(made: Plan) -> dict[str, Any]:
    (found,) = (
        each for each in monitoring_objects(made) if each.kind == "ConfigMap" and FILE in each.fields["data"]
    )
    read: dict[str, Any] = yaml.load(found.fields["data"][FILE], yaml.CSafeLoader)
    return read


def readers(read: dict[str, Any], folder: str) -> list[dict[str, Any]]:
    """The receivers that read the file of a pod's folder."""
    path = f"/var/log/pods/{folder}/main/0.log"
    return [
        each
        for each in read["receivers"].values()
        if any(fnmatchcase(path, pattern) for pattern in each["include"])
        and not any(fnmatchcase(path, pattern) for pattern in each.get("exclude", ()))
    ]


def test_there_is_nothing_unless_the_stack_says_so() -> None:
    plain = make_plan("demo", stack(secrets={"hashKey": "x"}, monitoring={"kind": "annotations"}))
    assert NAME not in monitoring_names(plain)
    assert not any(each.kind == "DaemonSet" for each in monitoring_objects(plain))


def test_logs_need_no_metrics() -> None:
    made = plan()
    assert {each.fields["metadata"]["name"] for each in monitoring_objects(made)} == {NAME}
    assert monitoring_names(made) == {NAME} <= names_inside(made)


@pytest.mark.parametrize("made", [plan(), of_ctao()])
def test_each_pod_is_read_once_with_the_labels_of_its_workload(made: Plan) -> None:
    namespace, read = made.config.namespace, collector(made)
    for source in sources(made):
        for end in ("0", "7c9f9d8b6c-x2x4z", "x2x4z", "28934567-x2x4z"):
            (reader,) = readers(read, f"{namespace}_{source.workload}-{end}_0b3c-uid")
            assert reader["resource"] == source.labels(made)
    assert not readers(read, f"other_{sources(made)[0].workload}-0_0b3c-uid")
    assert not readers(read, f"{namespace}_somebody-else-0_0b3c-uid")


def test_lines_have_the_labels_that_metrics_and_alerts_have() -> None:
    (reader,) = readers(collector(plan()), "panda_panda-harvester-mariadb-0_0b3c-uid")
    assert reader["resource"] == {
        "service.name": "panda-harvester-mariadb",
        "namespace": "panda",
        "stack": "demo",
        "release": "panda-harvester",
        "component": "harvester",
        "part": "mariadb",
    }


def test_what_the_program_runs_itself_is_shipped_too() -> None:
    made = make_plan(
        "demo",
        stack(
            secrets=_SECRETS,
            monitoring={"kind": "annotations", "logs": _LOGS},
            backup={"schedule": "@daily", "to": {"kind": "claim", "size": "10Gi"}},
            nodeRecovery={"confirm": "none"},
        ),
    )
    found = {(each.component, each.part) for each in sources(made)}
    assert {
        ("panda", "backup"),
        ("node-recovery", "controller"),
        ("panda", "exporter-panda-postgres-postgres"),
    } <= found


def test_who_logs_in_does_it_by_a_file_of_the_secret() -> None:
    made = config(_LOGIN)
    planned = make_plan("demo", made)
    read = collector(planned)
    assert read["exporters"]["otlp_http"]["headers"] == {"X-Scope-OrgID": "panda"}
    assert read["extensions"]["bearertokenauth"] == {
        "scheme": "Basic",
        "filename": f"/credential/{CREDENTIAL}",
    }
    content = logs_secret(planned, made.secrets.monitoring)
    assert b64decode(b64decode(content[CREDENTIAL])) == b"shipper:canary-of-logs"
    assert "canary" not in repr(monitoring_objects(planned))


def test_without_a_user_nobody_logs_in() -> None:
    made = config()
    planned = make_plan("demo", made)
    assert logs_secret(planned, made.secrets.monitoring) == {}
    assert collector(planned)["service"]["extensions"] == ["file_storage"]
    required = {field.key for field in fields(made) if field.is_required(made)}
    assert "monitoring.logsPassword" not in required
    assert "monitoring.logsPassword" in {
        field.key for field in fields(config(_LOGIN)) if field.is_required(config(_LOGIN))
    }


def test_its_pods_may_read_files_and_nothing_else() -> None:
    (made,) = (each for each in monitoring_objects(plan(_LOGIN)) if each.kind == "DaemonSet")
    template = made.fields["spec"]["template"]
    pod = template["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["tolerations"] == [{"operator": "Exists"}]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    written = {each["name"] for each in container["volumeMounts"] if not each.get("readOnly")}
    assert written == {"state"}
    assert re.search(r":\d+\.\d+\.\d+$", container["image"])


def test_another_configuration_gives_other_pods_and_another_password_does_not() -> None:
    def digest(made: Plan) -> str:
        (found,) = (each for each in monitoring_objects(made) if each.kind == "DaemonSet")
        text: str = found.fields["spec"]["template"]["metadata"]["annotations"]["panda-infra/files"]
        return text

    assert digest(plan()) == digest(plan())
    assert digest(plan()) != digest(plan(_LOGIN))


def test_policies_let_it_reach_the_store_alone() -> None:
    made = plan(
        {"endpoint": "https://loki.site.org:3100/otlp"},
        networkPolicies={"kind": "standard", "hosts": {"loki.site.org": ["10.9.0.7/32"]}},
    )
    (policy,) = (each for each in policies(made) if each.name == NAME)
    assert "ingress" not in policy.spec
    _dns, store = policy.spec["egress"]
    assert store == {
        "to": [{"ipBlock": {"cidr": "10.9.0.7/32"}}],
        "ports": [{"protocol": "TCP", "port": 3100}],
    }
