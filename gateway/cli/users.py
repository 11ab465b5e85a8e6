"""`nearside user`: people who sign in."""

import getpass
import sys
from typing import Annotated

import typer

from core.settings import Settings
from dispatch import queries
from gateway.auth import GOOD_PASSWORD, add_user
from gateway.bootstrap import open_store
from gateway.cli.say import err, out, run
from gateway.roles import Role, User
from gateway.schema import prepare


def add(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="the name to sign in with")],
    role: Annotated[Role, typer.Option(help="what the person is to the network")],
    dealer: Annotated[str, typer.Option(help="the dealer's code, for dealers and drivers")] = "",
) -> None:
    """Add a user. The password is asked for, or read as one line from standard input.

    Examples: `nearside user add zhang --role dispatcher` ·
    `echo secret-word | nearside user add wang --role dealer --dealer D1`
    """
    password = _password()
    if 0 < len(password) < GOOD_PASSWORD:
        err.print(f"nearside: a password under {GOOD_PASSWORD} characters is easily guessed", style="yellow")
    run(_add(settings, User(name=name, role=role, dealer=dealer), password), database=settings.database)
    out.print(f"{name} may sign in as {role.value}", markup=False)


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


async def _add(settings: Settings, user: User, password: str) -> None:
    db = open_store(settings)
    try:
        await prepare(db)
        await add_user(db, user, password)
        async with db.read() as session:
            if user.dealer and await queries.dealer(session, user.dealer) is None:
                err.print(f"nearside: dealer {user.dealer} is not on record yet", style="yellow", markup=False)
    finally:
        await db.close()
