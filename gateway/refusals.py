"""What a refusal says, in the language of the person who reads it.

Errors are raised with English words, which programs and logs keep. A person's page shows the same sentence as
`words/refusals.json` has it: each entry's English is the sentence as it is raised, with {1}, {2} for what varies.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from gateway.catalogue import Language, catalogue

_PREFIX = "refusal."
_VALIDATOR = "Value error, "
_RULES = re.compile(r" \(R\d+(?:, R\d+)*\)")
"""The rules' numbers, which a class's general sentence ends with: for programs and logs, not for people."""
_HOLE = re.compile(r"\{\d\}")
_NAMED = ("offer.status", "case.status", "trip.status", "vehicle.kind", "role", "reason", "tool", "kpi")
"""Where a value that varies may have words of its own, such as the status of an offer."""


def reason_in(language: Language, detail: str) -> str:
    """`detail` in `language`; as it is where the catalogue does not have it."""
    sentence = _RULES.sub("", detail.removeprefix(_VALIDATOR))
    if language == "en":
        return sentence
    whole, varying = _sentences()
    if sentence in whole:
        return whole[sentence]
    for pattern, said in varying:
        if found := pattern.fullmatch(sentence):
            return _filled(said, [_value(value, language) for value in found.groups()])
    return sentence


def _filled(said: str, values: Sequence[str]) -> str:
    return _HOLE.sub(lambda hole: values[int(hole[0][1]) - 1], said)


def _value(value: str, language: Language) -> str:
    """What varies, by its own words, or as the sentence that it is, such as where a place lies."""
    plain = value.strip("'\"")
    for prefix in _NAMED:
        if words := catalogue().get(f"{prefix}.{plain}"):
            return words[language]
    return _sentences()[0].get(plain, plain)


@cache
def _sentences() -> tuple[Mapping[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Chinese by English: the sentences that never vary, and the patterns of those that do, the longest first."""
    entries = [words for key, words in catalogue().items() if key.startswith(_PREFIX)]
    whole = {words["en"]: words["zh"] for words in entries if not _HOLE.search(words["en"])}
    varying = sorted((words for words in entries if _HOLE.search(words["en"])), key=lambda words: -len(words["en"]))
    return whole, tuple((_pattern(words["en"]), words["zh"]) for words in varying)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+)".join(re.escape(part) for part in _HOLE.split(english)), re.DOTALL)
