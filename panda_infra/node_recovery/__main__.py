"""The program of the pod: rounds for ever, with the settings of its environment."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from panda_infra.clients.pod.kubernetes import CallError, in_cluster
from panda_infra.clients.pod.nova import ID, SECRET, Nova
from panda_infra.node_recovery.confirmation import by_nova, unconfirmed
from panda_infra.node_recovery.controller import PAUSE, Confirm, Controller, Round
from panda_infra.node_recovery.decision import Limits
from panda_infra.node_recovery.lease import Hold

_NOVA = Path("/var/run/panda-infra/nova")
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class _EndError(Exception):
    """The pod is being stopped."""


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _EndError


def _say(text: str) -> None:
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), text, flush=True)


def _tell(done: Round, before: tuple[str, ...]) -> None:
    for name in done.out:
        _say(f"node {name} taken out of service")
    for name in done.back:
        _say(f"node {name} given back")
    # Repeating the same reasons in every round would bury the events in the log.
    for text in done.said:
        if text not in before:
            _say(text)


def main() -> None:
    """Run until SIGTERM; then the Lease is free at once for the other pod."""
    signal.signal(signal.SIGTERM, _end)
    environment = os.environ
    api = in_cluster(
        environment["KUBERNETES_SERVICE_HOST"],
        environment["KUBERNETES_SERVICE_PORT"],
        Path(environment.get("SERVICE_ACCOUNT", _ACCOUNT)),
    )
    namespace, holder = environment["NAMESPACE"], environment["HOLDER"]
    limits = Limits(float(environment["SILENT_FOR"]), int(environment["SHARE"]), float(environment["APART"]))
    confirm: Confirm = unconfirmed
    if environment["CONFIRM"] == "nova":
        files = Path(environment.get("NOVA_CREDENTIAL", _NOVA))
        confirm = by_nova(
            # A renewed credential needs no new pod.
            Nova(
                environment["AUTH_URL"],
                environment.get("REGION", ""),
                lambda: {key: (files / key).read_text().strip() for key in (ID, SECRET)},
            )
        )
    hold = Hold(api, namespace, holder)
    controller = Controller(api, confirm, limits, hold)
    _say(f"begins as {holder}")
    said: tuple[str, ...] = ()
    try:
        while True:
            began = time.monotonic()
            try:
                done = controller.round()
                _tell(done, said)
                said = done.said
            except CallError as error:
                _say(str(error))
            time.sleep(max(0.0, PAUSE - (time.monotonic() - began)))
    except _EndError:
        with suppress(CallError):
            hold.give_up()
        _say("ends")
        sys.exit(0)


if __name__ == "__main__":
    main()
