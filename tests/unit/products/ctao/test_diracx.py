"""What DiracX is given: keys, settings with and without secrets, its configuration."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.products.ctao import keys
from panda_infra.products.ctao.components.diracx import DiracxSecrets
from panda_infra.products.ctao.diracx_parts import address, configuration
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import revealed, stand_ins
from tests.support import canaries, ctao
from tools import REPOSITORY


def stack(**overrides: Any) -> StackConfig:
    config = ctao.stack(**overrides)
    return config.model_copy(update={"secrets": stand_ins(config)})


def with_diracx(**settings: Any) -> StackConfig:
    return ctao.stack(components=ctao.COMPONENTS | {"diracx": {"settings": settings}})


def test_a_new_key_signs() -> None:
    one, other = keys.new_keys(), keys.new_keys()
    assert one != other
    assert keys.flaw_of_keys(one) is None
    (key,) = json.loads(one)["keys"]
    assert (key["kty"], key["alg"], len(base64.urlsafe_b64decode(key["d"] + "="))) == ("OKP", "Ed25519", 32)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no set"),
        ("[]", "is no set"),
        ('{"keys": []}', "is no set"),
        ('{"keys": ["x"]}', "cannot sign"),
        ('{"keys": [{"x": "public"}]}', "cannot sign"),
        ('{"keys": [{"d": "x", "key_ops": ["verify"]}]}', "cannot sign"),
    ],
)
def test_keys_that_do_not_sign_are_refused(text: str, words: str) -> None:
    assert words in (keys.flaw_of_keys(text) or "")


def test_the_key_of_log_ins_is_one_of_fernet() -> None:
    key = Fernet(keys.new_state_key().encode())
    assert key.decrypt(key.encrypt(b"state")) == b"state"


def test_diracx_knows_the_hash_of_diracs_key_alone() -> None:
    """C40: upstream publishes the key and its hash."""
    key = keys.new_legacy_key()
    content = base64.urlsafe_b64decode(key.removeprefix("diracx:legacy:"))
    assert keys.hashed(key) == hashlib.sha256(content).hexdigest()
    config = stack()
    own = config.secrets.of(DiracxSecrets).legacy_key
    assert own is not None
    made = build(config)["diracx"].data
    assert made["DIRACX_LEGACY_EXCHANGE_HASHED_API_KEY"].decode() == keys.hashed(own.get_secret_value())
    assert not any(own.get_secret_value().encode() in value for value in made.values())


@given(st.text())
def test_other_keys_of_dirac_are_refused(text: str) -> None:
    assert keys.flaw_of_legacy_key(text)


def test_no_value_of_the_release_holds_a_secret() -> None:
    """C46, C47: upstream's chart has the store's keys and the git server's password among its values."""
    config = stack()
    release = make_plan("ctao", config).release("diracx")
    known = canaries.values(revealed(config.secrets))
    assert known
    assert canaries.found_in(json.dumps(release.values), known) == []


def test_the_configuration_follows_from_the_stack_file() -> None:
    config = with_diracx(
        organisations={
            "ctao": {
                "client": "dpps",
                "issuer": "https://iam.site.org",
                "users": {"0a1b": "ada"},
                "groups": {"user": {"users": ["0a1b"]}, "admin": {"properties": ["JobAdministrator"]}},
            }
        }
    )
    assert json.loads(configuration(config))["Registry"] == {
        "ctao": {
            "DefaultGroup": "user",
            "IdP": {"URL": "https://iam.site.org", "ClientID": "dpps"},
            "Users": {"0a1b": {"PreferedUsername": "ada"}},
            "Groups": {
                "user": {"Properties": ["NormalUser"], "Users": ["0a1b"]},
                "admin": {"Properties": ["JobAdministrator"], "Users": []},
            },
        }
    }


def test_a_repository_replaces_the_configuration() -> None:
    repository = "git+https://gitlab.site.org/dpps/config"
    part = make_plan("ctao", with_diracx(repository=repository)).release("diracx").values["parts"]["server"]
    assert part["variables"]["DIRACX_CONFIG_BACKEND_URL"] == repository
    assert list(part["files"]) == ["/etc/diracx/diracx.sh"]


