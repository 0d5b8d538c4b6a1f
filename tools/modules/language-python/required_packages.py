"""Prints, as JSON, the provider plugins that the installed packages ask for.

A generated SDK carries a `pulumi-plugin.json` in its package folder. Looking for that file by name is
many times faster than reading every distribution's list of files, and this runs before every preview.
"""

import json
import sys
from pathlib import Path

plugins = {}
for folder in sys.path:
    for file in Path(folder).glob("*/pulumi-plugin.json"):
        plugin = json.loads(file.read_text(encoding="utf-8"))
        if plugin.get("resource") and "version" in plugin:
            # The first on the path is the one that gets imported.
            plugins.setdefault(
                plugin["name"], {key: plugin.get(key, "") for key in ("name", "version", "server")}
            )
print(json.dumps(list(plugins.values())))
