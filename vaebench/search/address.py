"""The address of a database: checked, and shown without its password."""

import re

from vaebench.errors import InputError, unknown

SCHEMES = ("postgresql", "postgres")
SHOWN = ("host", "port", "dbname", "user", "sslmode", "sslrootcert", "service", "target_session_attrs")
"""Options of an address that are no secret."""
EXAMPLE = "postgresql://USER@HOST/DATABASE"


def check_address(address: str) -> None:
    """Raise InputError, which repeats nothing that may be a password, unless `address` is that of a PostgreSQL."""
    scheme, separator, rest = address.partition("://")
    if not separator or not re.fullmatch("[a-z0-9+]+", scheme):
        raise InputError(f"the storage has to be the address of a PostgreSQL database, such as {EXAMPLE}")
    if scheme not in SCHEMES:
        raise InputError(f"the storage's address: {unknown('scheme', scheme, SCHEMES)}")
    if rest.count("@") > ("@" in re.split("[/?]", rest)[0]):
        raise InputError(
            f"the storage's address cannot be read as {EXAMPLE}: in a user's name or a password, "
            "@ is written %40, / %2F, ? %3F, : %3A and % %25"
        )


def without_password(address: str) -> str:
    """Return `address` without its password, and without options that may be one.

    >>> without_password("postgresql://ada:secret@db.example:5433/studies?sslmode=require&password=secret")
    'postgresql://ada@db.example:5433/studies?sslmode=require'
    """
    before, mark, query = address.partition("?")
    before = re.sub(r"://([^:@/]*):[^@/]*@", r"://\1@", before)
    kept = [part for part in query.split("&") if part.partition("=")[0] in SHOWN]
    return before + (mark + "&".join(kept) if any(kept) else "")
