# SPDX-License-Identifier: Apache-2.0
"""The machine that is measured on: its processors, its limits, a free port, a certificate."""

import os
import platform
import re
import resource
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Placement:
    """Which processors the servers get, and which the load."""
    server: tuple
    load: tuple
    text: str


def placements():
    """(one server core, two server cores). With three processors and more, the load has its own."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise SystemExit("two processors are needed, one for the server and one for the load")
    first, second = processors[:2]
    one = Placement((first,), (second,), "one server core, the load on another")
    if len(processors) > 2:
        return one, Placement((first, second), tuple(processors[2:4]),
                              "two server cores, the load on others")
    return one, Placement((first, second), (first, second), "two server cores, shared with the load")


def raise_descriptor_limit():
    """As many descriptors as allowed, for this process and what it starts; returns their number."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


def make_certificate(folder):
    """A self-signed ECDSA P-256 certificate for localhost."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(made.key), "-out", str(made.certificate)],
        check=True, capture_output=True, timeout=60)
    return made


def need_programs(benchmark, *names):
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"{benchmark}: {', '.join(missing)} not found; `./dev bench {benchmark}` installs "
                         "them")


def describe(*versions):
    """One line: processor, kernel, load, and what the others call themselves."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(errors="replace"))
    return (f"{len(os.sched_getaffinity(0))} x {model[1] if model else platform.machine()}, "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f} before"
            + "".join(f", {version}" for version in versions))


def output_of(*command):
    """What a program says, on either output: its version, for example."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return (done.stdout + done.stderr).strip()