def test_a_container_starts_anew_over_the_repository_of_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "default.yml").write_text("{}")
    text = (REPOSITORY / "panda_infra/products/ctao/scripts/diracx.sh").read_text()
    text = text.replace("/etc/diracx", str(tmp_path)).replace("/work", str(tmp_path / "work"))
    for _ in range(2):
        command = ("bash", "-c", text, "diracx.sh", "echo", "started")
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


def test_the_authorities_of_everybody_and_of_the_stack_are_one_file(tmp_path: Path) -> None:
    own = tmp_path / "authorities"
    own.mkdir()
    (own / "ca.pem").write_text("the stack's\n")
    (tmp_path / "work").mkdir()
    text = (REPOSITORY / "panda_infra/products/ctao/scripts/diracx.sh").read_text()
    text = text.replace("/etc/authorities", str(own)).replace("/work", str(tmp_path / "work"))
    # The image's own Python has DiracX' packages.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(("bash", "-c", text, "diracx.sh", "true"), check=True, timeout=60, env=environment)
    known = (tmp_path / "work/trust/authorities.pem").read_text()
    assert known == Path(certifi.where()).read_text() + "the stack's\n"


@pytest.mark.parametrize("interface", ["iam", "objectstore", "opensearch"])
def test_the_authority_of_what_is_outside_is_known(interface: str) -> None:
    """Each of its clients learns of them by another way."""
    chain = stand_ins(ctao.stack()).certificates.of("rucio").chain
    assert chain is not None
    outside: dict[str, Any] = {
        "iam": {"kind": "external", "url": "https://iam.site.org"},
        "objectstore": {"kind": "external", "url": "https://s3.site.org"},
        "opensearch": {"kind": "external", "host": "opensearch.site.org"},
    }
    interfaces = ctao.INTERFACES | outside
    interfaces[interface] |= {"trust": chain.get_secret_value()}
    config = stack(interfaces=interfaces)
    part = make_plan("ctao", config).release("diracx").values["parts"]["server"]
    assert part["variables"]["SSL_CERT_FILE"] == "/work/trust/authorities.pem"
    assert "/etc/authorities/ca.pem" in part["secrets"]
    made = build(config)
    store = json.loads(made["diracx"].data["DIRACX_SANDBOX_STORE_S3_CLIENT_KWARGS"])
    search = json.loads(made["diracx"].data["DIRACX_OS_DB_JOBPARAMETERSDB"])
    named = {"objectstore": store.get("verify"), "opensearch": search.get("ca_certs")}
    assert {key for key, path in named.items() if path} == {interface} - {"iam"}


def test_without_an_authority_of_their_own_the_image_knows_them_all() -> None:
    outside: dict[str, Any] = {"iam": {"kind": "external", "url": "https://iam.site.org"}}
    part = make_plan("ctao", stack(interfaces=ctao.INTERFACES | outside)).release("diracx").values["parts"]
    assert "SSL_CERT_FILE" not in part["server"]["variables"]
    assert "/etc/authorities/ca.pem" not in part["server"]["secrets"]


def test_users_come_back_by_https_alone() -> None:
    """C46: upstream's redirects are by HTTP."""
    config = ctao.stack()
    variables = make_plan("ctao", config).release("diracx").values["parts"]["server"]["variables"]
    assert address(config) == variables["DIRACX_SERVICE_AUTH_TOKEN_ISSUER"] == "https://diracx.localhost"
    redirects = json.loads(variables["DIRACX_SERVICE_AUTH_ALLOWED_REDIRECTS"])
    assert [each for each in redirects if not each.startswith("https://diracx.localhost/")] == []


def test_a_bucket_is_made_in_the_fixture_alone() -> None:
    outside = {"kind": "external", "url": "https://s3.site.org", "region": "north", "sandboxes": "dpps"}
    config = stack(interfaces=ctao.INTERFACES | {"objectstore": outside})
    variables = make_plan("ctao", config).release("diracx").values["parts"]["server"]["variables"]
    assert variables["DIRACX_SANDBOX_STORE_AUTO_CREATE_BUCKET"] == "false"
    assert variables["DIRACX_SANDBOX_STORE_BUCKET_NAME"] == "dpps"
    given = json.loads(build(config)["diracx"].data["DIRACX_SANDBOX_STORE_S3_CLIENT_KWARGS"])
    assert (given["endpoint_url"], given["region_name"]) == ("https://s3.site.org", "north")


