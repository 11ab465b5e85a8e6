"""Past cases from JSON Lines, judged by the rules of live ones."""

from core.errors import Invalid, NearsideError
from dispatch.desk import Act, Desk
from dispatch.importing import import_case
from dispatch.pastcases import read_past_case, unknown_fields
from gateway.imports.report import BATCH, Progress, Report

_MARK = b"\xef\xbb\xbf"


async def import_cases(desk: Desk, raw: bytes, actor: str, progress: Progress) -> Report:
    """Keep the good lines. An import names the broken rule of each line that it refuses."""
    lines = [
        (number, line.strip())
        for number, line in enumerate(raw.removeprefix(_MARK).split(b"\n"), start=1)
        if line.strip()
    ]
    report = Report()
    seen: dict[str, int] = {}
    for start in range(0, len(lines), BATCH):
        async with desk.act(actor) as act:
            for number, line in lines[start : start + BATCH]:
                await _keep(desk, act, number, line, report, seen)
        progress(min(start + BATCH, len(lines)), len(lines))
    return report


async def _keep(desk: Desk, act: Act, number: int, line: bytes, report: Report, seen: dict[str, int]) -> None:
    try:
        text = _text(line)
        past = read_past_case(text)
        outcome = await import_case(desk, act, past)
    except NearsideError as error:
        report.reject(number, error)
        return
    report.count(new=outcome == "imported")
    if seen.setdefault(past.number, number) != number:
        report.find(number, "duplicate_number", f"the same case as in line {seen[past.number]}")
    for name in unknown_fields(text):
        report.find(number, "unknown_field", f"{name[:100]} is not read")


def _text(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("neither UTF-8 nor GB18030 text")
