"""Owns the apps that people use: where each runs, where it is had, and the link that hands it a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

# The systems with their names, the most common first.
SYSTEMS = {"ios": "iPhone", "android": "Android", "windows": "Windows", "macos": "macOS", "linux": "Linux"}


@dataclass(frozen=True, slots=True)
class App:
    """An app: `scheme` takes the subscription's URL as it is ({url}) or percent-encoded ({query}), and a {name}."""

    key: str
    name: str
    scheme: str
    stores: Mapping[str, str]

    def import_link(self, url: str, name: str) -> str:
        """The link that opens the app and adds the subscription under that name."""
        return self.scheme.format(url=url, query=quote(url, safe=""), name=quote(name, safe=""))


DESKTOPS = ("windows", "macos", "linux")
_HAPP = "https://github.com/Happ-proxy/happ-desktop/releases/latest"
_HIDDIFY = "https://github.com/hiddify/hiddify-app/releases/latest"
_STREISAND = "https://apps.apple.com/app/id6450534064"
_CLASH_VERGE = "https://github.com/clash-verge-rev/clash-verge-rev/releases/latest"
# How the whole Clash family takes a profile, after Clash for Windows' documentation, "URL Schemes".
_CLASH = "install-config?url={query}&name={name}"

# In the order in which they are offered. Each scheme is the app's own; where it is documented stands above it.
APPS = (
    # happ.su, developer documentation: the URL stands behind /add/ as it is.
    App(
        "happ",
        "Happ",
        "happ://add/{url}",
        {
            "ios": "https://apps.apple.com/app/id6504287215",
            "android": "https://play.google.com/store/apps/details?id=com.happproxy",
            **dict.fromkeys(DESKTOPS, _HAPP),
        },
    ),
    # hiddify-app wiki, "URL Scheme": hiddify://import/<sublink>#name.
    App(
        "hiddify",
        "Hiddify",
        "hiddify://import/{url}#{name}",
        {
            "ios": "https://apps.apple.com/app/id6596777532",
            "android": "https://play.google.com/store/apps/details?id=app.hiddify.com",
            **dict.fromkeys(DESKTOPS, _HIDDIFY),
        },
    ),
    # v2rayNG, UrlSchemeActivity.kt: install-sub reads the parameter url, and the fragment as the name.
    App(
        "v2rayng",
        "v2rayNG",
        "v2rayng://install-sub?url={query}#{name}",
        {"android": "https://github.com/2dust/v2rayNG/releases/latest"},
    ),
    # As its makers give it to panels (Marzban's documentation, "URL Scheme"): the name stands behind #.
    App("streisand", "Streisand", "streisand://import/{url}#{name}", {"ios": _STREISAND, "macos": _STREISAND}),
    # docs.v2raytun.com: the URL stands behind /import/ as it is.
    App(
        "v2raytun",
        "v2rayTun",
        "v2raytun://import/{url}",
        {
            "ios": "https://apps.apple.com/app/id6476628951",
            "android": "https://play.google.com/store/apps/details?id=com.v2raytun.android",
        },
    ),
    App("clash", "Clash Verge", f"clash://{_CLASH}", dict.fromkeys(DESKTOPS, _CLASH_VERGE)),
    App(
        "flclash",
        "FlClash",
        f"clash://{_CLASH}",
        {"android": "https://github.com/chen08209/FlClash/releases/latest"},
    ),
    App("stash", "Stash", f"stash://{_CLASH}", {"ios": "https://apps.apple.com/app/id1596063349"}),
)
BY_KEY = {app.key: app for app in APPS}


def apps_for(system: str) -> list[App]:
    """The apps of a system, the one to begin with first."""
    return [app for app in APPS if system in app.stores]


def system_of(agent: str) -> str:
    """The visitor's system; a phone where it does not say."""
    lower = agent.casefold()
    # Android says Linux as well, and iPhones say "like Mac OS X".
    for mark, system in (
        ("android", "android"),
        ("iphone", "ios"),
        ("ipad", "ios"),
        ("windows", "windows"),
        ("mac os", "macos"),
        ("linux", "linux"),
    ):
        if mark in lower:
            return system
    return "ios"
