"""The files beside the secrets chart: certificates, tokens, keys, CRIC's lists."""

from __future__ import annotations

import hashlib
from pathlib import Path

from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.unresolved import ciphertext
from panda_infra.migration.checkout import Checkout, content_of
from panda_infra.migration.helm_ignore import helm_files
from panda_infra.migration.outcome import Note, Outcome
from panda_infra.stacks.files import as_text

__all__ = ["place_files"]

_CERTIFICATE = {"hostcert.pem": "certificate", "hostkey.pem": "key", "chain.pem": "chain"}
# Folder -> component, and the endings of the files that upstream's chart reads (None: every file).
_CERTIFICATES: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "panda_certs": ("panda", (".pem", ".proxy")),
    "bigmon_certs": ("bigmon", (".pem",)),
    "idds_certs": ("idds", (".pem",)),
    "harvester_certs": ("harvester", (".pem",)),
    "ui_certs": ("ui", (".pem",)),
    "iam_certs": ("iam", None),
}
# Folders whose sub-folders the chart ignores.
_FLAT = frozenset({"harvester_auth", "cric_jsons", "iam_certs", "iam_conf"})
_DOCUMENTATION = frozenset({"README", ".gitkeep", ".gitignore"})
_REPLACED = "is upstream's own, which the stack's settings replace"
# Files that upstream publishes and most sites do not change, by SHA-256.
_UPSTREAM = {
    "c36b2a9517031984ba72749a78e5540a9cc4ab88c2e74b3c17279c9e0465f8c8": _REPLACED,  # application-oidc.yml
    "47f6156d34f5cb0b9e4de37429c1ac6c46484fd0962b65bcc18455673783f611": _REPLACED,  # application.properties
    "b80c0bee35a4c07893c2a9e70eebaf59c9c8659301011074648d366077e1ecac": _REPLACED,  # application.yml
    "c9777b26fd1cd7d60ab8a1095b03c75ba903075be4b55410370ab82c23980c1e": _REPLACED,  # auth_config.json.template
    "d70251af094a3143ae8e55fa964294cf98f76050142ee8be2692f37f31296910": _REPLACED,  # token_cache_config.json.template
    "83d5465e940802297c062ef95901dc2b2b9e5b83330b73b0ffa68825257557f8": (
        "is a private key that upstream publishes (T1): tokens signed with it prove nothing, make a new one"
    ),
}


def place_files(checkout: Checkout, outcome: Outcome) -> None:
    """Put every file below ``secrets/files`` into the outcome, or list it."""
    for file, ignored in helm_files(checkout.secrets, "files"):
        name, content = checkout.shown(file), content_of(file)
        if file.name in _DOCUMENTATION:
            continue
        if ignored:
            outcome.settle(name, "", "is a backup, or Helm ignores it: upstream's chart does not take it")
        elif not content.strip():
            outcome.settle(name, "", "is empty")
        elif (digest := hashlib.sha256(content).hexdigest()) in _UPSTREAM:
            outcome.settle(name, "", _UPSTREAM[digest])
        else:
            _place(file.relative_to(checkout.secrets / "files"), name, content, outcome)


def _place(file: Path, name: str, content: bytes, outcome: Outcome) -> None:
    components = outcome.sections["components"]
    folder, *below = file.parts
    component = _CERTIFICATES.get(folder, ("harvester",))[0]
    if folder in (*_CERTIFICATES, "harvester_auth") and component not in components:
        outcome.settle(name, "", f"the stack does not deploy {component}")
    elif len(below) > 1 and folder in _FLAT:
        outcome.settle(name, "", "upstream's chart takes no files of folders further down")
    elif folder in _CERTIFICATES:
        _place_certificate(file, folder, name, content, outcome)
    elif folder == "harvester_auth":
        _keep(("files", "harvesterAuth", file.name), name, content, outcome)
    elif folder == "cric_jsons" and file.suffix == ".json":
        outcome.cric_files[file.name] = content
    elif file.name == "iam-keystore.jwks" and "iam" in components:
        _keep(("iam", "keystore"), name, content, outcome)
    elif file.name == "id_rsa":
        outcome.settle(name, "", "only fills a Secret that no chart reads")
    else:
        outcome.miss(name, "", "nothing in a stack file stands for it")


def _keep(target: KeyPath, name: str, content: bytes, outcome: Outcome) -> None:
    text = as_text(content)
    if words := ciphertext(content.decode(errors="replace")):
        outcome.unresolved.append(Note(name, "", words))
    outcome.keep(target, text, origin=(name, ""))


def _place_certificate(file: Path, folder: str, name: str, content: bytes, outcome: Outcome) -> None:
    component, endings = _CERTIFICATES[folder]
    if endings and file.suffix not in endings:
        outcome.settle(name, "", "upstream's chart does not take files of this kind")
        return
    part = _CERTIFICATE.get(file.name)
    target = ("certificates", component, part) if part else ("files", component, file.name)
    if target in outcome.secrets:
        outcome.miss(name, "", "another file of this name lies in another folder")
    else:
        _keep(target, name, content, outcome)
