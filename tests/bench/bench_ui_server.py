"""The dashboards of a folder as a program that lets go of closed pages soon: `bench_ui_server.py FOLDER`."""

import sys
from pathlib import Path

from ps_analytics.ui.server import dashboards, page_url
from tests.bench.bench_ui_served import settings_of

KEPT_S = 5.0


def main(folder: str) -> None:
    """Serves until it is told to stop."""
    settings = settings_of(Path(folder)).model_copy(update={"port": 0})
    with dashboards(settings, kept_s=KEPT_S) as server:
        print(f"Dashboards: {page_url(server, settings)}", flush=True)
        server.io_loop.start()


if __name__ == "__main__":
    main(sys.argv[1])
