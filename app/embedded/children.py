"""How a server started by us ends with us; must not know which server it is."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child between fork and exec should import nothing.
_LIBC = ctypes.CDLL(None, use_errno=True)


def libc_call(name: str, *arguments: object) -> None:
    """Call a function of the C library that answers 0 for success; OSError with its errno otherwise."""
    if getattr(_LIBC, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def dies_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """Give a preexec_fn after which the child gets `last_signal` when the thread that started it ends.

    Even a kill -9 of the parent is covered, on Linux; elsewhere the child must be stopped by its owner.
    """
    parent = os.getpid()

    def prepare() -> None:
        if sys.platform != "linux":
            return
        libc_call("prctl", _PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:
            # The parent died before the kernel was asked to tell us.
            os._exit(1)

    return prepare
