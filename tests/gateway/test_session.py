"""Signing in and out, and what a token is worth."""

from datetime import timedelta

import pytest
from gateway_house import House
from sqlalchemy import select

from core.errors import Conflict, Invalid, NotSignedIn
from gateway import accounts
from gateway.auth import COOKIE, add_user, put_user
from gateway.bootstrap import Service
from gateway.roles import Role, User

PASSWORD = "一个 long enough"


async def sign_in(house: House, name: str, password: str) -> int:
    body = {"username": name, "password": password}
    return (await house.client.post("/api/v1/session", json=body)).status_code


@pytest.fixture
async def wang(bare_house: House) -> House:
    await add_user(bare_house.service.db, User(name="wang", role=Role.DEALER, dealer="D1"), PASSWORD)
    return bare_house


async def test_a_session_by_header_and_by_cookie(wang: House) -> None:
    answer = await wang.client.post("/api/v1/session", json={"username": "wang", "password": PASSWORD})
    session = answer.json()
    assert (answer.status_code, session["role"], session["dealer"]) == (200, "dealer", "D1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    who = await wang.client.get("/api/v1/session")  # the client keeps the cookie
    assert (who.json()["username"], who.json()["expires_at"]) == ("wang", session["expires_at"])
    wins = await wang.client.get("/api/v1/session", headers={"Authorization": f"Bearer {wang.cac.token}"})
    assert wins.json()["username"] == "cac"
    for header in ("Bearer nonsense", "Basic d2FuZzp4", "Bearer", f"Token {session['token']}"):
        refused = await wang.client.get("/api/v1/session", headers={"Authorization": header})
        assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
    async with wang.service.db.read() as store:
        rows = (await store.execute(accounts.SignedIn.__table__.select())).all()
    assert session["token"] not in str(rows)


async def test_a_cookie_speaks_only_for_pages_of_this_origin(wang: House) -> None:
    await sign_in(wang, "wang", PASSWORD)
    for origin in ("https://evil.example", "http://[", "null"):
        foreign = await wang.client.delete("/api/v1/session", headers={"Origin": origin})
        assert (foreign.status_code, foreign.json()["code"]) == (403, "not_permitted")
    own = await wang.client.delete("/api/v1/session", headers={"Origin": "http://house"})
    assert own.status_code == 204


async def test_signed_out_means_out(wang: House) -> None:
    await sign_in(wang, "wang", PASSWORD)
    token = wang.client.cookies[COOKIE]
    session = await wang.service.sign_in.session_of(token)
    assert not wang.service.sign_in.has_ended(session)
    assert (await wang.client.delete("/api/v1/session")).status_code == 204
    assert wang.service.sign_in.has_ended(session)
    with pytest.raises(NotSignedIn):
        await wang.service.sign_in.session_of(token)


async def test_only_failures_are_limited_and_only_for_that_name(wang: House) -> None:
    assert await sign_in(wang, "wang", PASSWORD) == 200
    allowed = wang.service.settings.sign_in_failures_per_minute
    assert [await sign_in(wang, "nobody", "x") for _ in range(allowed)] == [401] * allowed
    assert await sign_in(wang, "nobody", "x") == 429
    assert await sign_in(wang, "wang", PASSWORD) == 200
    answer = await wang.client.post("/api/v1/session", json={"username": "nobody", "password": "x"})
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("too_many_requests", "60")


async def test_an_unknown_name_costs_as_much_as_a_known_one(wang: House, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = wang.service.sign_in._verify

    async def counting(password: str, hashed: str) -> bool:
        checked.append(hashed)
        return await verify(password, hashed)

    monkeypatch.setattr(wang.service.sign_in, "_verify", counting)
    assert await sign_in(wang, "wang", "wrong-password") == 401
    assert await sign_in(wang, "nobody", "wrong-password") == 401
    assert [hashed.startswith("$argon2id$") for hashed in checked] == [True, True]


@pytest.mark.parametrize("change", [{"password": "another-one"}, {"active": False}], ids=["password", "disabled"])
async def test_a_sign_in_under_way_does_not_outlive_a_change_of_the_account(
    wang: House, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    verify = wang.service.sign_in._verify

    async def overtaken(password: str, hashed: str) -> bool:
        right = await verify(password, hashed)
        assert (await wang.admin.patch("/users/wang", change)).status_code == 200
        return right

    monkeypatch.setattr(wang.service.sign_in, "_verify", overtaken)
    answer = await wang.client.post("/api/v1/session", json={"username": "wang", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    async with wang.service.db.read() as store:
        open_sessions = await store.execute(select(accounts.SignedIn).where(accounts.SignedIn.name == "wang"))
        assert open_sessions.all() == []


async def test_an_expired_session_is_no_session_and_is_swept(bare_house: House) -> None:
    service: Service = bare_house.service
    now = service.wall.now()
    async with service.db.write() as store:
        await accounts.open_session(store, "cac", "old", now - timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        await service.sign_in.session_of("old")
    async with service.db.write() as store:
        await accounts.forget_expired(store, now)
        assert await accounts.session_of(store, "old", now - timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (User(name="x", role=Role.ADMIN), ""),
        (User(name="x", role=Role.ADMIN), "x" * 257),
        (User(name="", role=Role.ADMIN), PASSWORD),
        (User(name=" x", role=Role.ADMIN), PASSWORD),
        (User(name="x\n", role=Role.ADMIN), PASSWORD),
        *((User(name=name, role=Role.ADMIN), PASSWORD) for name in ("a/b", "a\\b", ".", "..", "...", "a\x7f")),
        (User(name="x", role=Role.DRIVER), PASSWORD),
        (User(name="x", role=Role.OEM, dealer="D1"), PASSWORD),
    ],
)
async def test_a_user_that_cannot_be(bare_house: House, user: User, password: str) -> None:
    with pytest.raises(Invalid):
        await add_user(bare_house.service.db, user, password)


async def test_a_name_is_taken_once_and_put_again_ends_its_sessions(wang: House) -> None:
    again = User(name="wang", role=Role.OEM)
    with pytest.raises(Conflict):
        await add_user(wang.service.db, again, PASSWORD)
    await sign_in(wang, "wang", PASSWORD)
    await put_user(wang.service.db, again, PASSWORD + "2")
    assert (await wang.client.get("/api/v1/session")).status_code == 401
    assert await sign_in(wang, "wang", PASSWORD) == 401
    assert await sign_in(wang, "wang", PASSWORD + "2") == 200
