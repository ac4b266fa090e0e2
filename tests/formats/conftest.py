"""Where the files of the tests are written."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes], Path]:
    """Writes bytes to a file and says where; each suffix has its folder, so that no file has one beside it."""
    folder = tmp_path_factory.mktemp("files")

    def write(name: str, data: bytes) -> Path:
        path = folder / Path(name).suffix.removeprefix(".") / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    return write
