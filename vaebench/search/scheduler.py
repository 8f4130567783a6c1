"""A Dask scheduler that runs already: found at an address or by its file, and connected to."""

import asyncio
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 30
"""How long a scheduler is looked for, also one that was lost."""
ADDRESS, EXAMPLE = r"([a-z]+://)?[^/\s]+:\d+", "tcp://10.0.0.1:8786"
TLS = "tls:// needs certificates, named in Dask's configuration (DASK_CONFIG, see docs/cluster.md)"
STRANGER = "what is there is none (one with TLS has an address that begins with tls://)"


def connected(address: str) -> "Client":
    """Return a client of the scheduler at `address`, or of that in the scheduler file `address`.

    Raises InputError if there is none.
    """
    found = _address_in(address)
    try:
        with ThreadPoolExecutor(1) as thread:  # this one may be in an event loop
            kind = thread.submit(asyncio.run, _asked(found)).result()
        if kind == "Scheduler":
            return _client(found)
    except Exception as error:  # what is no scheduler makes Dask raise anything
        raise InputError(f"no Dask scheduler answers at {address!r}: {_why(error)}") from None
    raise InputError(f"no Dask scheduler answers at {address!r}, but a {kind.lower()}")


def _address_in(address: str) -> str:
    """Return the address that is meant: `address`, or that in this file."""
    if not os.path.isfile(address):
        if address.endswith(".json"):
            raise InputError(f"scheduler file {address!r} does not exist")
        if not re.fullmatch(ADDRESS, address):
            raise InputError(f"{address!r} is neither a scheduler file that exists nor an address such as {EXAMPLE}")
        return address
    try:
        return str(json.loads(Path(address).read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{address!r} is no scheduler file: {type(error).__name__}: {error}") from None


async def _asked(address: str) -> str:
    """Ask what is at `address` for its kind: "Scheduler" or "Worker", say. Dask's client would wait for it for ever."""
    from distributed import Security
    from distributed.comm import connect
    from distributed.core import send_recv

    async with asyncio.timeout(1.2 * CONNECT_SECONDS):
        comm = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
        try:
            return str((await send_recv(comm, op="identity"))["type"])
        finally:
            comm.abort()


def _why(error: Exception) -> str:
    if "ssl_context" in str(error):
        return TLS
    if "Timed out" in str(error) or "address" in str(error):  # nobody is there; it is no address
        return f"{type(error).__name__}: {error}"
    return STRANGER


def _client(address: str, *, again: bool = True) -> "Client":
    """Return a client. One that fails is closed at once.

    Otherwise the garbage collector closes it, and waits for ever if another client is just being started then.
    """
    from distributed import Client

    client = Client.__new__(Client)
    try:
        client.__init__(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except BaseException as error:
        client.close()
        if again and isinstance(error, AssertionError):  # Dask's, where the greeting comes with another message
            return _client(address, again=False)
        raise
    return client
