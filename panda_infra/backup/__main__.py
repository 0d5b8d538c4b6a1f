"""`python -m panda_infra.backup keep|list|fetch`: settings come by environment variables, files are in /work."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from panda_infra.backup.catalog import (
    Found,
    Record,
    backups,
    dump_of,
    new_name,
    outdated,
    record_of,
    spared,
)
from panda_infra.clients.stores.bucket import Bucket
from panda_infra.clients.stores.folder import Folder
from panda_infra.clients.stores.signature import Credential
from panda_infra.clients.stores.store import MissingError, Store, StoreError

_PART = 1 << 20


class WrongError(Exception):
    """A backup differs from its record."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one action; errors go to standard error, the end of which becomes the status of the pod."""
    work = Path(environment.get("WORK", "/work"))
    try:
        store = _store(environment)
        match arguments:
            case ["keep"]:
                _keep(store, work, environment)
            case ["list"]:
                _list(store)
            case ["fetch", name]:
                _fetch(store, name, work)
            case _:
                print("error: keep, list or fetch NAME is expected", file=sys.stderr)
                return 2
    except (StoreError, WrongError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _store(environment: Mapping[str, str]) -> Store:
    if claim := environment.get("CLAIM"):
        return Folder(Path(claim))
    secret = Path(environment.get("CREDENTIAL", "/credential"))
    keys = [(secret / name).read_text().strip() for name in ("accessKey", "secretKey")]
    credential = Credential(keys[0], keys[1], environment["REGION"])
    return Bucket(environment["ENDPOINT"], environment["BUCKET"], environment["FOLDER"], credential)


def _keep(store: Store, work: Path, environment: Mapping[str, str]) -> None:
    """Bring the dump to its place, read it back, and only then call it a backup and delete older ones."""
    dump = work / "dump"
    with dump.open("rb") as file:
        known = hashlib.file_digest(file, "sha256").hexdigest()
    if known != (work / "dump.sha256").read_text().strip():
        raise WrongError("the dump has changed since it was made")
    name = new_name(environment["DATABASE"])
    record = Record(name, environment["ENGINE"], environment["SOURCE"], dump.stat().st_size, known)
    store.put(dump_of(name), dump)
    _check(record, store.parts(dump_of(name)))
    written = work / "record.json"
    written.write_text(record.text())
    store.put(record_of(name), written)
    print(record.text())
    found = [each for each in backups(store.names()) if each.database == environment["DATABASE"]]
    # Its own name is not the newest one if a clock was wrong when another one was made.
    old = [each for each in outdated(found, int(environment["KEEP"])) if each.name != name]
    kept = [each for each in found if each not in old]
    last = spared(_known(store, old), _known(store, kept)) if old else None
    for each in old:
        if last and each.name == last.name:
            print(f"kept {last.name}: each newer dump is less than half as large; was something lost?")
            continue
        # The record is deleted first: a dump that an interruption leaves behind then does not count as a backup.
        store.delete(record_of(each.name))
        store.delete(dump_of(each.name))
        print(f"deleted {each.name}")


def _list(store: Store) -> None:
    for each in backups(store.names()):
        if each.finished:
            # Another pod may have deleted it since.
            with suppress(MissingError):
                print(_record(store, each.name).text())
        else:
            print(f"unfinished {each.name}")


def _fetch(store: Store, name: str, work: Path) -> None:
    record = _record(store, name)
    with (work / "dump").open("wb") as file:
        _check(record, _copied(store.parts(dump_of(name)), file))
    print(record.text())


def _record(store: Store, name: str) -> Record:
    try:
        return Record.of(b"".join(store.parts(record_of(name))).decode())
    except ValueError:
        raise WrongError(f"the record of {name} cannot be read") from None


def _known(store: Store, found: Iterable[Found]) -> Iterator[Record]:
    """The records of all backups whose record can be read and is still there."""
    for each in found:
        if each.finished:
            with suppress(WrongError, MissingError):
                yield _record(store, each.name)


def _copied(parts: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
    for part in parts:
        file.write(part)
        yield part


def _check(record: Record, parts: Iterator[bytes]) -> None:
    seen, size = hashlib.sha256(), 0
    for part in parts:
        seen.update(part)
        size += len(part)
    if size != record.size:
        raise WrongError(f"the dump of {record.name} has {size} bytes, but {record.size} in its record")
    if seen.hexdigest() != record.sha256:
        raise WrongError(f"the dump of {record.name} has another checksum than its record")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
