"""The one catalogue of words: every state, reason, event, problem and figure in Chinese and in English.

Keys are dotted, such as `case.status.open`; screens, problem documents and tables all read the same files, one for
each subject, in `gateway/words/`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

import msgspec

Language = Literal["zh", "en"]
Words = Mapping[Language, str]

DEFAULT_LANGUAGE: Language = "zh"


@cache
def catalogue() -> Mapping[str, Words]:
    """All words by key, read once from the package's own files. Raises ValueError for a key that stands twice."""
    words: dict[str, dict[Language, str]] = {}
    for file in sorted(resources.files("gateway").joinpath("words").iterdir(), key=lambda file: file.name):
        subject = msgspec.json.decode(file.read_bytes(), type=dict[str, dict[Language, str]])
        if twice := words.keys() & subject.keys():
            raise ValueError(f"words/{file.name} says again: {', '.join(sorted(twice))}")
        words |= subject
    return MappingProxyType(words)


def word(key: str, language: Language = DEFAULT_LANGUAGE) -> str:
    """The words of `key`; the last part of the key itself where the catalogue has none."""
    words = catalogue().get(key)
    return words[language] if words else key.rpartition(".")[2]


def language_of(accept_language: str) -> Language:
    """English where a request's Accept-Language prefers it to Chinese, else Chinese."""
    best: dict[str, float] = {}
    for part in accept_language.split(","):
        tag, _, weight = part.partition(";")
        quality = _quality(weight)
        name = tag.strip().lower().partition("-")[0]
        best[name] = max(best.get(name, 0.0), quality)
    return "en" if best.get("en", 0.0) > best.get("zh", 0.0) else "zh"


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
