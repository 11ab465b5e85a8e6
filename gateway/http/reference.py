"""What stands fixed: the fault table and the catalogue of words."""

from fastapi import APIRouter
from starlette.responses import Response

from dispatch.faults import FAULTS
from gateway.catalogue import catalogue
from gateway.http.door import AnyDoor, read_answer
from gateway.http.views import FaultView
from gateway.problems import documented

router = APIRouter(tags=["reference"])


@router.get("/faults", summary="The fault table (R2)", response_model=list[FaultView], responses=documented(503))
async def faults(_door: AnyDoor) -> Response:
    """What the customer describes, what it needs sent, and which tools and parts to bring."""
    return read_answer(
        [
            FaultView(
                code=fault.code,
                name_zh=fault.name_zh,
                name_en=fault.name_en,
                needs=fault.needs,
                tools=list(fault.tools),
                parts=list(fault.parts),
            )
            for fault in FAULTS.values()
        ]
    )


@router.get("/catalogue", summary="All words, in Chinese and English", response_model=dict[str, dict[str, str]])
async def words() -> Response:
    """Every state, reason, event, problem and figure, by dotted key. Open to all: a sign-in page needs it too."""
    answer = read_answer({key: dict(entry) for key, entry in catalogue().items()})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
