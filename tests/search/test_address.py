"""Addresses of databases: what is wrong with one is said, and nothing of its password."""

import builtins
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaebench.errors import InputError
from vaebench.search.address import check_address, without_password
from vaebench.search.storage import storage_at

SECRET = "open-sesame"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("records.db", "has to be the address of a PostgreSQL database, such as postgresql://USER@HOST/DATABASE"),
        (f"ada:{SECRET}@host", "has to be the address of a PostgreSQL database"),
        (f"ada:{SECRET}://host", "has to be the address of a PostgreSQL database"),
        (f"postgress://ada:{SECRET}@host/x", "unknown scheme 'postgress'; did you mean 'postgres'?"),
        (f"postgresql+psycopg://ada:{SECRET}@host/x", "unknown scheme 'postgresql+psycopg'; did you mean 'postgresql'"),
        ("sqlite:///records.db", "unknown scheme 'sqlite' (known: postgres, postgresql)"),
        (f"postgresql://ada:{SECRET}@{SECRET}@host/x", "in a user's name or a password, @ is written %40, / %2F"),
        (f"postgresql://ada:1/{SECRET}@host/x", "cannot be read as postgresql://USER@HOST/DATABASE"),
        (f"postgresql://ada:1?{SECRET}@host/x", "cannot be read as postgresql://USER@HOST/DATABASE"),
        (f"postgresql://ada:%zz{SECRET}@host/x", "postgresql://ada@host/x is no address that PostgreSQL can read"),
        (f"postgresql://ada@host/x?pwd={SECRET}", "postgresql://ada@host/x is no address that PostgreSQL can read"),
        (f"postgresql://ada:{SECRET}@127.0.0.1:1/x", 'postgresql://ada@127.0.0.1:1/x: connection to server at "127.0'),
    ],
)
def test_a_wrong_address_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    monkeypatch.setenv("VAEBENCH_STORAGE", address)
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        storage_at(tmp_path).names()
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("psycopg"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("VAEBENCH_STORAGE", f"postgresql://ada:{SECRET}@host/no-driver")
    with pytest.raises(InputError, match=r"^postgresql://ada@host/no-driver: its driver is not installed: pip install"):
        storage_at(tmp_path)


@settings(deadline=None, max_examples=50)
@given(password=st.text("abcXYZ019%!$&'()*+,;=~._#:-", min_size=1))
def test_no_password_that_passes_is_shown(password: str) -> None:
    for address in (
        f"postgresql://ada:{password}@host:5432/x?sslmode=require",
        f"postgres://host/x?sslmode=require&password={password}",
    ):
        check_address(address)
        shown = without_password(address)
        assert shown in ("postgresql://ada@host:5432/x?sslmode=require", "postgres://host/x?sslmode=require")
