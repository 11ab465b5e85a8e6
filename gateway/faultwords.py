"""What a fault is called: as the administrator named it, in both languages."""

from collections.abc import Mapping

from dispatch.faults import FaultTable
from gateway.catalogue import Language, word


def fault_word(faults: FaultTable, code: str, language: Language) -> str:
    """The fault's name; of one that this process has not heard of yet, its code."""
    fault = faults.get(code)
    if fault is None:
        return word(f"fault.{code}", language)
    return fault.name_zh if language == "zh" else fault.name_en


def fault_entries(faults: FaultTable) -> Mapping[str, dict[str, str]]:
    """The same as entries of the catalogue."""
    return {f"fault.{code}": {"zh": fault.name_zh, "en": fault.name_en} for code, fault in faults.items()}
