"""What every browser component of ours shares: the bundle, and the page whose bus it is on."""

from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

BUNDLE = Path(__file__).with_name("dist") / "ps_analytics.js"
"""The JavaScript the build hook makes (`hatch_build.py`)."""

NOT_BUILT = "The dashboards' JavaScript is not built: run `pip install -e .` in the checkout, then reload this page."


def is_built(bundle: Path = BUNDLE) -> bool:
    """Whether the JavaScript is there, to its last line: that is what it exports."""
    try:
        return b"export{" in bundle.read_bytes()[-200:]
    except OSError:
        return False


class PageComponent(JSComponent):
    """A component on a page's bus: same `page`, same cursor, same columns."""

    _bundle: ClassVar[Path] = BUNDLE

    page = param.String(doc="Key of the page's bus in the browser.")

    def __init__(self, **params: Any) -> None:
        params.setdefault("sizing_mode", "stretch_both")
        super().__init__(**params)

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = super()._process_param_change(params)
        if "stylesheets" in properties:
            # Ours are in the bundle. Panel's would be fetched again by every component, and from its CDN where a
            # component is made before its page knows its own address.
            properties["stylesheets"] = []
        return properties
