"""cosign itself verifies the records that this program writes, and refuses the others."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from panda_infra.clients.registry.artifacts import Repository
from panda_infra.provenance.keys import signing_key
from panda_infra.provenance.ledger import Ledger
from panda_infra.provenance.record import PREDICATE, artifact
from tests.support.documented import documented
from tests.support.registries import plain_registry
from tests.support.signing import new_key, public_text
from tools import toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def test_cosign_verifies_what_was_signed_and_nothing_else(tmp_path: Path) -> None:
    cosign = toolchain.ensure(["cosign"]).path("cosign")
    public, other = tmp_path / "signing.pub", tmp_path / "other.pub"
    for command, into in (
        (
            documented("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signing.key"),
            tmp_path / "nothing",
        ),
        (documented("openssl pkey -in signing.key -pubout"), public),
    ):
        with into.open("wb") as output:
            subprocess.run(command.words, cwd=tmp_path, stdout=output, check=True)
    key = signing_key(str(tmp_path / "signing.key"))
    other.write_text(public_text(new_key()))
    with plain_registry(tmp_path) as host:
        repository = Repository(host, "panda/records")
        ledger = Ledger(repository, "doma", [key.public_key()])
        for state in ("first", "second"):
            ledger.append({"stack": "doma", "state": state}, key)
        command = documented(
            "cosign verify-attestation --key signing.pub --insecure-ignore-tlog=true "
            "--type https://panda-infra/deployment/v1 registry.site.org/panda/records:doma.7",
            {"registry.site.org": host, "doma.7": "doma.2", "signing.pub": str(public)},
        )

        def verified(*arguments: str) -> subprocess.CompletedProcess[str]:
            environment = {**os.environ, "HOME": str(tmp_path)}
            return subprocess.run(
                [cosign, *arguments], env=environment, capture_output=True, text=True, check=False
            )

        done = verified(*command.words[1:])
        assert done.returncode == 0, done.stderr
        statement = json.loads(b64decode(json.loads(done.stdout.splitlines()[-1])["payload"]))
        assert statement["predicateType"] == PREDICATE
        assert statement["predicate"]["state"] == "second"
        assert statement["predicate"]["previous"] == ledger.entries()[0].digest

        assert verified(
            *(str(other) if word == str(public) else word for word in command.words[1:])
        ).returncode
        unsigned = artifact({"stack": "doma", "state": "somebody else's"})
        for blob in unsigned.blobs:
            repository.upload(blob)
        repository.add("doma.3", unsigned.manifest)
        assert verified(*(word.replace("doma.2", "doma.3") for word in command.words[1:])).returncode
