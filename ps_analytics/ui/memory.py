"""Memory of pages that are closed: given back to the system, so that a server does not stay as large as it once was."""

import ctypes
import gc
import sys
from contextlib import suppress


def give_back() -> None:
    """Gives back what nobody uses any more: pages hold themselves in circles, and the C library keeps what is free.

    It keeps all of Python waiting for some tenths of a second: it is for when nobody has a page open.
    """
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library; other systems take back by themselves
            ctypes.CDLL("libc.so.6").malloc_trim(0)
