"""Lists by page: a JSON array, with the way to the next page in two headers.

A cursor is the last row's key in a form that any header and address can hold.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from core.errors import Invalid
from gateway.http.door import JSON, encoded

T = TypeVar("T")

NEXT_CURSOR = "X-Next-Cursor"
_MARK = "k:"
_NOT_OURS = "not a cursor that this service gave"
_MOST = 2**63 - 1


def _key_of(cursor: str) -> str:
    """The key in a cursor. Raises `ValueError` for one that was not given out here."""
    try:
        key = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error) as error:
        raise ValueError(_NOT_OURS) from error
    if (cursor and not key.startswith(_MARK)) or "\0" in key:
        raise ValueError(_NOT_OURS)
    return key.removeprefix(_MARK)


def number_in(key: str) -> int:
    """A number of the log or of a terminal in a cursor's key. Raises `Invalid` for one that the store cannot hold."""
    if not (key.isascii() and key.isdigit() and int(key) <= _MOST):
        raise Invalid(_NOT_OURS, field="cursor")
    return int(key)


def cursor_of(key: str) -> str:
    """A key as a cursor."""
    return base64.urlsafe_b64encode(f"{_MARK}{key}".encode()).decode()


Cursor = Annotated[
    str, Query(max_length=400, description="where the page before ended: its X-Next-Cursor"), AfterValidator(_key_of)
]
"""The key that the page before ended with; empty for the first page."""


def page(request: Request, items: Sequence[Any], last_key: str) -> Response:
    """One page; where there is a next one (`last_key` is not empty), its address and cursor in the headers."""
    headers: dict[str, str] = {}
    if last_key:
        next_cursor = cursor_of(last_key)
        others = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        asked = [*others, ("cursor", next_cursor)]
        headers["Link"] = f'<{request.url.path}?{urlencode(asked)}>; rel="next"'
        headers[NEXT_CURSOR] = next_cursor
    return Response(encoded(list(items)), headers=headers, media_type=JSON)


def cut(items: Sequence[T], key: Callable[[T], str], cursor: str, limit: int) -> tuple[list[T], str]:
    """A page of a list that is at hand whole, in the order of its keys."""
    after = [item for item in items if key(item) > cursor] if cursor else list(items)
    shown = after[:limit]
    return shown, key(shown[-1]) if len(after) > limit else ""
