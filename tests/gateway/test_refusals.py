"""Every refusal has its sentence in Chinese: each error that is raised, and each that a field's model gives."""

import ast
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from gateway_house import House

from core import errors
from core.errors import NearsideError
from core.places import ABROAD_OR_AT_SEA, BEYOND_THE_BORDER
from core.territory import NOT_SERVED
from gateway.refusals import reason_in

ROOT = Path(__file__).parents[2]
RAISED = {name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, NearsideError)}
HAN = re.compile(r"[\u4e00-\u9fff]")
NOT_FOR_PEOPLE = ("gateway/cli/", "gateway/migrations/", "gateway/web/", "gateway/live/", "gateway/schema.py")
OF_SETTINGS = (
    "core/settings.py",
    "core/storeurl.py",
    "core/sqlite.py",
    "core/postgresql.py",
    "gateway/fitness.py",
    "gateway/basemap.py",
)
PROGRAMS = {"gateway/fanout.py"}


def template(node: ast.expr) -> str | None:
    """The sentence as it is raised, with a sample where something varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def sentences() -> Generator[tuple[str, str]]:
    for room in ("core", "tracking", "dispatch", "scoring", "gateway"):
        for file in sorted((ROOT / room).rglob("*.py")):
            where = file.relative_to(ROOT).as_posix()
            if "node_modules" in file.parts or where.startswith((*NOT_FOR_PEOPLE, *OF_SETTINGS)) or where in PROGRAMS:
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and node.args:
                    name = ast.unparse(node.func).rpartition(".")[2]
                    of_a_field = name == "ValueError" and where.startswith("gateway/http/")
                    said = template(node.args[0])
                    if said and (name in RAISED or of_a_field):
                        yield said, f"{where}:{node.lineno}"


def test_every_refusal_that_a_person_may_read_has_its_chinese() -> None:
    found = list(sentences())
    assert len(found) > 100
    without = {where: said for said, where in found if not HAN.search(reason_in("zh", said))}
    assert not without


@pytest.mark.parametrize("error", RAISED.values())
def test_a_refusal_without_a_sentence_of_its_own_says_what_its_class_means(error: type[NearsideError]) -> None:
    said = error(rule="R3").detail
    assert HAN.search(reason_in("zh", said))
    assert not re.search(r"\bR\d|[a-z]", reason_in("zh", said))
    assert reason_in("en", said)
    assert not re.search(r"\bR\d", reason_in("en", said))


@pytest.mark.parametrize("place", [*NOT_SERVED.values(), ABROAD_OR_AT_SEA, BEYOND_THE_BORDER])
def test_r12_what_is_not_served_is_called_by_its_chinese_name(place: str) -> None:
    said = reason_in("zh", f"{place}: outside the service area")
    assert said.endswith("：不在服务区域内")
    assert not re.search("[A-Za-z]", said)


def test_what_varies_is_said_in_words_where_it_has_any() -> None:
    assert reason_in("zh", "the offer is accepted") == "派工状态为：已接单"
    assert reason_in("zh", "a case that is en_route does not allow: lose offer") == "“在途”的案例不允许此操作"
    assert reason_in("zh", "at most 31 days at a time") == "一次最多查 31 天"
    assert reason_in("en", "Value error, must not be empty") == "must not be empty"
    assert reason_in("zh", "something that nobody raises") == "something that nobody raises"


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"satisfaction": 101}, "satisfaction", "不大于 100"),
        ({"satisfaction": "x"}, "satisfaction", "应为整数"),
        ({}, "satisfaction", "必填"),
    ],
)
async def test_a_field_tells_its_reason_in_both_languages(
    house: House, body: dict[str, object], field: str, reason: str
) -> None:
    answer = await house.cac.post("/cases/none/survey", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["field"], problem["reason"]) == (field, reason)
    assert problem["errors"][0]["reason"] == reason
    english = await house.cac.send("POST", "/cases/none/survey", json=body, headers={"Accept-Language": "en"})
    assert english.json()["reason"] == english.json()["errors"][0]["detail"]
