"""`make bench`: every `bench_*` module but the browser's, one after the other."""

import importlib
import sys
from pathlib import Path

NEEDS_A_BROWSER = "bench_ui"


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all that need no browser."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    for name in wanted or [name for name in found if name != NEEDS_A_BROWSER]:
        importlib.import_module(f"tests.bench.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
