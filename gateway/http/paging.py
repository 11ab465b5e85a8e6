"""Lists by page: a JSON array, with the way to the next page in two headers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from gateway.http.door import JSON, encoded

T = TypeVar("T")

NEXT_CURSOR = "X-Next-Cursor"


def page(request: Request, items: Sequence[Any], next_cursor: str) -> Response:
    """One page; where there is a next one, its address and its cursor in the headers."""
    headers: dict[str, str] = {}
    if next_cursor:
        asked = {**request.query_params, "cursor": next_cursor}
        headers["Link"] = f'<{request.url.path}?{urlencode(asked)}>; rel="next"'
        headers[NEXT_CURSOR] = next_cursor
    return Response(encoded(list(items)), headers=headers, media_type=JSON)


def cut(items: Sequence[T], key: Callable[[T], str], cursor: str, limit: int) -> tuple[list[T], str]:
    """A page of a list that is at hand whole, in the order of its keys."""
    after = [item for item in items if key(item) > cursor] if cursor else list(items)
    shown = after[:limit]
    return shown, key(shown[-1]) if len(after) > limit else ""
