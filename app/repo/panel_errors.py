"""Owns the ways in which a call to a panel can fail. Must hold no password, token or link: these texts are logged."""

from __future__ import annotations


class PanelError(Exception):
    """A panel did not do what was asked; `reason` is in our own words and safe to log."""

    def __init__(self, instance_id: str, reason: str) -> None:
        super().__init__(instance_id, reason)
        self.instance_id = instance_id
        self.reason = reason

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.instance_id}: {self.reason}"


class PanelUnavailable(PanelError):
    """The panel can't be had, and what was asked has surely not been done."""


class PanelNotCalled(PanelUnavailable):
    """We refuse to speak to it: its row leads nowhere or where no panel may be, or its certificate proves nothing."""


class AmbiguousOutcome(PanelError):
    """The request went out and no usable answer came: it may have been done. Look before doing it again."""


class PanelAuthFailed(PanelError):
    """The panel refuses our account, or the account lacks the right (sudo); nothing was done."""


class PanelUserExists(PanelError):
    """The username is taken on this panel, by whomever."""


class PanelUserNotFound(PanelError):
    """The panel itself says that it has no such user."""


class PanelBadAnswer(PanelError):
    """The panel answered something else than its API promises; `reason` names the field or the fault."""


class PanelInvalid(PanelError):
    """The panel refuses what was sent; `fields` maps each field to the panel's words. Nothing was done."""

    def __init__(self, instance_id: str, fields: dict[str, str]) -> None:
        super().__init__(instance_id, "invalid: " + ", ".join(sorted(fields)))
        self.args = (instance_id, fields)
        self.fields = fields


# After one of these nothing has been done by the call, whatever earlier ones did.
SURELY_NOT_DONE = (PanelUnavailable, PanelAuthFailed, PanelInvalid)
