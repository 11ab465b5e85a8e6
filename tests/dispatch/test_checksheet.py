"""R6: a signature is a drawing that a page or a paper may show."""

import pytest

from core.errors import Invalid
from dispatch.checksheet import check_signature, is_drawing


@pytest.mark.parametrize("drawing", ["<svg/>", "<svg><g><path d='M0 0L9 9'/></g></svg>", "<svg><text>李</text></svg>"])
def test_r6_strokes_are_taken(drawing: str) -> None:
    check_signature("李女士", drawing)


@pytest.mark.parametrize("broken", ["signed", "<svg", "<svg><path></svg>", "<svg/><svg/>", "<svg>&bogus;</svg>"])
def test_r6_what_is_no_whole_svg_is_refused(broken: str) -> None:
    with pytest.raises(Invalid, match="no whole SVG"):
        check_signature("李女士", broken)


@pytest.mark.parametrize(
    "active", ["<svg onload='x'/>", "<svg><script/></svg>", "<path d='M0 0'/>", "<!DOCTYPE x><svg/>"]
)
def test_r6_what_does_more_than_draw_is_refused(active: str) -> None:
    with pytest.raises(Invalid, match="more than strokes"):
        check_signature("李女士", active)


@pytest.mark.parametrize(("levels", "fits"), [(15, True), (16, False), (9000, False)])
def test_r6_a_drawing_nests_no_deeper_than_a_hand_needs(levels: int, fits: bool) -> None:
    assert is_drawing(f"<svg>{'<g>' * levels}{'</g>' * levels}</svg>") is fits
