"""Every setting is an option of the same name, of every command that reads the settings."""

import functools
import inspect
import os
import types
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic import ValidationError

from core.settings import DEFAULT_FILE, Settings
from gateway.cli.say import fail

_PANEL = "Settings (also NEARSIDE_* variables, files of secrets and a TOML file)"
_METAVAR: dict[Any, str] = {str: "TEXT", float: "NUMBER", int: "INTEGER", datetime: "TIME"}


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command`, whose first parameter is `settings`, an option for each setting."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        config: Path | None = given.pop("config")
        chosen = {name: given.pop(name) for name in Settings.model_fields}
        command(load(config, {name: value for name, value in chosen.items() if value is not None}), **given)

    parameters = [
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
        _parameter("config", Path, f"TOML file of settings  [default: {DEFAULT_FILE}]", "FILE"),
        *(_setting(name) for name in Settings.model_fields),
    ]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del wrapped.__wrapped__
    return wrapped


def load(config: Path | None, chosen: dict[str, Any]) -> Settings:
    """The settings; what is wrong with them is said, and the command ends with exit code 2."""
    if config is not None:
        if not config.is_file():
            fail(f"no such file: {config}", 2)
        os.environ["NEARSIDE_CONFIG"] = str(config)
    try:
        return Settings(**chosen)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return fail(f"settings: {wrong}", 2)
    except (ValueError, OSError) as error:
        return fail(f"settings: {error}", 2)


def _setting(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    kind = _plain(field.annotation)
    default = "none" if field.default is None else field.default
    help_text = f"{field.description + '  ' if field.description else ''}[default: {default}]"
    if kind is bool:
        return _parameter(name, bool, help_text, None)
    return _parameter(name, str, help_text, _METAVAR.get(kind, "TEXT"))


def _parameter(name: str, kind: Any, help_text: str, metavar: str | None) -> inspect.Parameter:
    option = typer.Option(help=help_text, metavar=metavar, show_default=False, rich_help_panel=_PANEL)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _plain(annotation: Any) -> Any:
    """The type inside an optional one."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation
