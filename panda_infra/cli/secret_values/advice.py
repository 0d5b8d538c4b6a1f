"""Commands that add missing secrets, as few as possible, and the secrets that the program itself can make."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.secrets.fields import Field, missing

__all__ = ["advice", "can_be_made"]


def can_be_made(field: Field, config: StackConfig) -> bool:
    """True if any new value is valid; false for values that others know too, such as of an external database."""
    return field.make is not None and not field.shared(config)


def advice(config: StackConfig, stack: str) -> Iterator[tuple[str, str]]:
    """Pairs of missing values and the command that adds them: one for all that can be made, one per certificate."""
    absent = missing(config)
    made = [field for field in absent if can_be_made(field, config)]
    certificates = dict.fromkeys(str(field.path[1]) for field in absent if field.path[0] == "certificates")
    if certificates and config.certificates.kind == "generated":
        command = f"python -m panda_infra init {stack}"
        yield f"certificates of {', '.join(certificates)}: can be generated", command
        certificates = {}
    if made:
        yield (
            f"{', '.join(field.key for field in made)}: can be generated",
            f"python -m panda_infra init {stack}",
        )
    for owner in certificates:
        command = set_secret(stack, f"certificates.{owner}")
        yield f"certificates.{owner}: host certificate with key and chain", f"{command} --file host.p12"
    for field in absent:
        if field not in made and field.path[0] != "certificates":
            file = " --file FILE" if field.is_file else ""
            yield f"{field.key}: {field.title}", set_secret(stack, field.key) + file
