"""Videos of sessions: what may be attached, and how it is sent. No browser: requests as one sends them."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ps_analytics.config import Settings
from ps_analytics.errors import NotFound, NotKept
from ps_analytics.store.store import Store
from ps_analytics.ui.panels.video import align_video, attach_video, attachable, playable, video_message

CONTENT = bytes(range(256)) * 1024  # 262,144 bytes that tell where they are


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "films" / "lap.webm"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


class Answer:
    """What a server answers: status, headers, body."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> None:
        request = urllib.request.Request(url, headers=dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                self.status, self.headers, self.body = error.code, error.headers, error.read()


@pytest.fixture
def video_url(weekend: str, film: Path, store: Store, served: Any) -> str:
    store.write_video(weekend, {"path": str(film), "offset_s": 0.0})
    return f"{served.url.removesuffix('/review')}/video/{weekend}"


def test_a_video_is_sent_whole_and_in_the_ranges_a_browser_asks_for(video_url: str, film: Path) -> None:
    whole = Answer(video_url)
    assert (whole.status, whole.body) == (200, CONTENT)
    assert whole.headers["Content-Type"] == "video/webm"
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(CONTENT)
    cases = [
        ("bytes=0-99", 0, 100), ("bytes=1000-1999", 1000, 2000), ("bytes=262000-", 262000, size),
        ("bytes=-10", size - 10, size), ("bytes=100-999999999", 100, size),
    ]  # fmt: skip
    for asked, start, end in cases:
        part = Answer(video_url, {"Range": asked})
        assert (part.status, part.body) == (206, CONTENT[start:end]), asked
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - start)
    behind = Answer(video_url, {"Range": "bytes=262144-"})
    assert (behind.status, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
    for senseless in ("bytes=9-1-", "rows=1-2", "bytes=0-1,4-5"):
        assert Answer(video_url, {"Range": senseless}).status in (200, 416)
    head = Answer(video_url, method="HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(size), b"")


def test_a_range_of_another_version_of_the_file_is_answered_with_all_of_it(video_url: str, film: Path) -> None:
    version = Answer(video_url).headers["Etag"]
    asked = {"Range": "bytes=0-9", "If-Range": version}
    assert Answer(video_url, asked).status == 206
    film.write_bytes(CONTENT[::-1])
    os.utime(film, (1_700_000_000, 1_700_000_000))
    changed = Answer(video_url, asked)
    assert (changed.status, changed.body) == (200, CONTENT[::-1])
    assert Answer(video_url, {"If-None-Match": changed.headers["Etag"]}).status == 304


def test_a_file_beyond_four_gigabytes_is_sent_from_where_it_is_asked_for(video_url: str, film: Path) -> None:
    start = 5 * 1024**3
    with film.open("wb") as file:  # sparse: it takes no room
        file.seek(start)
        file.write(b"the end")
    part = Answer(video_url, {"Range": f"bytes={start}-"})
    assert (part.status, part.body) == (206, b"the end")
    assert part.headers["Content-Range"] == f"bytes {start}-{start + 6}/{start + 7}"


def test_what_is_no_video_of_mine_is_not_found_and_looks_like_nothing(
    video_url: str, film: Path, store: Store, weekend: str, paddock_of: Any, tmp_path: Path
) -> None:
    base = video_url.rsplit("/", 1)[0]
    nothing = Answer(f"{base}/nobody")
    theirs = store.for_user("ben")
    session = paddock_of(theirs).session("Elsewhere")
    theirs.write_video(session, {"path": str(film), "offset_s": 0.0})
    foreign = Answer(f"{base}/{session}")
    assert (foreign.status, foreign.body) == (nothing.status, nothing.body) == (404, b"404\n")
    assert set(foreign.headers) == set(nothing.headers)
    theirs.share_session(session, store.user)
    assert Answer(f"{base}/{session}").status == 200
    theirs.unshare_session(session, store.user)
    assert Answer(f"{base}/{session}").status == 404
    secret = tmp_path / "secret.txt"
    secret.write_text("keep out")
    link, folder = tmp_path / "films" / "link.webm", tmp_path / "films" / "folder.webm"
    link.symlink_to(secret)
    folder.mkdir()
    roundabout = f"{tmp_path}/films/../films/lap.webm"
    for path in (secret, link, folder, tmp_path / "gone.webm", Path("lap.webm"), roundabout, "/dev/stdin", "a\0b.webm"):
        store.write_video(weekend, {"path": str(path).replace("\0", "%00"), "offset_s": 0.0})
        assert Answer(video_url).status == 404, path
    for escape in ("../../secret.txt", "..%2f..%2fsecret.txt", f"{weekend}/../{weekend}", f"{weekend}%00.webm"):
        assert Answer(f"{base}/{escape}").status == 404


def test_only_a_readable_video_is_attached_and_links_are_followed_once(film: Path, tmp_path: Path) -> None:
    link = tmp_path / "newest.webm"
    link.symlink_to(film)
    assert attachable(str(link)) == attachable(str(film)) == film
    assert playable(str(film)) == film
    assert playable(str(link)) is None
    (tmp_path / "notes.txt").write_text("no video")
    (tmp_path / "folder.mp4").mkdir()
    reasons = {
        "lap.webm": "give the whole path, from / or the drive on.",
        f"{tmp_path}/gone.mp4": "there is no such file on the machine where this runs.",
        f"{tmp_path}/folder.mp4": "it is no file.",
        f"{tmp_path}/notes.txt": "its name ends in none of .mp4, .m4v, .mov, .webm, .mkv, .ogv.",
    }
    for path, reason in reasons.items():
        with pytest.raises(NotKept) as told:
            attachable(path)
        assert str(told.value) == f"'{path}' cannot be kept: {reason}"


def test_a_video_is_attached_aligned_and_taken_away_by_its_owner_only(store: Store, weekend: str, film: Path) -> None:
    attach_video(store, {"session": weekend, "path": str(film)})
    align_video(store, {"session": weekend, "offset_s": -12.5})
    assert store.read_video(weekend) == {"path": str(film), "offset_s": -12.5}
    row = store.find_sessions().filter(session_id=weekend).to_dicts()[0]
    message = video_message(store, row, user=store.user)
    assert (message["url"], message["name"], message["offset_s"]) == (f"video/{weekend}", "lap.webm", -12.5)
    store.share_session(weekend, "ben")
    reader = store.for_user("ben")
    shared = reader.find_sessions(shared=True).filter(session_id=weekend).to_dicts()[0]
    seen = video_message(reader, shared, user="ben")
    assert (seen["url"], seen["name"], seen["editable"]) == (f"video/{weekend}", "", False)
    for change in (
        lambda: align_video(reader, {"session": weekend, "offset_s": 0.0}),
        lambda: attach_video(reader, {"session": weekend, "path": None}),
    ):
        with pytest.raises(NotFound):
            change()
    film.unlink()
    assert video_message(store, row, user=store.user)["problem"] == (
        "The video 'lap.webm' is not there any more. Put it back, or detach it."
    )
    attach_video(store, {"session": weekend, "path": None})
    assert store.read_video(weekend) is None
    with pytest.raises(NotKept, match="the session has no video"):
        align_video(store, {"session": weekend, "offset_s": 1.0})


def test_the_server_of_one_user_sends_that_users_videos(settings: Settings, video_url: str) -> None:
    assert settings.user == "anna"
    assert Answer(video_url).headers["Cross-Origin-Resource-Policy"] == "same-origin"
