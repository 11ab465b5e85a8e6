"""Identifiers: sortable by the time they were made, unguessable where it matters."""

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """A 32-digit hexadecimal identifier: 48 bits of milliseconds, then 80 bits of chance."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def new_token() -> str:
    """A secret for a session, a device or a link: 256 bits, safe in a URL and as a word on a command line."""
    while (token := secrets.token_urlsafe(32)).startswith("-"):
        pass  # a command would read it as an option
    return token
