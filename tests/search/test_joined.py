"""Clusters that run already, joined by the address or the file of their scheduler, and what is no such thing."""

import json
import re
import socketserver
import threading
from pathlib import Path

import pytest

from vaebench.errors import InputError
from vaebench.search import scheduler
from vaebench.search import workers as cluster


def square(value: int) -> int:
    return value**2


def test_a_running_cluster_is_joined_by_address_or_file(tmp_path: Path) -> None:
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "processes": False, "protocol": "tcp://", "host": "127.0.0.1"}
    with LocalCluster(1, dashboard_address=":0", **options) as running:
        file = tmp_path / "scheduler.json"
        file.write_text(json.dumps({"address": running.scheduler_address, "type": "Scheduler"}))
        for address in (running.scheduler_address, str(file)):
            with cluster.executor(0, address) as executor:
                assert executor.submit(square, 4).result() == 16
        assert len(running.workers) == 1  # still there for others


def test_a_cluster_with_tls_is_joined_by_who_has_its_certificates(tmp_path: Path) -> None:
    import dask
    from distributed import LocalCluster, Security

    own = Security.temporary()
    (tmp_path / "cert.pem").write_text(own.tls_ca_file)
    (tmp_path / "key.pem").write_text(own.tls_client_key)
    names = {"ca-file": "cert.pem", "client.cert": "cert.pem", "client.key": "key.pem"}
    settings = {f"distributed.comm.tls.{name}": str(tmp_path / file) for name, file in names.items()}
    options = {"threads_per_worker": 1, "processes": False, "protocol": "tls://", "host": "127.0.0.1"}
    with LocalCluster(1, dashboard_address=":0", security=own, **options) as running:
        address = running.scheduler_address
        with pytest.raises(InputError, match=r"^no Dask scheduler answers at 'tls:.*': tls:// needs certificates, "):
            cluster.executor(0, address).__enter__()
        with dask.config.set(settings), cluster.executor(0, address) as executor:
            assert executor.submit(square, 4).result() == 16


def test_a_client_that_fails_is_closed_at_once() -> None:
    """The garbage collector would close it, and deadlock where another client is being started just then."""
    from distributed import Client

    with pytest.raises(TypeError, match="ssl_context"):
        scheduler._client("tls://127.0.0.1:1")
    assert [client.status for client in Client._instances if client.status not in ("closed", "running")] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no scheduler file: JSONDecodeError"),
        ('{"type": "Scheduler"}', "is no scheduler file: KeyError: 'address'"),
        ("[1]", "is no scheduler file: TypeError"),
        ('{"address": "foo://1:2"}', "ValueError: unknown address scheme 'foo'"),
        ('{"address": "tcp://127.0.0.1:1"}', "OSError: Timed out trying to connect to tcp://127.0.0.1:1 after 0.5 s"),
    ],
)
def test_a_scheduler_file_that_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.5)
    (tmp_path / "scheduler.json").write_text(text)
    with pytest.raises(InputError, match=re.escape(said)):
        cluster.executor(0, str(tmp_path / "scheduler.json")).__enter__()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "no:such:1", "none.json"])
def test_an_address_where_nobody_is(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.5)
    with pytest.raises(InputError, match=r"^(no Dask scheduler answers at|scheduler file) '.*"):
        cluster.executor(0, address).__enter__()


class Server(socketserver.ThreadingTCPServer):
    """Leaves whoever is still being answered to the end of the process."""

    daemon_threads = True
    block_on_close = False


class Talker(socketserver.BaseRequestHandler):
    """Sends the server's `said` to whoever connects, and waits until they have gone."""

    def handle(self) -> None:
        self.request.sendall(vars(self.server)["said"])
        while self.request.recv(1000):
            pass


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(64), b"\xff" * 64]
)
def test_an_address_where_something_else_is(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.5)
    with Server(("127.0.0.1", 0), Talker) as other:
        vars(other)["said"] = said
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(InputError) as raised:
            cluster.executor(0, address := f"tcp://127.0.0.1:{other.server_address[1]}").__enter__()
        other.shutdown()
    assert str(raised.value) == f"no Dask scheduler answers at {address!r}: {scheduler.STRANGER}"


def test_the_address_of_a_worker_or_without_tls_is_no_schedulers() -> None:
    from distributed import LocalCluster, Security

    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0", "host": "127.0.0.1"}
    with LocalCluster(1, protocol="tcp://", **options) as running:
        (worker,) = running.workers.values()
        with pytest.raises(InputError, match=r"^no Dask scheduler answers at 'tcp.*', but a worker$"):
            cluster.executor(0, worker.address).__enter__()
    with (
        LocalCluster(0, protocol="tls://", security=Security.temporary(), **options) as running,
        pytest.raises(InputError, match=re.escape(scheduler.STRANGER)),
    ):
        cluster.executor(0, running.scheduler_address.replace("tls", "tcp")).__enter__()
