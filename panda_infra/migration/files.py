"""The files beside the secrets chart: certificates, tokens, keys, CRIC's lists."""

from __future__ import annotations

import hashlib
from pathlib import Path

from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.unresolved import ciphertext
from panda_infra.migration.checkout import Checkout, content_of
from panda_infra.migration.helm_ignore import helm_files
from panda_infra.migration.tables import Owner, Tables
from panda_infra.products.content import as_text
from panda_infra.products.imports import Folder
from panda_infra.products.migrated import Note, Outcome

__all__ = ["place_files"]

_CERTIFICATE = {"hostcert.pem": "certificate", "hostkey.pem": "key", "chain.pem": "chain"}
_DOCUMENTATION = frozenset({"README", ".gitkeep", ".gitignore"})


def place_files(checkout: Checkout, outcome: Outcome, tables: Tables) -> None:
    """Put every file below ``secrets/files`` into the outcome, or list it."""
    upstream = checkout.upstream
    for file, ignored in helm_files(checkout.secrets, "files"):
        name, content = checkout.shown(file), content_of(file)
        folder, *_ = file.relative_to(checkout.secrets / "files").parts
        if file.name in _DOCUMENTATION:
            continue
        if ignored:
            outcome.settle(name, "", "is a backup, or Helm ignores it: upstream's chart does not take it")
        elif not content.strip():
            outcome.settle(name, "", "is empty")
        elif (digest := hashlib.sha256(content).hexdigest()) in upstream.published:
            outcome.settle(name, "", upstream.published[digest])
        elif folder in tables.folders:
            below = file.relative_to(checkout.secrets / "files" / folder)
            _place(below, name, content, outcome, *tables.folders[folder])
        elif file.name in upstream.unread:
            outcome.settle(name, "", upstream.unread[file.name])
        else:
            outcome.miss(name, "", "nothing in a stack file stands for it")


def _place(  # noqa: PLR0917 - the last two are a row of the table
    file: Path, name: str, content: bytes, outcome: Outcome, owner: Owner, folder: Folder
) -> None:
    part = _CERTIFICATE.get(file.name) if folder.certificate else None
    deployed = not owner.component or owner.component in outcome.sections["components"]
    if not deployed and (folder.certificate or folder.key):
        outcome.settle(name, "", f"the stack does not deploy {owner.component}")
    elif len(file.parts) > 1 and folder.flat:
        outcome.settle(name, "", "upstream's chart takes no files of folders further down")
    elif folder.endings and file.suffix not in folder.endings:
        outcome.settle(name, "", "upstream's chart does not take files of this kind")
    elif folder.project:
        outcome.project_files.setdefault((*owner.place, folder.project), {})[file.name] = content
    elif file.name in folder.values and deployed:
        _keep((*owner.secrets, folder.values[file.name]), name, content, outcome)
    elif part:
        _keep(("certificates", owner.component, part), name, content, outcome)
    elif folder.certificate or folder.key:
        _keep(("files", folder.key or owner.component, file.name), name, content, outcome)
    else:
        outcome.miss(name, "", "nothing in a stack file stands for it")


def _keep(target: KeyPath, name: str, content: bytes, outcome: Outcome) -> None:
    if target in outcome.secrets:
        outcome.miss(name, "", "another file of this name lies in another folder")
        return
    if words := ciphertext(content.decode(errors="replace")):
        outcome.unresolved.append(Note(name, "", words))
    outcome.keep(target, as_text(content), origin=(name, ""))
