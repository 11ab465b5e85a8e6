"""Documents for paper, laid out by Typst. What a person typed goes in as data, never as part of a document's source."""

import json
from collections.abc import Mapping
from typing import Any

import typst

from gateway.catalogue import Language

FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei")
"""The first that the machine has is used."""
MEDIA_TYPE = "application/pdf"


def paper(source: bytes, document: Mapping[str, Any], language: Language) -> bytes:
    """The PDF that `source` makes of `document`, which it finds in `sys.inputs.data` beside `fonts` and `lang`."""
    data = {**document, "fonts": FONTS, "lang": language}
    return typst.compile(source, sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
