# SPDX-License-Identifier: Apache-2.0
"""The built host, as the program under test."""

import json


def run_host(folder, build, connections, plugin_folders=(), built_plugins=True, **rest):
    """The command that runs the built host with a configuration of these parts. (JSON is YAML.)

    `built_plugins`: those of the build folder are among the plugins."""
    file = folder / "host.yaml"
    file.write_text(json.dumps({
        "data_dir": str(folder / "data"), "log": {"level": "warning"}, "control": {"enabled": False},
        "plugin_folders": [{"path": str(path)} for path in
                           (*([build / "plugins"] if built_plugins else []), *plugin_folders)],
        "connections": connections, **rest}, indent=2))
    return [build / "host/patchbay", "run", file]
