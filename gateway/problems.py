"""Problem documents (RFC 9457): every refusal has a stable code, and nothing was changed when one is sent."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import NearsideError
from gateway.catalogue import Language, language_of, word
from gateway.refusals import reason_in

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 60

STATUS_OF: Mapping[str, int] = {
    "invalid": 422,
    "invalid_position": 422,
    "outside_service_area": 422,
    "crew_too_small": 422,
    "driver_phone_required": 422,
    "not_signed_in": 401,
    "not_permitted": 403,
    "not_found": 404,
    "too_many_requests": 429,
    "store_unavailable": 503,
}
"""The HTTP status of each code; every code that is not here is a conflict with the present state."""

CONFLICT = 409


def status_of(code: str) -> int:
    """The HTTP status that goes with a stable code."""
    return STATUS_OF.get(code, CONFLICT)


def problem(
    code: str,
    *,
    status: int,
    detail: str,
    reason: str = "",
    language: Language = "zh",
    rule: str = "",
    field: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem document: `type`, `title`, `status`, `detail`, `reason`, `code`, and where known `rule`, `field`."""
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": word(f"problem.{code}", language),
        "status": status,
        "detail": f"{rule}: {detail}" if rule and rule not in detail else detail,
        "reason": reason or reason_in(language, detail),
        "code": code,
    }
    if rule:
        document["rule"] = rule
    if field:
        document["field"] = field
    if errors:
        document["errors"] = list(errors)
    return Response(msgspec.json.encode(document), status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: NearsideError, language: Language) -> Response:
    """The document for a domain error."""
    headers: dict[str, str] = {}
    if error.code in ("too_many_requests", "store_unavailable"):
        headers["Retry-After"] = str(RETRY_AFTER_S if error.code == "too_many_requests" else 1)
    if error.code == "not_signed_in":
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.code,
        status=status_of(error.code),
        detail=error.detail,
        language=language,
        rule=error.rule,
        field=error.field,
        headers=headers,
    )


def request_language(request: Request) -> Language:
    """The language that the caller asked for. A link that a browser follows has no header of ours: it says `?lang=`."""
    said = request.query_params.get("lang")
    if said == "zh" or said == "en":
        return said
    return language_of(request.headers.get("accept-language", ""))


async def _domain_error(request: Request, error: Exception) -> Response:
    return problem_of(cast(NearsideError, error), request_language(request))


async def _validation_error(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    language = request_language(request)
    if any(item["type"] == "json_invalid" for item in found):
        return problem("invalid", status=400, detail="the body is not valid JSON", language=language)
    errors = [
        {"field": _field(item["loc"]), "detail": item["msg"], "reason": reason_in(language, item["msg"])}
        for item in found
    ]
    first = errors[0]
    detail = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return problem(
        "invalid",
        status=422,
        detail=detail,
        reason=first["reason"],
        language=language,
        field=first["field"],
        errors=errors,
    )


def _field(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc[1:])


async def _http_error(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    code = {404: "not_found", 405: "method_not_allowed"}.get(found.status_code, "invalid")
    detail = {404: "no such page", 405: "this page does not take that method"}.get(found.status_code, found.detail)
    return problem(
        code,
        status=found.status_code,
        detail=detail,
        language=request_language(request),
        headers=found.headers,
    )


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(NearsideError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    plain = app.openapi

    def described() -> dict[str, Any]:
        document = plain()
        document["components"]["schemas"]["Problem"] = dict(PROBLEM_SCHEMA)
        return document

    app.openapi = described


PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "reason", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not_nearest"]},
        "title": {"type": "string", "description": "Chinese, or English where Accept-Language asks for it"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "English, with the rule's number where there is one"},
        "reason": {"type": "string", "description": "the detail in the language of the title"},
        "code": {"type": "string", "description": "the stable code", "examples": ["not_nearest"]},
        "rule": {"type": "string", "examples": ["R1"]},
        "field": {"type": "string", "examples": ["location.lat"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "detail", "reason")},
            },
        },
    },
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem answers of a route, for the OpenAPI document."""
    meaning = {
        400: "not JSON",
        401: "not signed in",
        403: "not permitted",
        404: "no such thing",
        409: "not in this state, or contradicts what is recorded",
        413: "too long",
        422: "a value is missing, malformed or out of its range",
        429: "too many attempts",
        503: "the store cannot answer now",
    }
    return {
        status: {
            "description": meaning[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (401, 403, *statuses)
    }
