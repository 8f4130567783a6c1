"""Hosts of their own on one machine: network namespaces, each with an address, joined by a bridge as by a switch."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

NETWORK = "10.213.7"
NAMELESS = ("sh", "-c", 'hostname "$0" && exec "$@"')


@dataclass(frozen=True)
class Host:
    """A host. Its processes see its address and its loopback alone; all hosts have the same files."""

    name: str
    address: str = "127.0.0.1"
    network: str = ""
    """What the namespaces' names begin with; empty for this machine itself."""

    def start(
        self, *command: str | Path, said: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start a command here, in a process group of its own; what it says goes into the file `said`."""
        words = [str(word) for word in command]
        if self.network:
            words = ["ip", "netns", "exec", self._namespace, "unshare", "--uts", *NAMELESS, self.name, *words]
        with said.open("ab") as file:
            return subprocess.Popen(
                words,
                stdout=file,
                stderr=file,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,
            )

    def cut(self) -> None:
        """Take its cable out: nothing arrives any more, and nobody is told."""
        _ip("-n", f"{self.network}-switch", "link", "set", self.name, "down")

    def plug(self) -> None:
        """Put its cable in again."""
        _ip("-n", f"{self.network}-switch", "link", "set", self.name, "up")

    @property
    def _namespace(self) -> str:
        return f"{self.network}-{self.name}"


def impossible() -> str:
    """Return why this system has no such hosts; empty if it has."""
    if missing := [name for name in ("ip", "unshare") if shutil.which(name) is None]:
        return f"{' and '.join(missing)} are not installed (Debian: iproute2, util-linux)"
    if os.geteuid() != 0:
        return "network namespaces need the superuser"
    try:
        with network("probe"):
            return ""
    except subprocess.CalledProcessError as error:
        return f"the system forbids network namespaces: {error.stderr.strip()}"


@contextmanager
def network(*names: str) -> Iterator[list[Host]]:
    """Yield hosts of these names, each of at most 15 letters, on a network of their own."""
    prefix = f"vaebench{uuid4().hex[:6]}"
    switch, made = f"{prefix}-switch", []

    def namespace(name: str) -> None:
        _ip("netns", "add", name)
        made.append(name)

    try:
        namespace(switch)
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge", "up")
        hosts = [Host(name, f"{NETWORK}.{number}", prefix) for number, name in enumerate(names, start=1)]
        for host in hosts:
            own = f"{prefix}-{host.name}"
            namespace(own)
            _ip("-n", switch, "link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", own)
            _ip("-n", switch, "link", "set", host.name, "master", "bridge", "up")
            _ip("-n", own, "address", "add", f"{host.address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", own, "link", "set", device, "up")
        yield hosts
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def scheduler(port: int, address: str) -> list[str]:
    """Return the command that starts a scheduler, as docs/cluster.md has it."""
    return [*_dask("scheduler"), "--host", address, "--port", str(port), "--no-dashboard"]


def worker(scheduler: str, count: int = 1) -> list[str]:
    """Return the command that starts `count` workers."""
    return [*_dask("worker"), scheduler, "--nworkers", str(count), "--nthreads", "1", "--no-dashboard"]


def for_ever(command: list[str]) -> list[str]:
    """Return the command that starts a command again whenever it ends, as systemd, Slurm or Kubernetes do."""
    return ["sh", "-c", 'while true; do "$@"; sleep 1; done', "sh", *command]


def _dask(what: str) -> list[str]:
    return [sys.executable, "-m", "dask", what]
