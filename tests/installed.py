"""Installing a plugin the way a package does: a module, and metadata that names its entry point."""

import sys
from pathlib import Path

import pytest


def install(site: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a plugin on the path for one test.

    Args:
        site: the folder of packages; made if it is not there.
        name: of the plugin and of its only module.
        code: what the module holds.
        monkeypatch: takes it off the path again.
    """
    site.mkdir(parents=True, exist_ok=True)
    (site / f"{name}.py").write_text(code)
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[ps_analytics.plugins]\n{name} = {name}\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, name, raising=False)
