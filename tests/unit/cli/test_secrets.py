"""`secrets`: audit, set, rotate, render."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_pem_x509_certificate

from panda_infra.authority import make_authority
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.cli.secret_values.audit import rows
from panda_infra.secrets.certificates import from_p12
from tests.support import fast_yaml
from tests.support.credentials import grid_proxy, token
from tests.support.stacks import stack
from tests.unit.cli.conftest import FakeCli


def p12(*hosts: str, password: str = "", days: int = 0) -> bytes:
    made = make_authority("Test CA", now=datetime.now(UTC) - timedelta(days=days)).issue(hosts)
    key = serialization.load_pem_private_key(made.key.encode(), None)
    encryption = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(
        b"host",
        key,  # type: ignore[arg-type]
        load_pem_x509_certificate(made.certificate.encode()),
        [load_pem_x509_certificate(made.chain.encode())],
        encryption,
    )


def test_the_audit_shows_each_secret_once(
    run: Any, stack_file: Path, golden: Callable[[str, str], None]
) -> None:
    assert stack_file.exists()
    result = run("secrets", "audit", "small", "--offline", "--all")
    assert result.exit_code == 1
    golden("audit.txt", "\n".join(line.rstrip() for line in result.stdout.splitlines()) + "\n")


def test_the_audit_is_content_with_a_complete_stack(run: Any, stack_file: Path, fake_cli: FakeCli) -> None:
    assert stack_file.exists()
    assert run("init", "small", "--make-certificates").exit_code == 0
    result = run("secrets", "audit", "small", "--json")
    assert result.exit_code == 0, result.stdout
    report = json.loads(result.stdout)
    states = {row["key"]: row["state"] for row in report["secrets"]}
    assert states["panda.databasePassword"] == "set"
    assert "missing" not in states.values()
    ends = {row["key"]: row["expires"] for row in report["secrets"] if row["expires"]}
    assert ends.keys() == {"certificates.panda.certificate", "certificates.panda.chain"}
    assert not set(fake_cli.values.values()) & set(re.findall(r'"([^"]*)"', result.stdout))


def test_an_expired_certificate_fails_the_audit(run: Any, stack_file: Path, fake_cli: FakeCli) -> None:
    assert run("init", "small").exit_code == INCOMPLETE
    file = stack_file.with_name("host.p12")
    file.write_bytes(p12("panda.cern.ch", days=5000))
    refused = run("secrets", "set", "small", "certificates.panda", "--file", str(file))
    assert refused.exit_code == 1
    assert "its certificate expired on" in refused.stderr
    assert "its chain expired on" in refused.stderr
    made = from_p12(file.read_bytes())
    for part, text in {"certificate": made.certificate, "key": made.key, "chain": made.chain}.items():
        fake_cli.put(stack_file, f"certificates.panda.{part}", text)
    result = run("secrets", "audit", "small")
    assert result.exit_code == 1
    assert "expired on" in result.stdout


_PROXY = 'files.panda["rucio.proxy"]'


def test_a_proxy_is_stored_with_its_end_and_an_expired_one_is_not(
    run: Any, stack_file: Path, fake_cli: FakeCli
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    file = stack_file.with_name("robot.proxy")
    file.write_text(grid_proxy(now - timedelta(days=8), now - timedelta(days=1)))
    refused = run("secrets", "set", "small", _PROXY, "--file", str(file))
    assert refused.exit_code == 1
    assert f"secrets.{_PROXY}: the value was not stored:\n  - it expired on " in refused.stderr
    assert "24 hours ago: renew it first" in refused.stderr
    assert not fake_cli.values
    file.write_text(grid_proxy(now - timedelta(hours=1), now + timedelta(hours=11, minutes=1)))
    stored = run("secrets", "set", "small", _PROXY, "--file", str(file))
    assert stored.exit_code == 0, stored.stderr
    assert f"{_PROXY} expires in 11 hours, on " in stored.stdout
    assert (
        "rolled by the next up: no pods\nre-read without a restart: panda/server, panda/jedi\n"
        in stored.stdout
    )


def test_the_audit_shows_the_end_of_proxies_tokens_and_the_kubeconfig(
    run: Any, stack_file: Path, fake_cli: FakeCli
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    document = fast_yaml.load(stack_file.read_text())
    document["config"]["panda-infra:cluster"] = {"kind": "existing"}
    stack_file.write_text(fast_yaml.dump(document))
    user = {"name": "u", "user": {"token": token(now + timedelta(days=5))}}
    kubeconfig = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://k.site.org"}}],
        "users": [user],
    }
    ends = {
        _PROXY: grid_proxy(now - timedelta(hours=1), now + timedelta(hours=11, minutes=1)),
        'files.panda["old.proxy"]': grid_proxy(now - timedelta(days=8), now - timedelta(hours=25)),
        "auth.idToken": token(now + timedelta(days=40, minutes=1)),
        "kubeconfig": fast_yaml.dump(kubeconfig),
    }
    for key, value in ends.items():
        fake_cli.put(stack_file, key, value)
    shown = run("secrets", "audit", "small")
    for words in ("in 11 hours", "25 hours ago", "in 40 days", "in 4 days"):
        assert words in shown.stdout, words
    assert 'wrong: secrets.files.panda["old.proxy"]: expired on' in shown.stdout
    assert f"warning: secrets.{_PROXY}: expires in 11 hours" in shown.stderr
    rows = json.loads(run("secrets", "audit", "small", "--json").stdout)["secrets"]
    assert ends.keys() <= {row["key"] for row in rows if row["expires"]}
    assert not any(value in shown.output for value in ends.values())


def test_what_somebody_else_provides_is_not_missing() -> None:
    config = stack(
        components={
            "msgsvc": {},
            "panda": {"settings": {"existingSecrets": ["panda-certs", "panda-tls-certs"]}},
        }
    )
    states = {row.key: row.state for row in rows(config, {})}
    assert states["certificates.panda.certificate"] == "elsewhere"


@pytest.mark.parametrize("value", [b"plain", b"p#w@1-2~x", b"with line end\n"])
def test_a_value_comes_from_standard_input(
    run: Any, stack_file: Path, fake_cli: FakeCli, value: bytes
) -> None:
    assert stack_file.exists()
    result = run("secrets", "set", "small", "iam.superuserPassword", stdin=value)
    assert result.exit_code == 0, result.stderr
    assert list(fake_cli.values.values()) == [value.decode().removesuffix("\n")]
    assert "rolled by the next up: iam/main\n" in result.stdout
    assert value.decode().strip() not in result.output
    assert not any(value.decode().strip() in word for arguments in fake_cli.arguments for word in arguments)


@pytest.mark.parametrize(
    "content",
    [b"line one\nline two\n\n", b"\r\n\ttabs and no end", "ünïcode ☃\n".encode(), bytes(range(256))],
)
def test_a_file_keeps_every_byte(run: Any, stack_file: Path, fake_cli: FakeCli, content: bytes) -> None:
    source = stack_file.with_name("token")
    source.write_bytes(content)
    result = run("secrets", "set", "small", "files.panda.a.proxy", "--file", str(source))
    assert result.exit_code == 0, result.stderr
    (value,) = fake_cli.values.values()
    read = b64decode(value.removeprefix("base64:")) if value.startswith("base64:") else value.encode()
    assert read == content


@pytest.mark.parametrize(
    ("key", "value", "reported"),
    [
        ("panda.databasePassword", b"it's", "which panda/postgres cannot take"),
        ("panda.databasePassword", b"", "is empty"),
        ("panda.databasePassword", b"\xff\xfe", "is no UTF-8 text"),
        ("iam.keystore", b"{}", "is no JSON Web Key Set"),
        ("auth.clientSecrets.Nobody", b"x", "nothing in this stack's settings uses it"),
        ("panda.password", b"x", "did you mean `panda.databasePassword`?"),
        ("certificates.panda", b"", "give a PKCS#12 file"),
    ],
)
def test_what_its_readers_cannot_take_is_not_stored(
    run: Any, stack_file: Path, fake_cli: FakeCli, *, key: str, value: bytes, reported: str
) -> None:
    assert stack_file.exists()
    result = run("secrets", "set", "small", key, stdin=value)
    assert result.exit_code == 1
    assert reported in result.stderr
    assert not fake_cli.values


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("panda.databasePassword", "ENC[AES256_GCM,data:eA==,type:str]"),
        ("panda.databasePassword", "ref+vault://site/panda"),
        ("auth.idToken", "{{ token }}"),
        ("files.harvesterAuth.token", "$ANSIBLE_VAULT;1.1;AES256"),
    ],
)
def test_what_only_stands_for_a_value_is_not_stored(
    run: Any, stack_file: Path, fake_cli: FakeCli, key: str, value: str
) -> None:
    assert stack_file
    result = run("secrets", "set", "small", key, stdin=value.encode())
    assert result.exit_code == 1
    assert "decrypt" in result.stderr
    assert value not in result.output
    assert not fake_cli.values


@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_p12_becomes_certificate_key_and_chain(
    run: Any, stack_file: Path, fake_cli: FakeCli, password: str
) -> None:
    file = stack_file.with_name("host.p12")
    file.write_bytes(p12("panda.cern.ch", password=password))
    command = ("secrets", "set", "small", "certificates.panda", "--file", str(file))
    result = run(*command, stdin=f"{password}\n".encode())
    assert result.exit_code == 0, result.stderr
    assert [value.splitlines()[0] for value in fake_cli.values.values()] == [
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----",
    ]


def test_a_file_that_is_no_p12_is_reported(run: Any, stack_file: Path, fake_cli: FakeCli) -> None:
    result = run("secrets", "set", "small", "certificates.panda", "--file", str(stack_file))
    assert (result.exit_code, fake_cli.values) == (1, {})
    assert "is no PKCS#12" in result.stderr


def test_rotation_makes_another_value_and_names_the_pods(
    run: Any, stack_file: Path, fake_cli: FakeCli
) -> None:
    assert stack_file.exists()
    results = [run("secrets", "rotate", "small", "msgsvc.basePassword") for _ in range(2)]
    assert [result.exit_code for result in results] == [0, 0]
    assert len(set(fake_cli.values.values())) == 2
    assert "rolled by the next up: msgsvc/activemq, panda/server, panda/jedi" in results[0].stdout
    assert not any(value in results[0].output for value in fake_cli.values.values())


def test_rotation_warns_of_what_the_program_cannot_change(
    run: Any, stack_file: Path, fake_cli: FakeCli
) -> None:
    assert stack_file.exists()
    assert fake_cli
    result = run("secrets", "rotate", "small", "panda.databasePassword")
    assert "a database that exists keeps its password" in result.stderr


def test_what_is_in_a_vault_is_renewed_there(run: Any, stack_file: Path, fake_cli: FakeCli) -> None:
    document = fast_yaml.load(stack_file.read_text())
    document["config"]["panda-infra:secrets"] = {"msgsvc": {"basePassword": "vault:secret/panda#base"}}
    stack_file.write_text(json.dumps(document))
    refused = run("secrets", "rotate", "small", "msgsvc.basePassword")
    assert (refused.exit_code, fake_cli.values) == (1, {})
    assert "secrets.msgsvc.basePassword: is in a vault, at vault:secret/panda#base" in refused.stderr
    audited = run("secrets", "audit", "small", "--offline", "--json")
    (row,) = (each for each in json.loads(audited.stdout)["secrets"] if each["key"] == "msgsvc.basePassword")
    assert (row["source"], row["state"]) == ("vault", "set")
    checked = run("check", "small")
    note = "secrets.msgsvc.basePassword: awaits vault:secret/panda#base"
    assert note in " ".join(checked.output.split())


@pytest.mark.parametrize("external", [False, True])
def test_only_the_site_renews_what_others_know_too(
    run: Any, stack_file: Path, fake_cli: FakeCli, *, external: bool
) -> None:
    if external:
        database = "{postgres: {enabled: false}, settings: {database: {host: db.cern.ch}}}"
        text = re.sub(r"panda:\n +server:\n +replicas: 2", f"panda: {database}", stack_file.read_text())
        stack_file.write_text(text)
    key = "panda.databasePassword" if external else "rucio.password"
    result = run("secrets", "rotate", "small", key)
    assert (result.exit_code, fake_cli.values) == (1, {})
    assert "only the site can renew this" in result.stderr


def test_rendered_files_hold_every_byte_and_are_for_the_owner_alone(
    run: Any, stack_file: Path, fake_cli: FakeCli, tmp_path: Path
) -> None:
    assert stack_file.exists()
    assert run("init", "small", "--make-certificates").exit_code == 0
    target = tmp_path / "rendered"
    os.umask(0)
    result = run("secrets", "render", "small", "--output", str(target))
    assert result.exit_code == 0, result.stderr
    password = (target / "panda-secrets-panda-envs" / "PANDA_DB_PASSWORD").read_bytes()
    assert password.decode() in fake_cli.values.values()
    for path in target.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("where", ["inside", "used"])
def test_rendering_refuses_places_where_secrets_would_stay(
    run: Any, stack_file: Path, fake_cli: FakeCli, tmp_path: Path, where: str
) -> None:
    assert stack_file.exists()
    assert fake_cli
    used = tmp_path / "used"
    used.mkdir()
    (used / "file").touch()
    inside = stack_file.with_name("out")
    result = run("secrets", "render", "small", "--output", str(inside if where == "inside" else used))
    assert result.exit_code == 1
    assert not inside.exists()


def test_an_incomplete_stack_is_not_rendered(
    run: Any, stack_file: Path, fake_cli: FakeCli, tmp_path: Path
) -> None:
    assert stack_file.exists()
    assert fake_cli
    result = run("secrets", "render", "small", "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "secrets.hashKey: is missing" in result.stderr


def test_the_commands_that_a_problem_tells_solve_it(run: Any, stack_file: Path, fake_cli: FakeCli) -> None:
    document = fast_yaml.load(stack_file.read_text())
    document["config"]["panda-infra:secrets"] = {
        "panda": {"databasePassword": "stored-in-plain-text"},
        "files": {"panda": {"a.pem": "CHANGEME"}},
    }
    stack_file.write_text(fast_yaml.dump(document))
    refused = run("check", "small")
    reported = {match[1] for match in re.finditer(r"`python -m panda_infra ([^`]+)`", refused.output)}
    assert reported == {
        "secrets set small 'panda.databasePassword'",
        "secrets set small 'files.panda[\"a.pem\"]'",
    }
    for text in reported:
        done = run(*shlex.split(text), stdin=b"a-new-value")
        assert done.exit_code == 0, done.output
    assert "plain text" not in run("check", "small").output
    assert set(fake_cli.values.values()) == {"a-new-value"}
