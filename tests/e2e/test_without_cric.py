"""CRIC's lists as files, with the real engine: a new list reaches one Secret and restarts no pod."""

from __future__ import annotations

import json
import shlex
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.cric import Cric, cric
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "cric"
_BASE = f"/api/v1/namespaces/{_NAMESPACE}"
_FOLDER = "lists"
_SECRET = "panda-secrets-cric-jsons"


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    sections = {
        "panda-infra:namespace": _NAMESPACE,
        "panda-infra:cric": {"real": False, "folder": _FOLDER},
        # Those that mount the Secret, and one that does not.
        "panda-infra:components": {"msgsvc": {}, "panda": {"jedi": {}}, "harvester": {}},
        "panda-infra:hosts": {"panda": "panda.localhost"},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, sections)
    shutil.copytree(REPOSITORY / "cric_jsons", workspace.folder / _FOLDER)
    result = workspace.up()
    assert result.code == 0, result.text
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cric]:
    with cric(tmp_path_factory.mktemp("there")) as made:
        queues = made.lists["panda_queues"]
        queues["NEW_QUEUE"] = queues["EXAMPLE_QUEUE"] | {"panda_resource": "NEW_QUEUE"}
        yield made


def run(stack: Workspace, there: Cric, text: str) -> str:
    """A command of the page as the page has it, for this stack and this CRIC."""
    text = text.replace("mine", "local").replace("https://datalake-cric.cern.ch", there.url)
    words = shlex.split(text)
    if words[0] == "pulumi":
        done = stack.pulumi(*words[1:], *(["--yes", "--skip-preview"] if words[1] == "up" else []))
        assert done.code == 0, done.text
        return done.stdout
    reported = run_in(stack.folder, {"SSL_CERT_FILE": str(there.authority)}, *words[3:])
    assert reported.exit_code == 0, reported.output
    return reported.output


def pods(api: Api) -> dict[str, Any]:
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            [each["restartCount"] for each in pod["status"].get("containerStatuses", ())],
        )
        for pod in api.list(f"{_BASE}/pods")
    }


def secrets(api: Api) -> dict[str, str]:
    return {
        item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in api.list(f"{_BASE}/secrets")
    }


def test_a_new_list_updates_one_secret_and_restarts_no_pod(stack: Workspace, bed: Bed, there: Cric) -> None:
    api = Api(bed.kubeconfig)
    pods_before, secrets_before = pods(api), secrets(api)
    assert len(pods_before) >= 4
    before = (stack.folder / _FOLDER / "panda_queues.json").read_bytes()

    dry = documented("python -m panda_infra cric fetch mine --url https://datalake-cric.cern.ch --dry-run")
    assert "panda_queues.json: 1 added, 1 as before\n  + NEW_QUEUE\n" in run(stack, there, dry.text)
    assert (stack.folder / _FOLDER / "panda_queues.json").read_bytes() == before
    run(
        stack,
        there,
        documented("python -m panda_infra cric fetch mine --url https://datalake-cric.cern.ch").text,
    )
    assert "local: ok" in run(stack, there, documented("python -m panda_infra check mine").text)
    shown = run(stack, there, documented("pulumi preview --stack mine").text + " --json")
    assert json.loads(shown)["changeSummary"]["update"] == 1
    assert json.loads(shown)["changeSummary"].keys() == {"same", "update"}
    run(stack, there, documented("pulumi up --stack mine").text)

    changed = secrets(api)
    assert {name for name in changed if changed[name] != secrets_before.get(name)} == {_SECRET}
    assert secrets_before.keys() == changed.keys()
    assert pods(api) == pods_before
    seen = {key: b64decode(value) for key, value in api.get(f"{_BASE}/secrets/{_SECRET}")["data"].items()}
    assert json.loads(seen["panda_queues.json"]) == there.lists["panda_queues"]
    assert set(json.loads(seen["sw_tags.json"])) == {"EXAMPLE_QUEUE", "NEW_QUEUE"}
    assert seen["sites.json"] == (REPOSITORY / "cric_jsons" / "sites.json").read_bytes()
    assert stack.up("--expect-no-changes").code == 0


def test_a_list_may_be_asked_for_by_an_address_of_its_own(stack: Workspace, there: Cric) -> None:
    given = json.dumps({"MINE": there.lists["panda_queues"]["EXAMPLE_QUEUE"]}).encode()

    def answer(asked: Any) -> None:
        asked.send_response(200)
        asked.end_headers()
        asked.wfile.write(given)

    there.answers["/api/atlas/pandaqueue/query/?json&vo_name=local"] = answer
    reported = documented(
        "python -m panda_infra cric fetch mine --url https://datalake-cric.cern.ch"
        ' --list "panda_queues=pandaqueue/query/?json&vo_name=mine"'
    )
    assert "+ MINE" in run(stack, there, reported.text)
    assert Path(stack.folder / _FOLDER / "panda_queues.json").read_text().count("\n") == 3
