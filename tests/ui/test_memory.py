"""Memory that is free goes back to the system."""

import sys

import psutil
import pytest

from ps_analytics.ui.memory import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take it back by themselves")
def test_what_is_free_below_something_that_is_not_goes_back() -> None:
    process = psutil.Process()
    pieces = [bytes(2000) for _ in range(100_000)]
    last = pieces[-1]  # the end of the heap: nothing below it is given back by itself
    del pieces
    before = process.memory_info().rss
    give_back()
    assert before - process.memory_info().rss > 100_000_000
    assert len(last) == 2000
