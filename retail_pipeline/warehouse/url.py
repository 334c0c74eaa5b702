"""Where the warehouse is: a Postgres URL, completed with what every connection needs."""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from retail_pipeline.warehouse.errors import InvalidDatabaseUrl

_FORM = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
# Else libpq takes a part of the password for host, port or database, all of which messages name.
_USER_COMES_FIRST = re.compile(r"([^@/?]*@)?[^@]*")
WITHOUT_TLS = "RETAIL_DATABASE_WITHOUT_TLS"
_IN_THE_CLEAR = {"disable", "allow", "prefer"}
_DEFAULTS = {
    "application_name": "retail_pipeline",
    "connect_timeout": "10",
    # A dead peer is noticed within about a minute, not after the two hours of the operating system.
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",
}


def complete_url(url: str) -> str:
    """`url` with time-outs, and with verified TLS unless the host is on this machine or private network.

    A host name without a dot, such as a service of Docker Compose, counts as private. What the URL states stays.

    Raises:
        InvalidDatabaseUrl: not a Postgres URL, or one without TLS to a host that is not local; the message never
            repeats it, because it may hold a password.
    """
    parsed = _parsed(url)
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    if _is_public(parsed.get("hostaddr") or parsed.get("host", "")):
        mode = given.get("sslmode") or os.environ.get("PGSSLMODE") or "verify-full"
        if mode in _IN_THE_CLEAR and os.environ.get(WITHOUT_TLS) != "yes":
            raise InvalidDatabaseUrl(
                f"sslmode={mode} would send password and data in the clear to a host that is not local: leave sslmode"
                f" out of RETAIL_DATABASE_URL, or set {WITHOUT_TLS}=yes when the way there is private."
            )
        given["sslmode"] = mode
    query = urlencode(_DEFAULTS | given, quote_via=quote)
    # urlunsplit would drop the slashes of a URL without a host, which means the local socket.
    return f"postgresql://{parts.netloc}{parts.path or '/'}?{query}"


def check_url(url: str) -> None:
    """Refuse a URL that can't work, without connecting.

    Raises:
        InvalidDatabaseUrl: as `complete_url`, or the file of certificates that it names is not there.
    """
    complete_url(url)
    file = _parsed(url).get("sslrootcert", "system")
    if file != "system" and not Path(file).is_file():
        raise InvalidDatabaseUrl(f"RETAIL_DATABASE_URL names the certificates {file}, and there is no such file.")


def describe(url: str) -> str:
    """`database retail on db.example:5432`: never user or password."""
    parsed = _parsed(url)
    port = f":{parsed['port']}" if "port" in parsed else ""
    return f"database {parsed.get('dbname', '(default)')} on {parsed.get('host', 'this machine')}{port}"


def _is_public(host: str) -> bool:
    """Whether one of the hosts is neither here (a socket, loopback) nor a bare name of a private network."""
    return any(
        not one.startswith(("/", "@", "127.")) and one != "::1" and ("." in one or ":" in one)
        for one in host.split(",")
    )


def _parsed(url: str) -> dict[str, str]:
    if not url.startswith(("postgresql://", "postgres://")):
        raise InvalidDatabaseUrl(f"RETAIL_DATABASE_URL has to look like {_FORM}.")
    if "#" in url:
        raise InvalidDatabaseUrl(f"RETAIL_DATABASE_URL holds a #: percent-encode it as %23 ({_FORM}).")
    if not _USER_COMES_FIRST.fullmatch(url.partition("://")[2]):
        raise InvalidDatabaseUrl(f"RETAIL_DATABASE_URL holds a /, ? or @ in its password: percent-encode it ({_FORM}).")
    try:
        urlsplit(url)
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except (psycopg.ProgrammingError, ValueError):
        raise InvalidDatabaseUrl(
            f"RETAIL_DATABASE_URL cannot be read; it has to look like {_FORM}, special characters percent-encoded."
        ) from None
