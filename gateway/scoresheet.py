"""The scores as a table of words and numbers, for Excel and for paper."""

from typing import Any

from gateway.catalogue import Language, word
from gateway.http.views import FigureView, ScoreView
from scoring.vocabulary import Kpi


def headings(language: Language) -> list[str]:
    """Of `row`."""
    titles = [word(f"score.{name}", language) for name in ("rank", "dealer", "name", "cases", "score", "provisional")]
    figures = [word(f"kpi.{kpi.value}", language) for kpi in Kpi]
    return [*titles, *figures, word("kpi.acceptance", language)]


def figures_of(view: ScoreView) -> list[FigureView]:
    """The five KPIs and the acceptance rate, in the order of the headings."""
    return [*(getattr(view.kpis, kpi.value) for kpi in Kpi), view.acceptance_rate]


def row(view: ScoreView) -> list[Any]:
    """One dealer; a figure that is not available is None (K6)."""
    provisional = view.provisional and view.score is not None
    fixed = [view.rank, view.dealer, view.name, view.cases, view.score, "✓" if provisional else ""]
    return [*fixed, *(one.value for one in figures_of(view))]
