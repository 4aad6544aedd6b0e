#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a third party does, with nothing but an installed SDK: scaffolds a plugin in C++ and builds it,
builds the sample in C, drops both into a folder and runs the host with them.

usage: out_of_tree.py MESON BUILD_FOLDER SOURCE_ROOT
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

meson, build, source = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def run(*command, **options):
    """Runs a command that must work; its output."""
    print("+", " ".join(str(part) for part in command), flush=True)
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, **options)
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(f"failed with {done.returncode}: {command[0]}")
    return done.stdout


def install(work):
    """Installs the build folder below `work` and makes the pkg-config files speak of that place."""
    stage = work / "stage"
    run(meson, "install", "-C", build, "--no-rebuild", "--quiet",
        env={**os.environ, "DESTDIR": str(stage)})
    file = next(stage.rglob("patchbay-sdk.pc"))
    old = re.search(r"^prefix=(.*)$", file.read_text(), re.M).group(1)
    prefix = pathlib.Path(str(stage) + old)
    for module in file.parent.glob("*.pc"):
        module.write_text(module.read_text().replace(f"prefix={old}", f"prefix={prefix}"))
    return prefix, file.parent


def make_safe(folder):
    """As `umask 022` would have left it: the host refuses what others may change."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.suffix == ".so" else 0o644)


def build_scaffold(work, patchbay, environment):
    run(patchbay, "scaffold", "connection", "my_new_connection", "--author", "jane",
        "--path", work)
    made = work / "my_new_connection"
    run(meson, "setup", made / "build", made, env=environment)
    run(meson, "compile", "-C", made / "build", env=environment)
    return [made / "build/libmy_new_connection.so", made / "build/connection.yaml"]


def build_c_sample(work, environment):
    """The sample as a stranger would take it: copied, renamed, compiled with one command."""
    copy = work / "loopback"
    copy.mkdir()
    for name in ("loopback.c", "connection.yaml"):
        text = (source / "plugins/loopback" / name).read_text()
        text = text.replace("patchbay/loopback", "jane/loopback")
        (copy / name).write_text(text.replace("author: patchbay", "author: jane"))
    query = lambda *what: run("pkg-config", *what, "patchbay-sdk", env=environment).split()
    script = query("--variable=versionscript")[0]
    run(*os.environ.get("CC", "cc").split(), "-std=c99", "-O2", "-fPIC", "-shared",
        *query("--cflags"), copy / "loopback.c", "-o", copy / "libloopback.so",
        f"-Wl,--version-script={script}", "-Wl,-z,defs", "-Wl,-z,now")
    return [copy / "libloopback.so", copy / "connection.yaml"]


def compile_with_plain_flags(environment):
    """The flags of pkg-config alone serve a compiler without Meson."""
    flags = run("pkg-config", "--cflags", "patchbay-sdk", env=environment).split()
    run(*os.environ.get("CXX", "c++").split(), "-std=c++20", *flags, "-x", "c++", "-fsyntax-only",
        "-", input="#include <cstdlib>\n#include <patchbay/public_id.hpp>\n")


def run_host(patchbay, configuration, environment):
    """Starts the host, waits until it says that it is ready, ends it."""
    host = subprocess.Popen(
        [str(patchbay), "run", str(configuration)], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ready = host.stdout.readline()
    host.send_signal(signal.SIGTERM)
    out, err = host.communicate(timeout=60)
    print(ready, out, err, sep="")
    assert ready, "the host did not become ready"
    assert host.returncode == 0, f"the host ended with {host.returncode}"
    assert "hello" in err, "the scaffolded plugin logs its greeting when it connects"


def main():
    with tempfile.TemporaryDirectory(prefix="patchbay-out-of-tree-") as folder:
        work = pathlib.Path(folder).resolve()
        prefix, modules = install(work)
        environment = {**os.environ, "PKG_CONFIG_PATH": str(modules)}
        environment.pop("PATCHBAY_PLUGIN_PATH", None)
        # The third party's own compiler flags, not those of this build.
        for name in ("CFLAGS", "CXXFLAGS", "LDFLAGS", "DESTDIR"):
            environment.pop(name, None)
        patchbay = prefix / "bin/patchbay"
        compile_with_plain_flags(environment)
        plugins = work / "plugins.d"
        for name, files in (("my_new_connection", build_scaffold(work, patchbay, environment)),
                            ("loopback", build_c_sample(work, environment))):
            (plugins / name).mkdir(parents=True)
            for file in files:
                shutil.copy(file, plugins / name)
        make_safe(plugins)
        configuration = work / "host.yaml"
        configuration.write_text("plugin_folders: [{path: plugins.d, autostart: true}]\n")
        report = json.loads(run(patchbay, "check", "--json", configuration, env=environment))
        names = [instance["name"] for instance in report["instances"]]
        assert report["ok"] and names == ["loopback", "my_new_connection"], report
        assert report["warnings"] == [], report["warnings"]
        if re.search(r"^  run ", run(patchbay, "--help"), re.M):
            run_host(patchbay, configuration, environment)
    print("a stranger's plugins run")


main()
