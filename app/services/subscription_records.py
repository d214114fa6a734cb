"""What passes between a subscription link, its apps and the panels: immutable records. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whom a link leads to: one living config, as the database has it now."""

    config_id: int
    owner: int
    language: str
    name: str
    expires_at: datetime
    instance_id: str | None
    username: str
    subscription_url: str | None = field(repr=False)
    link: str | None = field(repr=False)
    # When the device that asks was last noted; None for one that is new.
    device_seen_at: datetime | None = None
    # Switched off on its panel for a while, which would only say so.
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """What an app asks for: the `format` that the path names, else what the panel has for its `agent`.

    Apps of one `kind` get the same; those that read links can be given the config's bare key instead. `device` is what
    the app said of its device, as headers for panels that count devices themselves.
    """

    kind: str
    agent: str
    format: str | None
    reads_links: bool
    device: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What an app imports, with the headers (lower-case names) that it may be told."""

    body: str = field(repr=False)
    media_type: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """A profile that was served before, with the panel it came from."""

    profile: Profile
    instance_id: str
