"""Past cases from JSON Lines, judged by the rules of live ones."""

from functools import partial

from core.errors import Invalid, NearsideError
from dispatch.desk import Act, Desk
from dispatch.importing import import_case
from dispatch.pastcases import read_past_case, unknown_fields
from gateway.imports.batches import Batch, keep_all
from gateway.imports.report import Progress, Report

_MARK = b"\xef\xbb\xbf"


async def import_cases(desk: Desk, raw: bytes, actor: str, progress: Progress) -> Report:
    """Keep the good lines. An import names the broken rule of each line that it refuses. Raises `Stopped`."""
    lines = [
        (number, line.strip())
        for number, line in enumerate(raw.removeprefix(_MARK).split(b"\n"), start=1)
        if line.strip()
    ]
    done = Batch[int]()
    await keep_all(desk, lines, actor, progress, into=done, keep=partial(_keep, desk))
    return done.report


async def _keep(desk: Desk, act: Act, numbered: tuple[int, bytes], batch: Batch[int]) -> None:
    (number, line), report = numbered, batch.report
    try:
        text = _text(line)
        past = read_past_case(text)
        outcome = await import_case(desk, act, past)
    except NearsideError as error:
        report.reject(number, error)
        return
    report.count(new=outcome == "imported")
    if (first := batch.first.setdefault(past.number, number)) != number:
        report.find(number, "duplicate_number", f"the same case as in line {first}")
    for name in unknown_fields(text):
        report.find(number, "unknown_field", f"{name[:100]} is not read")


def _text(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("neither UTF-8 nor GB18030 text")
