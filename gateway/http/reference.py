"""What is the same for everybody: the fault table and the catalogue of words."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from dispatch.faults import FaultTable, questions_for
from gateway.catalogue import catalogue
from gateway.faultwords import fault_entries
from gateway.http.door import AnyDoor, read_answer, service_of
from gateway.http.views import FaultView
from gateway.problems import documented

router = APIRouter(tags=["reference"])


@router.get("/faults", summary="The fault table (R2)", response_model=list[FaultView], responses=documented(503))
async def faults(door: AnyDoor) -> Response:
    """What the customer describes, what it needs sent, which tools and parts to bring, and what to ask of the car."""
    table = door.desk.rules.faults
    return read_answer([fault_view(table, code) for code in table])


def fault_view(table: FaultTable, code: str) -> FaultView:
    """One row."""
    fault = table[code]
    return FaultView(
        code=code,
        name_zh=fault.name_zh,
        name_en=fault.name_en,
        needs=fault.needs,
        tools=list(fault.tools),
        parts=list(fault.parts),
        consent=fault.consent,
        active=fault.active,
        asks=list(questions_for(table, code)),
    )


@router.get("/catalogue", summary="All words, in Chinese and English", response_model=dict[str, dict[str, str]])
async def words(request: Request) -> Response:
    """Every state, reason, event, problem and figure, by dotted key. Open to all: a sign-in page needs it too."""
    named = fault_entries(service_of(request).desk.rules.faults)
    answer = read_answer({**{key: dict(entry) for key, entry in catalogue().items()}, **named})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
