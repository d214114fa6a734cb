"""Owns what Telegram takes for a link; must not fetch anything."""

import re

_DEEP = re.compile(r"(?i)(tg|ton):(?://)?(.*)", re.DOTALL)
_HTTP = re.compile(r"(?i)(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>[^/?#]*)(?P<rest>.*)", re.DOTALL)


class LinkError(ValueError):
    """A link Telegram refuses; its text is Telegram's reason."""


def checked(link: str, *, https_only: bool = False) -> str:
    """Return the link as Telegram keeps it; LinkError where it is none."""
    deep = _DEEP.fullmatch(link)
    if deep and not https_only:
        return f"{deep[1].lower()}://{deep[2]}"
    parts = _HTTP.fullmatch(link)
    if parts is None:
        raise LinkError("Wrong HTTP URL")
    scheme = (parts["scheme"] or "http").lower()
    if https_only and scheme != "https":
        raise LinkError("Only HTTPS links are allowed")
    if scheme not in {"http", "https"}:
        raise LinkError("Unsupported URL protocol")
    host = parts["host"].lower()
    if not host:
        raise LinkError("URL host is empty")
    if re.search(r"\s", link) or ("." not in host and not host.startswith("[")):
        raise LinkError("Wrong HTTP URL")
    rest = parts["rest"]
    return f"{scheme}://{host}{rest if rest.startswith('/') else '/' + rest}"
