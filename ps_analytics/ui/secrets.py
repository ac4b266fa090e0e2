"""The secrets that sign sessions and cookies: made on first run, readable by their owner only."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ps_analytics.errors import BadSetting

FILE = "dashboards.json"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What signs page tokens and what signs cookies."""

    sessions: str
    cookies: str


def read_secrets(folder: Path) -> Secrets:
    """The secrets in a data folder, made there if there are none.

    Raises:
        BadSetting: the folder cannot be written or holds something else under that name.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make(path)
        stored = json.loads(path.read_text(encoding="ascii"))
        return Secrets(stored["sessions"], stored["cookies"])
    except OSError as error:
        reason = f"the folder '{folder}' cannot be used: {error.strerror}."
        raise BadSetting("PS_DATA_DIR", reason) from None
    except (ValueError, KeyError, TypeError):
        raise BadSetting("PS_DATA_DIR", f"'{path}' does not hold the dashboards' secrets. Delete it.") from None


def _make(path: Path) -> None:
    """Writes the file whole or not at all, also when two programs start at once."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    made = {"sessions": secrets.token_urlsafe(48), "cookies": secrets.token_urlsafe(48)}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # never readable by others, not even empty
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(made, file)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
