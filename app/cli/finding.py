"""What the doctor finds. No behaviour."""

from typing import NamedTuple


class Finding(NamedTuple):
    """How one part is, in a few words."""

    part: str
    is_well: bool
    said: str
