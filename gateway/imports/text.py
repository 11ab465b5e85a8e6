"""Reading text of unknown encoding, and tables in it: UTF-8 with or without a mark, UTF-16 with one, GBK, GB18030."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import Invalid

MAX_CELL = 10_000
UNREADABLE = "\ufffd"
"""Stands where the bytes are no text in the file's encoding."""


class MissingColumns(Invalid):
    """The table has not the columns that it needs."""


class _Reader(Protocol):
    line_num: int

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its line in the file, and its cells by column, without blanks around them."""

    line: int
    cells: dict[str, str]
    fault: str = ""
    """Why the row cannot be read; empty when it can."""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_text(raw: bytes) -> str:
    """The text in `raw`. Where single lines are broken, the encoding that fits more lines is taken."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    lines = [line for line in raw.splitlines() if not line.isascii()]
    as_utf8 = sum(_decodes(line, "utf-8") for line in lines)
    as_gb18030 = sum(_decodes(line, "gb18030") for line in lines)
    # Broken Chinese in UTF-8 often happens to be some other Chinese in GB18030; hardly ever the other way round.
    return raw.decode("utf-8" if as_utf8 * 2 > as_gb18030 else "gb18030", "replace")


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def read_table(raw: bytes, needed: Sequence[str]) -> list[Row]:
    """The rows below the heading; blank ones are left out. Raises `MissingColumns`, naming them."""
    text = read_text(raw)
    reader = csv.reader(io.StringIO(text, newline=""), strict=False)
    rows = _records(reader)
    heading = next(rows, None)
    columns = [cell.strip().strip("\ufeff").lower() for cell in heading[1]] if heading else []
    missing = [name for name in needed if name not in columns]
    if missing:
        raise MissingColumns(f"the file has no column {', '.join(missing)}", field=missing[0])
    return [_row(line, columns, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _records(reader: _Reader) -> Iterator[tuple[int, list[str]]]:
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = [f"{UNREADABLE}{error}"]
        line, before = before + 1, reader.line_num
        yield line, cells


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    trimmed = [cell.strip() for cell in cells]
    fault = ""
    if any(UNREADABLE in cell for cell in trimmed):
        fault = "not readable text"
    elif any(trimmed[len(columns) :]):
        fault = f"{len(trimmed)} cells for {len(columns)} columns"
    elif any(len(cell) > MAX_CELL for cell in trimmed):
        fault = "a cell is too long"
    return Row(line=line, cells=dict(zip(columns, trimmed, strict=False)), fault=fault)
