import stat
from pathlib import Path

import pytest

from ps_analytics.errors import BadSetting
from ps_analytics.ui.secrets import FILE, read_secrets


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = read_secrets(tmp_path / "new")
    assert read_secrets(tmp_path / "new") == first
    assert first.sessions != first.cookies
    assert min(len(first.sessions), len(first.cookies)) >= 64
    assert stat.S_IMODE((tmp_path / "new" / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_they_are_not_shown(tmp_path: Path) -> None:
    secrets = read_secrets(tmp_path)
    assert secrets.sessions not in repr(secrets)


def test_a_file_of_that_name_that_holds_something_else_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(BadSetting) as caught:
        read_secrets(tmp_path)
    path = tmp_path / FILE
    assert str(caught.value) == f"setting PS_DATA_DIR: '{path}' does not hold the dashboards' secrets. Delete it."


def test_a_data_folder_that_is_a_file_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(BadSetting, match=r"^setting PS_DATA_DIR: the folder '.*data' cannot be used: File exists\.$"):
        read_secrets(tmp_path / "data")
