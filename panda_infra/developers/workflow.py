"""The workflow of GitHub's for a developer's fork: each push to the branch is deployed by one command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from panda_infra.config import go_yaml
from panda_infra.developers.request import NewImage

__all__ = ["CHECKOUT", "workflow"]

CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"
"""The action, pinned as in the program's own workflows."""
_RUNNER = "ubuntu-24.04"
_COMMIT = "${{ github.sha }}"
_SECRETS = ("PULUMI_CONFIG_PASSPHRASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_KUBECONFIG = 'mkdir -p "$(dirname {file})" && (umask 077; printf %s "$KUBECONFIG_TEXT" > {file})'


def workflow(
    name: str, *, repository: str, branch: str, images: Sequence[NewImage] = (), kubeconfig: str | None = None
) -> str:
    """The text of the workflow.

    Args:
        name: of the developer.
        repository: OWNER/NAME of this program's checkout on GitHub, with the developer's stack file.
        branch: whose pushes are deployed.
        images: those that the fork builds, tagged with the commit; their own tags do not count.
        kubeconfig: path of the kubeconfig in the stack file; None if the stack needs no such file.
    """
    command = f".venv/bin/python -m panda_infra dev up {name}" + "".join(
        f" --image {each.component}.{each.sub_component}={each.repository}:$GITHUB_SHA" for each in images
    )
    environment: dict[str, str] = {"PULUMI_BACKEND_URL": "${{ vars.PULUMI_BACKEND_URL }}"}
    environment |= {key: f"${{{{ secrets.{key} }}}}" for key in _SECRETS}
    steps: list[dict[str, Any]] = [
        {"uses": CHECKOUT, "with": {"repository": repository, "persist-credentials": False}},
        {"uses": "./.github/actions/setup", "with": {"tools": "pulumi plugin-kubernetes"}},
    ]
    if kubeconfig:
        place = kubeconfig.replace("~", "$HOME", 1) if kubeconfig.startswith("~") else kubeconfig
        steps.append(
            {
                "run": _KUBECONFIG.format(file=f'"{place}"'),
                "env": {"KUBECONFIG_TEXT": "${{ secrets.KUBECONFIG_TEXT }}"},
            }
        )
    tools = 'eval "$(.venv/bin/python -m tools env pulumi plugin-kubernetes)"'
    steps.append({"run": f"{tools}\n{command}\n", "env": environment})
    document = {
        "name": f"dev-{name}",
        "on": {"push": {"branches": [branch]}},
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"dev-{name}", "cancel-in-progress": False},
        "jobs": {"up": {"runs-on": _RUNNER, "timeout-minutes": 60, "steps": steps}},
    }
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110)


class _Dumper(go_yaml.Dumper):
    """Multi-line commands as blocks."""


_Dumper.add_representer(
    str,
    lambda dumper, value: dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else go_yaml.style(value)
    ),
)
