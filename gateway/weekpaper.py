"""R13: the weekly report on paper. Typst lays it out; names go in as data, never as part of the document's source."""

from collections.abc import Sequence

from core.clock import CHINA_STANDARD_TIME
from gateway.catalogue import Language, word
from gateway.http.views import ScoreView
from gateway.paper import paper
from gateway.scoresheet import headings, row
from scoring.vocabulary import DealerScore, Kpi
from scoring.weekly import WeeklyReport

_SOURCE = b"""
#let d = json(bytes(sys.inputs.data))
#set page(paper: "a4", flipped: true, margin: 15mm, footer: align(center, text(8pt, fill: gray, d.footer)))
#set text(font: d.fonts, size: 9pt, lang: d.lang)
#text(16pt, weight: "bold", d.title)
#v(1mm)
#text(fill: luma(90), d.span)
#v(3mm)
#grid(columns: d.kpis.len(), gutter: 4mm, ..d.kpis.map(k => rect(width: 100%, stroke: 0.4pt + gray, inset: 3mm)[
  #text(fill: luma(90), k.name) \\ #text(15pt, weight: "bold", k.value) \\ #text(8pt, fill: luma(90), k.count)
]))
#v(4mm)
#table(
  columns: (auto, auto, 1fr, auto, auto, auto, ..range(d.headings.len() - 6).map(_ => auto)),
  stroke: 0.4pt + gray, inset: 1.6mm,
  table.header(..d.headings.map(h => text(weight: "bold", h))),
  ..d.rows.flatten()
)
"""


def weekly_paper(report: WeeklyReport, whole: DealerScore, views: Sequence[ScoreView], language: Language) -> bytes:
    """The week's figures of the network and of each dealer, as PDF."""
    start, end = (moment.astimezone(CHINA_STANDARD_TIME) for moment in (report.start, report.end))
    kpis = [
        {
            "name": word(f"kpi.{kpi.value}", language),
            "value": _percent(whole.kpis[kpi].value),
            "count": f"{whole.kpis[kpi].numerator}/{whole.kpis[kpi].denominator}",
        }
        for kpi in Kpi
    ]
    document = {
        "title": f"{word('weekly.title', language)} {report.week}",
        "span": f"{start:%Y-%m-%d} – {end:%Y-%m-%d %H:%M} · {word('score.cases', language)} {whole.cases}",
        "footer": "Nearside",
        "kpis": kpis,
        "headings": headings(language),
        "rows": [[_cell(value) for value in row(view)] for view in views if view.cases],
    }
    return paper(_SOURCE, document, language)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
