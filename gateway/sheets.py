"""Excel workbooks of one table: text is never a formula or a link, the headings stay in sight."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from core.clock import CHINA_STANDARD_TIME

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDEST = 60


def write_sheet(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """One table. A cell that is None stays empty; a time is shown in China Standard Time, a fraction by one decimal."""
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    book: Any = xlsxwriter.Workbook(file, options)
    sheet: Any = book.add_worksheet(title[:31])
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    decimal = book.add_format({"num_format": "0.0"})
    sheet.write_row(0, 0, headings, book.add_format({"bold": True, "bottom": 1}))
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, column, value.astimezone(CHINA_STANDARD_TIME), moment)
            elif isinstance(value, str):
                sheet.write_string(number, column, value)
            elif isinstance(value, float):
                sheet.write_number(number, column, value, decimal)
            elif value is not None:
                sheet.write(number, column, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), max(len(headings) - 1, 0))
    sheet.autofit(_WIDEST * 7)
    book.close()
    return file.getvalue()
