"""Completes DIRAC's configuration by the options that come with its release, as DIRAC's own installer does.

Without them services have no rules of access and let everybody in, and executors load nothing.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from diraccfg import CFG

# Options of an extension come before DIRAC's own.
_PACKAGES = ("DIRAC", "CTADIRAC")
_KINDS = ("Services", "Agents", "Executors")


def main(source: str, target: str) -> int:
    """Write the complete configuration; returns 1 if a service has no rule of access."""
    configuration, unknown = CFG(), list[str]()
    configuration.loadFromFile(source)
    systems = configuration["Systems"]
    for system in systems.listSections():
        template = _template(system)
        for kind in filter(systems[system].isSection, _KINDS):
            programs = systems[system][kind]
            for name in programs.listSections():
                if not template.isSection(f"{kind}/{name}"):
                    if kind == "Services" and not programs[name].isSection("Authorization"):
                        unknown.append(f"{system}/{name}")
                    continue
                complete = template[kind][name].mergeWith(programs[name])
                # Only the installer needs these sections.
                complete.deleteKey("Dependencies")
                programs.deleteKey(name)
                programs.createNewSection(name, "", complete)
    if unknown:
        what = f"neither the image nor the stack file has rules of access for {', '.join(unknown)}"
        print(f"{what}: use an image of another release, or declare their Authorization", file=sys.stderr)
        return 1
    Path(target).write_text(str(configuration))
    return 0


def _template(system: str) -> CFG:
    """The options of a system, by kind and program."""
    found = CFG()
    for package in _PACKAGES:
        # The file is located without an import, which would start DIRAC.
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(folder) / f"{system}System" / "ConfigTemplate.cfg"
            if file.is_file():
                own = CFG()
                own.loadFromFile(str(file))
                found = found.mergeWith(own)
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