def test_a_certificate_of_the_site_is_verified() -> None:
    outside = {"kind": "external", "host": "search.site.org", "user": "dpps"}
    config = stack(interfaces=ctao.INTERFACES | {"opensearch": outside})
    found = json.loads(build(config)["diracx"].data["DIRACX_OS_DB_JOBPARAMETERSDB"])
    assert found["verify_certs"] is True
    assert found["hosts"].startswith("dpps:")
    assert found["hosts"].endswith("@search.site.org:9200")
    assert not json.loads(build(stack())["diracx"].data["DIRACX_OS_DB_JOBPARAMETERSDB"])["verify_certs"]


def test_expired_tokens_are_removed() -> None:
    """Nothing in DiracX does it by itself: upstream's chart has a CronJob."""
    part = make_plan("ctao", ctao.stack()).release("diracx").values["parts"]["cleanup"]
    assert part["args"] == ["bash", "/etc/diracx/daily.sh", "python", "-m", "diracx.logic", "cleanup-authdb"]
    assert "/etc/diracx/daily.sh" in part["files"]


def daily(folder: Path, *command: str) -> subprocess.Popen[str]:
    script = make_plan("ctao", ctao.stack()).release("diracx").values["parts"]["cleanup"]["files"]
    (folder / "daily.sh").write_text(script["/etc/diracx/daily.sh"])
    return subprocess.Popen(["bash", folder / "daily.sh", *command], stdout=subprocess.PIPE, text=True)


def test_the_daily_command_waits_for_the_next_day_and_ends_when_asked(tmp_path: Path) -> None:
    with daily(tmp_path, "echo", "done") as running:
        assert running.stdout
        assert running.stdout.readline() == "done\n"
        running.terminate()
        assert running.wait(timeout=10) == 0


def test_a_failing_daily_command_ends_the_pod(tmp_path: Path) -> None:
    with daily(tmp_path, "false") as running:
        assert running.wait(timeout=10) == 1


def test_the_api_is_started_anew_when_it_hangs() -> None:
    parts = make_plan("ctao", ctao.stack()).release("diracx").values["parts"]
    assert parts["server"]["alive"]["httpGet"]["path"] == "/api/health/live"
    assert parts["web"]["alive"]["httpGet"]["path"] == "/"
    assert {name for name, part in parts.items() if "alive" in part} == {"server", "web", "redis"}


def test_the_api_and_the_pages_share_a_host() -> None:
    (exposed,) = (
        make_plan("ctao", ctao.stack()).release("diracx").values["ingress"][key] for key in ("hosts",)
    )
    assert [path["path"] for path in exposed[0]["paths"]] == ["/api", "/.well-known", "/"]


_COLLECTOR = "http://otel-collector.monitoring.svc:4318"


def variables(config: StackConfig, part: str) -> dict[str, str]:
    """The variables of a part, as the chart gets them."""
    values = make_plan("demo", config).release("diracx").values
    found: dict[str, str] = values["parts"][part]["variables"]
    return {name: text for name, text in found.items() if "OTEL_" in name}


def test_traces_are_sent_where_the_stack_says() -> None:
    config = stack(monitoring={"traces": {"endpoint": f"{_COLLECTOR}/"}})
    assert variables(config, "server") == {
        "DIRACX_OTEL_ENABLED": "true",
        "DIRACX_OTEL_PROTOCOL": "http",
        "DIRACX_OTEL_HTTP_ENDPOINT": _COLLECTOR,
        "DIRACX_OTEL_APPLICATION_NAME": "ctao-diracx-server",
        "OTEL_RESOURCE_ATTRIBUTES": "namespace=ctao,release=ctao-diracx,component=diracx,part=server",
    }
    worker = variables(config, "worker-small")
    assert worker["DIRACX_OTEL_APPLICATION_NAME"] == "ctao-diracx-worker-small"
    assert variables(stack(), "server") == {}


def test_policies_let_traces_out() -> None:
    config = stack(monitoring={"traces": {"endpoint": _COLLECTOR}}, networkPolicies={"kind": "standard"})
    senders = {
        str(edge.source)
        for edge in make_plan("demo", config).edges
        if (str(edge.target), edge.port) == ("namespace monitoring", 4318)
    }
    workers = {f"diracx.worker-{size}" for size in ("small", "medium", "large")}
    assert senders == {"diracx.server", "diracx.scheduler", *workers}
