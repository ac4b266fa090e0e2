"""The table studio: every table, on loopback, behind its token, unable to change a row or to hang."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import pytest
from sqlalchemy import Column, MetaData, String, Table, event, text
from sqlalchemy.exc import DBAPIError

from ps_analytics.errors import PortInUse
from ps_analytics.plugins import Plugins, load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import Database, open_database
from ps_analytics.store.store import Store
from ps_analytics.store.studio import Studio
from ps_analytics.store.studio_views import ROW_LIMIT
from tests.store.plugins import plugins_with, write_migrations
from tests.store.stream import drive, seal


class Page(str):
    """What an address answers: its text, and beside it status and headers."""

    status: int
    headers: dict[str, str]


@dataclass
class Visitor:
    """A browser as far as this page needs one: it keeps cookies and follows redirects."""

    port: int
    opener: OpenerDirector

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Page:
        url = path if path.startswith("http") else f"http://127.0.0.1:{self.port}{path}"
        request = Request(url, method=method, headers=headers)
        try:
            answer: HTTPResponse | HTTPError = self.opener.open(request, timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            page = Page(answer.read().decode())
            page.status, page.headers = int(answer.status or 0), {k.lower(): v for k, v in answer.headers.items()}
        return page


@contextmanager
def serving(database: Database, plugins: Plugins, **options: float) -> Iterator[tuple[Studio, Visitor]]:
    """A studio that answers, and somebody who has opened its address."""
    stop = threading.Event()
    with Studio(database, plugins, **options) as studio:  # type: ignore[arg-type]
        served = threading.Thread(target=studio.run, args=(stop,))
        served.start()
        try:
            visitor = Visitor(studio.port, build_opener(HTTPCookieProcessor(CookieJar())))
            assert visitor.get(studio.url).status == 200
            yield studio, visitor
        finally:
            stop.set()
            served.join()


@pytest.fixture
def database(prepared_url: str) -> Iterator[Database]:
    """A session with two sealed laps and one that is open, on SQLite, then on PostgreSQL."""
    with _filled(prepared_url) as filled:
        yield filled


@pytest.fixture
def small(prepared_file: Path, tmp_path: Path) -> Iterator[Database]:
    """The same on SQLite only, for what no database has a say in."""
    shutil.copy(prepared_file, tmp_path / "small.sqlite")
    with _filled(f"sqlite:///{(tmp_path / 'small.sqlite').as_posix()}") as filled:
        yield filled


@contextmanager
def _filled(url: str) -> Iterator[Database]:
    opened = open_database(url)
    store = Store(opened, "anna")
    session, laps = drive(store, frames=300, laps=(0, 100, 200), name="Morning", notes="x" * 500)
    seal(store, laps)
    with store.transaction() as transaction:
        transaction.open_lap(session, lap_number=2, started_us=laps[1].ended_us or 0)
    yield opened
    opened.close()


def test_every_table_of_the_core_and_of_the_plugins_has_a_page(database: Database) -> None:
    plugins = load_plugins()
    schema.push(database.engine, plugins)
    tables = [name for branch in schema.branches(plugins) for name in branch.metadata.tables]
    assert len(tables) == 21
    with serving(database, plugins) as (_, visitor):
        index = visitor.get("/")
        for table in tables:
            assert f"/{table}/list" in index
            page = visitor.get(f"/{table}/list")
            assert (page.status, f"{table}, the first" in page) == (200, True), table


def test_a_plugin_without_mapped_classes_is_shown_where_its_tables_are_there(
    database: Database, tmp_path: Path
) -> None:
    tables = MetaData()
    Table("diary", tables, Column("day", String), Column("words", String))  # it has no key either
    Table("attic", tables, Column("id", String, primary_key=True))
    body = "    op.create_table('diary', sa.Column('day', sa.String()), sa.Column('words', sa.String()))\n"
    plugins = plugins_with(writer=(tables, write_migrations(tmp_path, {"0001": body})))
    schema.push(database.engine, plugins)
    with database.write() as connection:
        connection.execute(text("INSERT INTO diary VALUES ('Monday', 'rain')"))
    with serving(database, plugins) as (_, visitor):
        assert "rain" in visitor.get("/diary/list")
        assert "rain" in visitor.get("/diary/details/Monday;rain")
        assert visitor.get("/attic/list").status == 404


def test_rows_are_listed_and_shown_whole(database: Database) -> None:
    with serving(database, load_plugins(())) as (_, visitor):
        listed = visitor.get("/session/list")
        assert "Morning" in listed
        assert "x" * 500 not in listed
        assert "x" * 500 in visitor.get("/session/details/1")


def test_a_key_of_several_columns_finds_its_row_and_a_blob_is_a_size(database: Database) -> None:
    with serving(database, load_plugins(())) as (_, visitor):
        page = visitor.get("/lap_trace/details/1;speed")
        assert page.status == 200
        assert re.search(r"<td>\d+ bytes</td>", page)
        assert visitor.get("/lap_trace/details/1;colour").status == 404


def test_a_list_reads_no_blob(small: Database) -> None:
    statements: list[str] = []
    event.listen(small.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with serving(small, load_plugins(())) as (_, visitor):
        assert visitor.get("/lap_trace/list").status == 200
    assert any("FROM lap_trace" in statement for statement in statements)
    assert not any("lap_trace.data" in statement for statement in statements)


def test_a_reference_leads_to_the_row_it_refers_to(small: Database) -> None:
    with serving(small, load_plugins(())) as (_, visitor):
        laps = visitor.get("/lap/list")
        address = re.search(r'href="([^"]*/session/list\?[^"]*)"', laps)
        assert address is not None
        session = visitor.get(unescape(address[1]))
        assert "Morning" in session
        assert "Showing 1 to 1 of 1 items" in session


def test_rows_can_be_filtered_sorted_and_searched(database: Database) -> None:
    with serving(database, load_plugins(())) as (_, visitor):
        assert "of 3 items" in visitor.get("/lap/list")
        assert "of 1 items" in visitor.get("/lap/list?lap_number=1&lap_number_op=equals")
        assert "of 2 items" in visitor.get("/lap/list?lap_number=0&lap_number_op=greater_than")
        assert "of 1 items" in visitor.get("/lap_trace/list?lap_key=1&lap_key_op=equals&search=oil")
        assert "<td>299.0</td>" in visitor.get("/telemetry_frame/list?sortBy=speed&sort=desc")


def test_a_table_is_counted_up_to_a_limit(database: Database) -> None:
    many = ROW_LIMIT + 5_000
    with database.write() as connection:
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) SELECT "
        connection.execute(
            text(f"INSERT INTO telemetry_frame (session_key, timestamp_us, seq) {numbers} 77, i, i FROM n")
        )
    with serving(database, load_plugins(())) as (_, visitor):
        page = visitor.get("/telemetry_frame/list?page=400")
        assert f"Showing 9976 to {ROW_LIMIT} of {ROW_LIMIT} items" in page
        last = visitor.get(
            f"/telemetry_frame/list?session_key=77&session_key_op=equals&seq={many - 1}&seq_op=greater_than"
        )
        assert "of 1 items" in last


def test_a_question_that_takes_too_long_is_refused(database: Database) -> None:
    with database.write() as connection:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT "
        connection.execute(
            text(f"INSERT INTO telemetry_frame (session_key, timestamp_us, seq) {numbers} 77, i, i FROM n")
        )
    with serving(database, load_plugins(()), limit_s=0.001) as (_, visitor):
        page = visitor.get("/telemetry_frame/list?sortBy=rpm&sort=asc")
        assert page.status == 400
        assert "its answer takes too long. Filter by a key first." in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lap_trace/details/nothing", 400),
        ("/lap/details/nothing", 400),
        ("/lap/details/99", 404),
        ("/lap/details/" + "9" * 30, 400),
        ("/lap/list?lap_key=" + "9" * 30 + "&lap_key_op=equals", 400),
        ("/lap/list?lap_number=many&lap_number_op=equals", 200),
        ("/lap/list?page=-7", 200),
        ("/lap/list?page=x", 400),
        ("/no_such_table/list", 404),
    ],
)
def test_a_wrong_address_is_answered_without_a_traceback(database: Database, path: str, status: int) -> None:
    with serving(database, load_plugins(())) as (_, visitor):
        page = visitor.get(path)
        assert page.status == status
        assert "Traceback" not in page


def test_nobody_enters_without_the_token(small: Database) -> None:
    with serving(small, load_plugins(())) as (studio, _):
        stranger = Visitor(studio.port, build_opener())
        for path in ("/", "/session/list", "/statics/js/main.js", "/?token=", "/?token=guess", f"{studio.url}x"):
            page = stranger.get(path)
            assert page.status == 403, path
            assert page == "This page needs the whole address that `psa db studio` printed, with its token."
        assert stranger.get("/session/list", Cookie=f"ps_studio_{studio.port}=guess").status == 403


def test_the_token_leaves_the_address_for_a_cookie_that_scripts_cannot_read(small: Database) -> None:
    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    with serving(small, load_plugins(())) as (studio, _):
        page = Visitor(studio.port, build_opener(Stay())).get(studio.url.replace("/?", "/lap/list?page=2&"))
        assert (page.status, page.headers["location"]) == (303, "/lap/list?page=2")
        cookie = page.headers["set-cookie"]
        assert cookie.startswith(f"ps_studio_{studio.port}=")
        assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}


def test_a_foreign_name_for_this_machine_is_refused(small: Database) -> None:
    with serving(small, load_plugins(())) as (studio, visitor):
        assert visitor.get("/session/list", Host=f"evil.example:{studio.port}").status == 403


def test_two_studios_have_different_tokens_and_the_second_port_is_refused(small: Database) -> None:
    with Studio(small, load_plugins(())) as first, Studio(small, load_plugins(())) as second:
        assert first.url.split("token=")[1] != second.url.split("token=")[1]
        assert len(first.url.split("token=")[1]) >= 40
        with pytest.raises(PortInUse):
            Studio(small, load_plugins(()), port=first.port)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_sent(small: Database, method: str) -> None:
    with serving(small, load_plugins(())) as (_, visitor):
        for path in ("/lap/create", "/lap/edit/1", "/lap/delete?pks=1", "/lap/import", "/lap/list"):
            assert visitor.get(path, method=method).status == 405


def test_there_are_no_pages_but_those_to_look(small: Database) -> None:
    with serving(small, load_plugins(())) as (_, visitor):
        for path in (
            "/lap/create",
            "/lap/edit/1",
            "/lap/export/csv",
            "/lap/1/id/download/",
            "/lap/ajax/lookup",
            "/login",
        ):
            assert visitor.get(path).status == 404, path
        for word in ("/create", "/edit/", "/export/", "Delete selected"):
            assert word not in visitor.get("/lap/list") + visitor.get("/lap/details/1")


def test_the_database_itself_refuses_to_be_changed(database: Database) -> None:
    with (
        Studio(database, load_plugins(())),
        database.engine.connect() as connection,
        pytest.raises(DBAPIError, match=r"readonly|read-only"),
    ):
        connection.execute(text("DELETE FROM lap"))


def test_no_page_asks_another_host(small: Database) -> None:
    with serving(small, load_plugins(())) as (studio, visitor):
        for path in ("/", "/lap/list", "/lap/details/1", "/nowhere/list"):
            page = visitor.get(path)
            assert set(re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//([^/"']+)""", page)) <= {
                f"127.0.0.1:{studio.port}"
            }
            assert page.headers["content-security-policy"].startswith("default-src 'self';")
            assert page.headers["cache-control"] == "no-store"
            assert page.headers["referrer-policy"] == "no-referrer"


def test_what_a_table_holds_is_text_and_never_markup(small: Database) -> None:
    evil = "<script>alert(1)</script>"
    with small.write() as connection:
        connection.execute(text("UPDATE session SET name = :evil, tags = :evil"), {"evil": evil})
        channels = json.dumps([{"name": evil}])
        connection.execute(text("UPDATE session SET channels = :channels"), {"channels": channels})
    with serving(small, load_plugins(())) as (_, visitor):
        for path in ("/session/list", "/session/details/1"):
            page = visitor.get(path)
            assert evil not in page
            assert "&lt;script&gt;" in page
