"""The file of new terminals' secret tokens: never overwritten, for its owner's eyes only, on the disk at once."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import Invalid
from gateway.cli.say import err, fail
from gateway.imports.vehicles import Tell

_HEADING = "terminal_id,token\n"


@contextmanager
def token_file(file: Path) -> Generator[Tell]:
    """Makes the file, and gives what adds tokens to it, which raises `Invalid` where it cannot.

    When the command ends before its work does, it says what the file is still good for; one without any token goes.
    """
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _append(file, _HEADING)
    except FileExistsError:
        fail(f"{file} exists; a file of secrets is never overwritten", 2)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", 2)
    any_told = False

    def tell(tokens: Mapping[str, str]) -> None:
        nonlocal any_told
        any_told = True
        try:
            _append(file, "".join(f"{terminal_id},{token}\n" for terminal_id, token in tokens.items()))
        except OSError as error:
            raise Invalid(f"{file} cannot be written: {error.strerror}", field="tokens") from error

    try:
        yield tell
    except BaseException:
        if any_told:
            said = f"nearside: {file} holds the tokens of the new terminals so far; name another file for the rest"
            err.print(said, style="yellow", markup=False)
        else:
            file.unlink()
        raise


def _append(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    with os.fdopen(descriptor, "w", encoding="utf-8") as lines:
        lines.write(text)
        lines.flush()
        os.fsync(lines.fileno())
