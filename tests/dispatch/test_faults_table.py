"""The fault table as a rule: which questions matter (R17), and which rows are not in use any more (R2)."""

from dataclasses import replace

import pytest

from core.errors import Invalid
from dispatch.faults import FAULTS, Question, check_active, questions_for


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("battery", {Question.ENERGY}),
        ("tyre", {Question.ENERGY, Question.DRIVE, Question.SPARE_WHEEL}),
        ("flooded", set[Question]()),
    ],
)
def test_r17_only_questions_whose_answer_changes_what_is_sent_are_asked(code: str, asked: set[Question]) -> None:
    assert set(questions_for(FAULTS, code)) == asked


def test_r2_no_new_case_is_opened_with_a_fault_that_is_not_in_use() -> None:
    table = {**FAULTS, "tyre": replace(FAULTS["tyre"], active=False)}
    check_active(table, "battery")
    check_active(table, "nothing")
    with pytest.raises(Invalid):
        check_active(table, "tyre")
