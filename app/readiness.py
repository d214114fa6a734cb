"""Owns what the bot says to the process that started it, until it is ready; must not know what is being started."""

import os

_VARIABLE = "ORBIT_READY_FD"


class StartFailed(Exception):
    """The bot can't serve; the text says why, for the operator, and holds no secret."""


class Readiness:
    """Lines for the starter: `progress: text`, at last `ready` or `error: text`. Silent where nobody asked for them."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        if descriptor is not None:
            # The starter waits for the end of this pipe; a database started by us must not keep it open.
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library takes it so

    @classmethod
    def from_environment(cls) -> "Readiness":
        """Take the descriptor that the starter left in ORBIT_READY_FD, and hide it from our own children."""
        given = os.environ.pop(_VARIABLE, "")
        return cls(int(given) if given.isdecimal() else None)

    def progress(self, text: str) -> None:
        """Say what is being done now."""
        self._say(f"progress: {text}")

    def ready(self) -> None:
        """Say that customers are served from now on, and nothing after."""
        self._say("ready")
        self._close()

    def error(self, text: str) -> None:
        """Say why the start failed, in as many lines as it takes, and nothing after."""
        for line in text.splitlines():
            self._say(f"error: {line}")
        self._close()

    def _say(self, line: str) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, f"{line}\n".encode())
        except BrokenPipeError:
            # The starter went away, by Ctrl-C for one; the bot serves without it.
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
