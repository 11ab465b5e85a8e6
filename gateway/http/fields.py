"""Kinds of fields that requests share: bounded texts, names, phones, plates, times, finite numbers.

Unknown fields are ignored, so that callers may send more than this version reads; known ones are strict.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

MAX_NAME = 80
MAX_LINE = 200
MAX_TEXT = 2000

_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Z]"
    r"(?:[0-9A-HJ-NP-Z]{4}[0-9A-HJ-NP-Z警学挂领使港澳]|[0-9A-HJ-NP-Z]{6})"
)
_RESCUE_PLATE = re.compile(r"[0-9A-Z\u4e00-\u9fff-]{1,16}")
_PHONE = re.compile(r"\+?[0-9 ()\-]{3,24}(?:\s?(?:转|ext\.?|#)\s?[0-9]{1,6})?", re.ASCII)
_DOTTED_PHONE = re.compile(r"[+0-9 ().\-]{3,30}", re.ASCII)
_BETWEEN_PHONES = re.compile(r"[/、,;]")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_VIN = re.compile(r"[0-9A-HJ-NPR-Z]{5,17}")


class Body(BaseModel):
    """A request's body or a part of it."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, allow_inf_nan=False, str_max_length=MAX_TEXT, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        """A field that may be left out may as well be null."""
        if not isinstance(data, dict):
            return data
        given = cast(dict[str, Any], data)
        return {
            name: value
            for name, value in given.items()
            if value is not None or (name in cls.model_fields and cls.model_fields[name].is_required())
        }


def no_controls(text: str) -> str:
    """The same text. Raises `ValueError` where it holds what is no letter, such as a NUL; line ends and tabs may be."""
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs", "Co") and letter not in "\n\t":
            raise ValueError("control characters are not allowed")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("one line only")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def normal_plate(text: str) -> str:
    """A plate as it is kept: upper case, full-width letters made plain, dots and spaces left out."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return re.sub(r"[\s·•.・]", "", plain)


def official_plate(plate: str) -> bool:
    """Whether a normal plate has the official form: 7 characters, or 8 for new energy, with their endings."""
    return _PLATE.fullmatch(plate) is not None


def _rescue_plate(text: str) -> str:
    plate = normal_plate(text)
    if not _RESCUE_PLATE.fullmatch(plate):
        raise ValueError("a rescue vehicle's plate has 1 to 16 letters, digits, Chinese characters or hyphens")
    return plate


def _car_plate(text: str) -> str:
    plate = normal_plate(text)
    if plate and not _RESCUE_PLATE.fullmatch(plate):
        raise ValueError("not a plate: 1 to 16 letters, digits, Chinese characters or hyphens")
    return plate


def normal_phone(text: str) -> str:
    """A phone as given, its digits and signs checked; empty stays empty. Raises `ValueError`.

    Several numbers stand apart by a stroke or a comma, an extension after `转`, as people write them.
    """
    phone = unicodedata.normalize("NFKC", text).strip()
    for one in _BETWEEN_PHONES.split(phone) if phone else ():
        if not _is_phone(one.strip()):
            raise ValueError("not a phone number")
    return phone


def _is_phone(text: str) -> bool:
    if _PHONE.fullmatch(text) and 3 <= sum(letter.isdigit() for letter in text) <= 20:
        return True
    if not _DOTTED_PHONE.fullmatch(text):
        return False  # phonenumbers would find a number inside of any text
    try:
        parsed = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed)


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError("a code has 1 to 32 letters, digits, dots, hyphens or underscores")
    return text


def _vin(text: str) -> str:
    vin = text.upper()
    if vin and not _VIN.fullmatch(vin):
        raise ValueError("a VIN has up to 17 letters and digits, without I, O and Q")
    return vin


def _aware(value: Any) -> Any:
    """Only RFC 3339 text with an offset is a time; numbers and naive times are not."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its offset, as in 2026-10-01T08:00:00+08:00")
        return value.astimezone(UTC)
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("a time is RFC 3339 text")
    return parse_time(value)


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time, in UTC. Raises `ValueError` for anything else, naive times too."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("a time is RFC 3339 with its offset, as in 2026-10-01T08:00:00+08:00")
    whole = re.sub(r"(\.\d{6})\d+", r"\1", text.upper())
    try:
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("no such time") from error


Line = Annotated[
    str,
    Field(strict=True, max_length=MAX_LINE),
    AfterValidator(str.strip),
    AfterValidator(no_controls),
    AfterValidator(_one_line),
]
"""One line of text, possibly empty."""
FilledLine = Annotated[Line, AfterValidator(_filled)]
Text = Annotated[str, Field(strict=True, max_length=MAX_TEXT), AfterValidator(str.strip), AfterValidator(no_controls)]
"""Some lines of text, possibly empty."""
FilledText = Annotated[Text, AfterValidator(_filled)]
Name = Annotated[Line, Field(max_length=MAX_NAME)]
FilledName = Annotated[Name, AfterValidator(_filled)]
Code = Annotated[Line, AfterValidator(_code)]
"""A dealer's or terminal's code."""
Phone = Annotated[Line, Field(max_length=40), AfterValidator(normal_phone)]
"""A phone number, possibly empty: mobile, landline, 400 or short."""
RescuePlate = Annotated[Line, AfterValidator(_rescue_plate)]
CarPlate = Annotated[Line, AfterValidator(_car_plate)]
Vin = Annotated[Line, AfterValidator(_vin)]
Time = Annotated[datetime, BeforeValidator(_aware)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Coordinate = Annotated[float, Field(strict=True, allow_inf_nan=True)]
"""Degrees, as they came: whether they are a position is R22's to say."""
Flag = StrictBool
Whole = StrictInt


def _listed(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Words = Annotated[list[FilledLine], Field(max_length=50), AfterValidator(_listed)]
"""A short list of names, such as brands or tools; repeats are dropped."""
