"""Identifiers: sortable by the time they were made, unguessable where it matters."""

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """A 32-digit hexadecimal identifier: 48 bits of milliseconds, then 80 bits of chance."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def new_token() -> str:
    """A secret for a session or a device: 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)
