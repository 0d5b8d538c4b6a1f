"""The inside of the sandbox: `python -m testbed.consumers.inside QUESTION FOLDER` prints one check a line."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from testbed.consumers import outside
from testbed.consumers.pods import containers, services
from testbed.consumers.registry import CONSUMERS
from testbed.consumers.sandbox import Check, Sandbox
from testbed.errors import BedError

_STACK = "consumed"


def main(question: Path, folder: Path) -> None:
    """Start and check each consumer of the stack; one that does not start is a failed check."""
    document = json.loads(question.read_text())
    config = StackConfig.model_validate_json(json.dumps(document["settings"]))
    objects = document["objects"]
    sandbox = Sandbox(
        folder,
        containers(objects),
        services(objects),
        {name: config.names.release(name) for name in config.components.deployed()},
        {name: containers(made) for name, made in document["variants"].items()},
        objects,
        make_plan(_STACK, config),
    )
    sandbox.enter()
    outside.start(sandbox)
    for name in document["names"]:
        consumer = CONSUMERS[name]
        if not all(map(sandbox.has, consumer.parts)):
            continue
        try:
            consumer.start(sandbox)
            report(Check(name, "starts", passed=True))
            for check in consumer.check(sandbox):
                report(check)
        except BedError as error:
            report(Check(name, "starts and answers", passed=False, detail=str(error)))


def report(check: Check) -> None:
    """Print a check at once, so that it is not lost if a later one crashes."""
    print(json.dumps(asdict(check)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
