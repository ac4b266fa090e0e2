"""Memory of pages that are closed: given back to the system, so that a server does not stay as large as it once was."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Gives back what nobody uses any more. The C library of Linux keeps it otherwise; other systems do it themselves.

    It takes some milliseconds, in which Python's other threads go on.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)
