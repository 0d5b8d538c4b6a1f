"""`cric fetch`, from a CRIC of this machine by real HTTPS."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.clients import cric as client
from panda_infra.products.panda.cric_lists import check_folder
from panda_infra.stacks.document import compose
from tests.support.cric import Answer, Cric, cric
from tests.support.serving import serving
from tests.unit.cli.conftest import SMALL, Run
from tools import REPOSITORY

_SAMPLE = REPOSITORY / "cric_jsons"
_NAMES = ("sites", "panda_queues", "ddm_endpoints", "ddm_blacklist", "ddm_objectstores")


@pytest.fixture(scope="module")
def shared_cric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cric]:
    with cric(tmp_path_factory.mktemp("cric")) as made:
        yield made


@pytest.fixture
def there(shared_cric: Cric) -> Iterator[Cric]:
    """The CRIC as it was in the beginning."""
    lists = json.dumps(shared_cric.lists)
    yield shared_cric
    shared_cric.lists = json.loads(lists)
    shared_cric.answers.clear()


@pytest.fixture
def folder(project: Path) -> Path:
    """Of the stack `small`, whose lists are still to be fetched."""
    sections = SMALL | {"cric": {"real": False, "folder": "lists/small"}}
    (project / "Pulumi.small.yaml").write_text(compose(sections, "A small stack."))
    return project / "lists" / "small"


@pytest.fixture
def fetch(run: Run, there: Cric) -> Run:
    """Runs the command; trusts the CRIC unless a test gives another authority."""

    def invoke(*options: str, url: str = there.url, ca: Path = there.authority) -> Any:
        return run("cric", "fetch", "small", "--url", url, "--ca", str(ca), *options)

    return invoke


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.exists() else {}


def test_the_lists_become_files_that_the_check_takes(fetch: Run, folder: Path, there: Cric) -> None:
    reported = fetch()
    assert reported.exit_code == 0, reported.stderr
    assert set(contents(folder)) == {f"{name}.json" for name in _NAMES}
    assert check_folder(folder) == []
    for name in _NAMES:
        assert json.loads((folder / f"{name}.json").read_text()) == there.lists[name]
    assert "sites.json (new): 1 added, 0 as before\n  + EXAMPLE-SITE\n" in reported.stdout
    assert "of small" in reported.stderr


def test_what_changes_is_reported_and_nothing_else_is_written(fetch: Run, folder: Path, there: Cric) -> None:
    fetch()
    queues = there.lists["panda_queues"]
    queues["NEW"] = queues["EXAMPLE_QUEUE"] | {"panda_resource": "NEW"}
    queues["EXAMPLE_QUEUE"] |= {"status": "offline", "corecount": True}
    before = {name: (folder / name).stat().st_mtime_ns for name in contents(folder)}
    reported = fetch()
    assert reported.stdout.splitlines()[1:4] == [
        "panda_queues.json: 1 added, 1 changed, 0 as before",
        "  + NEW",
        "  ~ EXAMPLE_QUEUE: corecount, status",
    ]
    after = {name: (folder / name).stat().st_mtime_ns for name in contents(folder)}
    assert {name for name in after if after[name] != before[name]} == {"panda_queues.json"}
    del queues["EXAMPLE_QUEUE"]
    shown = json.loads(fetch("--json").stdout)
    assert shown["panda_queues.json"] == {
        "added": [],
        "removed": ["EXAMPLE_QUEUE"],
        "changed": {},
        "same": 1,
    }
    assert "has these lists already" in fetch().stderr


def test_a_dry_run_writes_nothing(fetch: Run, folder: Path) -> None:
    reported = fetch("--dry-run")
    assert "would write sites.json" in reported.stderr
    assert not folder.exists()


def test_a_folder_that_a_site_keeps_by_hand_stays_as_it_is_spelled(fetch: Run, folder: Path) -> None:
    """The same entries in another spelling are no reason to write."""
    folder.mkdir(parents=True)
    for name in _NAMES:
        (folder / f"{name}.json").write_bytes((_SAMPLE / f"{name}.json").read_bytes())
    (folder / "sw_tags.json").write_text('{"EXAMPLE_QUEUE": {}}')
    before = contents(folder)
    assert fetch().exit_code == 0
    assert contents(folder) == before


def test_a_present_file_that_is_no_good_is_written_anew(fetch: Run, folder: Path) -> None:
    """Also where the same entries can be read of it."""
    fetch()
    good = contents(folder)
    (folder / "sites.json").write_bytes(b"\xef\xbb\xbf" + good["sites.json"])
    (folder / "panda_queues.json").write_bytes(b"{")
    reported = fetch()
    assert reported.exit_code == 0, reported.stderr
    assert "wrote sites.json, panda_queues.json to lists/small" in reported.stderr
    assert contents(folder) == good


def test_files_that_stay_as_they_are_spelled_count_as_long_as_they_are(fetch: Run, folder: Path) -> None:
    fetch()
    file = folder / "sites.json"
    file.write_bytes(file.read_bytes() + b" " * 1_050_000)
    assert "more than the 1048576 of one Kubernetes Secret" in fetch().stderr


def test_names_of_entries_do_not_steer_a_terminal(fetch: Run, folder: Path, there: Cric) -> None:
    queues = there.lists["panda_queues"]
    queues["\x1b[2J\nx"] = queues["EXAMPLE_QUEUE"]
    reported = fetch()
    assert "+ '\\x1b[2J\\nx'" in reported.stdout
    assert "\x1b" not in reported.stdout
    assert folder.exists()


def page(self: BaseHTTPRequestHandler) -> None:
    self.send_response(200)
    self.send_header("Content-Type", "text/html; charset=utf-8")
    self.end_headers()
    self.wfile.write(b"<html><form action=/login></form></html>")


def status(code: int, **headers: str) -> Answer:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    return answer


def content(text: bytes) -> Answer:
    def answer(self: BaseHTTPRequestHandler) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text)

    return answer


def broken_off(self: BaseHTTPRequestHandler) -> None:
    self.send_response(200)
    self.send_header("Content-Length", "1000")
    self.end_headers()
    self.wfile.write(b'{"A": ')


def never(self: BaseHTTPRequestHandler) -> None:
    self.send_response(200)
    self.end_headers()
    for _ in range(100):
        self.wfile.write(b" ")
        time.sleep(0.1)  # a server that drips: each byte is in time, the whole is not


def no_http(self: BaseHTTPRequestHandler) -> None:
    self.wfile.write(b"SSH-2.0-OpenSSH\r\n")


_LOGIN = status(302, Location="https://auth.example.org/login?state=canary-4711")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page, "answers with a page for people instead of JSON"),
        (status(200), "is no JSON, line 1"),
        (status(401), "refuses (HTTP 401)"),
        (status(403), "refuses (HTTP 403)"),
        (status(404), "is not there (HTTP 404)"),
        (status(500), "answers HTTP 500"),
        (status(503), "answers HTTP 503"),
        (_LOGIN, "leads to https://auth.example.org/login (HTTP 302), which is not followed"),
        (status(301, Location="/elsewhere"), "leads to https://localhost:"),
        (status(302, Location="javascript:x"), "(HTTP 302), which is not followed"),
        (status(302, Location="https://[x"), "panda_queues.json: cannot be fetched"),
        (status(302), "(HTTP 302), which is not followed"),
        (content(b"no JSON"), "is no JSON, line 1"),
        (content(b"[]"), "must be one JSON object"),
        (content(b"{}"), "has no entries"),
        (content(b"[" * 100_000), "is no JSON"),
        (content(b'\xef\xbb\xbf{"A": {}}'), "starts with a byte order mark"),
        (content(b'{"A": {"x": NaN}}'), "contains NaN"),
        (content(b'{"A": {"x": 1e999}}'), "contains a number that is too large, 1e999"),
        (content(b'{"A": {}, "A": {}}'), "contains 'A' 2 times"),
        (content(b'{"A": {"name": "\\ud800"}}'), "half of a character"),
        (content(b'{"A": {}}'), "the field panda_resource is missing in 1 of 1 entries, first A"),
        (broken_off, "breaks off"),
        (never, "gives no whole answer in 1 seconds"),
        (no_http, "something else than HTTP"),
    ],
)
def test_a_list_that_is_no_good_is_reported_and_nothing_is_written(
    fetch: Run, folder: Path, there: Cric, answer: Answer, words: str
) -> None:
    fetch()
    before = contents(folder)
    there.lists["sites"]["NEW"] = there.lists["sites"]["EXAMPLE-SITE"]
    there.answer("panda_queues", answer)
    reported = fetch("--timeout", "1")
    assert reported.exit_code == 1
    assert words in reported.stderr
    assert "lists/small/panda_queues.json: " in reported.stderr
    assert "nothing was changed" in reported.stderr
    assert "canary" not in reported.stderr
    assert "Traceback" not in reported.stderr
    assert contents(folder) == before


def test_everything_that_is_wrong_is_reported_at_once(fetch: Run, folder: Path, there: Cric) -> None:
    there.answer("sites", status(403))
    there.answer("panda_queues", content(b"[]"))
    there.answer("ddm_blacklist", status(404))
    reported = fetch()
    assert "3 problems, nothing was changed" in reported.stderr
    assert not folder.exists()


def test_an_answer_that_never_ends_is_cut_off(
    fetch: Run, folder: Path, there: Cric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LARGEST_ANSWER", 1000)
    there.answer("sites", content(b" " * 2_000_000))
    assert "sites.json: cannot be fetched" in (reported := fetch().stderr)
    assert "answers with more than 1000 bytes" in reported
    assert not folder.exists()


def test_all_together_must_fit_into_a_secret(fetch: Run, folder: Path, there: Cric) -> None:
    (site,) = there.lists["sites"].values()
    there.lists["sites"] = {f"S{number}": site | {"comment": "x" * 1000} for number in range(1100)}
    reported = fetch()
    assert "more than the 1048576 of one Kubernetes Secret" in reported.stderr
    assert not folder.exists()


def test_a_list_that_stays_is_judged_with_the_others(fetch: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sw_tags.json").write_text("{")
    reported = fetch()
    assert "lists/small/sw_tags.json: is no JSON, line 1" in reported.stderr
    assert set(contents(folder)) == {"sw_tags.json"}


def test_a_list_may_have_another_address_or_be_left_alone(fetch: Run, folder: Path, there: Cric) -> None:
    there.answers["/api/atlas/pandaqueue/query/?json&vo_name=mine"] = content(
        json.dumps({"MINE": there.lists["panda_queues"]["EXAMPLE_QUEUE"]}).encode()
    )
    there.answers["/tags"] = content(b'{"MINE": {}}')
    reported = fetch(
        *("--list", "panda_queues=pandaqueue/query/?json&vo_name=mine"),
        *("--list", f"sw_tags={there.url}/tags"),
        *("--list", "ddm_blacklist="),
    )
    assert reported.exit_code == 0, reported.stderr
    assert list(json.loads((folder / "panda_queues.json").read_text())) == ["MINE"]
    assert (folder / "sw_tags.json").read_text() == '{\n"MINE":{}\n}\n'
    assert not (folder / "ddm_blacklist.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--list", "queues=x"], "--list queues: write NAME=URL with one of sites, panda_queues"),
        (["--list", "sites"], "--list sites: write NAME=URL"),
        (["--list", "sites=http://localhost/"], "--list sites: write an address that starts with https://"),
        (["--list", "sites=https://u:canary-1@localhost/"], "--list sites: leave user and password out"),
        (["--key", "key.pem"], "--key belongs to a --certificate"),
        (["--certificate", "none.pem"], "--certificate: none.pem cannot be read: No such file"),
        (["--certificate", "Pulumi.yaml"], "must hold a certificate and the key that belongs to it"),
        (["--timeout", "inf"], "Invalid value for '--timeout'"),
        (["--timeout", "0"], "Invalid value for '--timeout'"),
    ],
)
def test_options_that_are_wrong(fetch: Run, folder: Path, options: list[str], words: str) -> None:
    reported = fetch(*options)
    assert reported.exit_code in (1, 2)
    assert words in " ".join(reported.stderr.replace("│", "").split())
    assert "canary" not in reported.stderr
    assert not folder.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost", "write an address that starts with https://"),
        ("localhost", "write an address that starts with https://"),
        ("https://", "write an address that starts with https://"),
        ("https://localhost:x", "write an address that starts with https://"),
        ("https://[::1", "write an address that starts with https://"),
        ("https://löcalhost", "write an address that starts with https://"),
        ("https://local host", "write an address that starts with https://"),
        ("https://me:canary-1@localhost", "leave user and password out"),
        ("https://localhost/api/atlas/site/query/?json", "name CRIC's API without what follows a `?`"),
        ("https://localhost:1", "cannot be reached (Connection refused)"),
        ("https://cric.invalid", "cannot be reached"),
    ],
)
def test_addresses_that_are_wrong(fetch: Run, folder: Path, url: str, words: str) -> None:
    reported = fetch(url=url)
    assert reported.exit_code == 1
    assert words in reported.stderr
    assert "canary" not in reported.stderr
    assert not folder.exists()


def test_a_server_that_is_not_trusted_is_not_asked(run: Run, fetch: Run, folder: Path, there: Cric) -> None:
    reported = run("cric", "fetch", "small", "--url", there.url)
    assert "is not trusted" in reported.stderr
    assert "name its authority by `--ca`" in reported.stderr
    assert (
        "is not trusted (IP address mismatch" in fetch(url=there.url.replace("localhost", "127.0.0.1")).stderr
    )
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("nothing.pem", "cannot be read: No such file"), ("Pulumi.yaml", "holds no certificates")],
)
def test_authorities_that_are_none(fetch: Run, folder: Path, name: str, words: str) -> None:
    assert words in fetch(ca=Path(name)).stderr
    assert not folder.exists()


def test_a_cric_that_wants_to_know_who_asks(run: Run, folder: Path, tmp_path: Path) -> None:
    with cric(tmp_path, clients=True) as there:
        options = ("cric", "fetch", "small", "--url", there.url, "--ca", str(there.authority))
        reported = run(*options)
        assert "it may want another `--certificate`" in reported.stderr
        assert not folder.exists()
        # As a grid proxy: certificate and key in one file.
        reported = run(*options, "--certificate", str(tmp_path / "client.pem"))
        assert reported.exit_code == 0, reported.stderr
        assert set(there.askers) == {"client"}
        certificate, _, key = (tmp_path / "client.pem").read_text().partition("-----BEGIN PRIVATE")
        (tmp_path / "cert.pem").write_text(certificate)
        (tmp_path / "key.pem").write_text(f"-----BEGIN PRIVATE{key}")
        apart = ("--certificate", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
        assert run(*options, *apart).exit_code == 0


def test_a_key_with_a_passphrase_asks_nobody(fetch: Run, folder: Path, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - of this test alone
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    file = tmp_path / "userkey.pem"
    file.write_bytes(key)
    reported = fetch("--certificate", str(tmp_path / "c.pem"), "--key", str(file))
    assert "c.pem cannot be read" in reported.stderr
    (tmp_path / "c.pem").write_text(_certificate())
    reported = fetch("--certificate", str(tmp_path / "c.pem"), "--key", str(file))
    assert "has a passphrase: use a grid proxy" in reported.stderr
    assert not folder.exists()


def _certificate() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    from panda_infra.authority import make_authority  # noqa: PLC0415

    return make_authority("x", now=datetime.now(UTC)).issue(["x"]).certificate


def test_a_stack_that_asks_cric_itself_has_no_files(run: Run, project: Path, there: Cric) -> None:
    sections = SMALL | {"cric": {"real": True, "urls": {}}}
    (project / "Pulumi.small.yaml").write_text(compose(sections, "A small stack."))
    reported = run("cric", "fetch", "small", "--url", there.url)
    assert reported.exit_code == 1
    assert "cric.real: is not false" in reported.stderr
    assert "folder: cric_jsons/small" in reported.stderr


def test_a_folder_that_cannot_be_written(fetch: Run, folder: Path) -> None:
    folder.parent.write_text("a file")
    reported = fetch()
    assert reported.exit_code == 1
    assert "lists/small" in reported.stderr
    assert "cannot be written: Not a directory; nothing was changed" in reported.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(fetch: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    assert "cannot be written: Permission denied; nothing was changed" in fetch().stderr
    assert contents(folder) == {}


def test_a_proxy_that_does_not_let_through(fetch: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_error(407)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    with serving(Proxy) as port:
        monkeypatch.setenv("https_proxy", f"http://me:canary-1@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        reported = fetch()
    assert "cannot be reached (Tunnel connection failed: 407" in reported.stderr
    assert "canary" not in reported.stderr
    assert not folder.exists()
