"""The page that people see at their link: one HTML document that asks for nothing else. Decides no right."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import segno
from starlette.responses import HTMLResponse

from app.domain.apps import DESKTOPS, SYSTEMS, apps_for
from app.domain.subscription import days_left
from app.locales.locales import TRANSLATORS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.apps import App
    from app.locales.locales import Translator
    from app.services.records import Usage
    from app.services.subscription_records import Subscriber

HERE = Path(__file__).parent
DOCUMENT = Template((HERE / "page.html").read_text("utf-8"))
STYLE = (HERE / "page.css").read_text("utf-8")
SCRIPT = (HERE / "page.js").read_text("utf-8")
# Telegram's web client shows pages of bots in a frame.
POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors https://web.telegram.org"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a page shows; `opening` is the app that is to be opened at once, `bot` and `support` are usernames.

    `places` are those taken by devices, and all that there are.
    """

    subscriber: Subscriber
    usage: Usage | None
    places: tuple[int, int] | None
    url: str
    now: datetime
    system: str
    opening: App | None
    bot: str
    support: str | None

    @property
    def profile_name(self) -> str:
        """What the subscription is called in apps."""
        return f"OrbitVPN {self.subscriber.name}"


def show(t: Translator, shown: Shown) -> HTMLResponse:
    """The page of a living config."""
    left = days_left(shown.subscriber.expires_at, shown.now)
    parts = [_ended(t, shown)] if left == 0 else [_opening(t, shown), _status(t, shown, left), _connect(t, shown)]
    if left:
        parts += [_devices(t, shown), _link(t, shown)]
    return _document(t, "".join(parts), _foot(t, shown), 200, t.plain("sub.title"), {"on": shown.system})


def gone(t: Translator, bot: str) -> HTMLResponse:
    """The page of a link that leads nowhere, whatever the reason."""
    body = _notice(t.plain("sub.gone_title"), t.plain("sub.gone_text"), _bot_button(t.plain("sub.bot"), bot))
    return _document(t, body, "", 404, t.plain("sub.gone_title"))


def language_wished(accept: str) -> str | None:
    """The first of our languages in an Accept-Language header, by its weights; None where there is none."""
    wishes: list[tuple[float, str]] = []
    for part in accept[:256].split(","):
        tag, _, weight = part.strip().partition(";q=")
        code = tag.partition("-")[0].casefold()
        if code in TRANSLATORS and (not weight or weight.replace(".", "", 1).isdecimal()):
            wishes.append((float(weight or 1), code))
    # Of equal weight the earlier counts; 0 means never.
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _document(
    t: Translator, main: str, foot: str, status: int, title: str, kept: Mapping[str, str] | None = None
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    languages = "".join(_language_link(t, code, kept or {}) for code in TRANSLATORS)
    html = DOCUMENT.substitute(
        language=t.language, title=escape(title), nonce=nonce, style=STYLE, script=SCRIPT, languages=languages,
        main=main, foot=foot,
    )  # fmt: skip
    headers = {
        "cache-control": "private, no-store",
        "content-security-policy": POLICY.format(nonce=nonce),
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), clipboard-write=(self)",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex, nofollow",
    }
    return HTMLResponse(html, status, headers=headers)


def _language_link(t: Translator, code: str, kept: Mapping[str, str]) -> str:
    address = escape(urlencode({**kept, "lang": code}))
    mark = " aria-current=true" if code == t.language else ""
    return f'<a href="?{address}" hreflang="{code}"{mark}>{code.upper()}</a>'


def _status(t: Translator, shown: Shown, left: int) -> str:
    usage = shown.usage
    traffic = t.usage(usage.used_bytes, usage.limit_bytes) if usage else t.plain("config.traffic_unknown")
    number, _, noun = t.count("day", left).partition(" ")
    return (
        '<section class="hero" data-testid="status">'
        f'<div class="hero-top"><h1>{escape(shown.subscriber.name)}</h1>'
        f'<span class="chip">{escape(t.plain("sub.active"))}</span></div>'
        f'<p class="hero-label">{escape(t.plain("sub.left"))}</p>'
        f'<p class="hero-days"><b>{number}</b> {escape(noun)}</p>'
        f'<p class="hero-until">{escape(t.plain("sub.until", end=t.date(shown.subscriber.expires_at)))}</p>'
        f"{_meter(usage)}"
        f'<p class="hero-traffic"><span>{escape(t.plain("sub.traffic"))}</span><span>{escape(traffic)}</span></p>'
        "</section>"
    )


def _meter(usage: Usage | None) -> str:
    if usage is None or not usage.limit_bytes:
        return '<div class="line"></div>'
    used = min(usage.used_bytes, usage.limit_bytes)
    return f'<progress class="meter" max="{usage.limit_bytes}" value="{used}"></progress>'


def _ended(t: Translator, shown: Shown) -> str:
    until = t.date(shown.subscriber.expires_at)
    return (
        '<section class="hero over" data-testid="status">'
        f'<p class="hero-top">{escape(shown.subscriber.name)}</p>'
        f'<h1 class="hero-title">{escape(t.plain("sub.ended_title"))}</h1>'
        f'<p class="hero-until">{escape(until)}</p></section>'
        f'<section class="card"><p>{escape(t.plain("sub.ended_text"))}</p>'
        f"{_bot_button(t.plain('sub.renew'), shown.bot)}</section>"
    )


def _opening(t: Translator, shown: Shown) -> str:
    app = shown.opening
    if app is None:
        return ""
    link = app.import_link(shown.url, shown.profile_name)
    return (
        f'<section class="card" data-testid="opening"><h2>{escape(t.plain("sub.opening", app=app.name))}</h2>'
        f'<p class="muted">{escape(t.plain("sub.opening_hint"))}</p>'
        f'<a class="button primary" id="open-now" href="{escape(link)}">{escape(t.plain("sub.add", app=app.name))}</a>'
        "</section>"
    )


def _connect(t: Translator, shown: Shown) -> str:
    tabs, panels = [], []
    for system, name in SYSTEMS.items():
        checked = " checked" if system == shown.system else ""
        tabs.append(
            f'<input type="radio" name="system" id="on-{system}"{checked}>'
            f'<label for="on-{system}">{name}</label>'
        )
        panels.append(_steps(t, shown, system))
    return (
        f'<section class="card systems"><h2>{escape(t.plain("sub.connect"))}</h2>'
        f"{''.join(tabs)}{''.join(panels)}</section>"
    )


def _steps(t: Translator, shown: Shown, system: str) -> str:
    first, *others = apps_for(system)
    hint = {"ios": t.plain("sub.step_on_ios"), "android": t.plain("sub.step_on_android")}
    turned_on = hint.get(system) or t.plain("sub.step_on_desktop")
    steps = (
        f"<li><h3>{escape(t.plain('sub.step_install', app=first.name))}</h3>{_store(t, first, system, 'button')}</li>"
        f"<li><h3>{escape(t.plain('sub.step_add'))}</h3>"
        f'<p class="muted">{escape(t.plain("sub.step_add_hint", app=first.name))}</p>'
        f"{_import(shown, first, t.plain('sub.add', app=first.name), 'button primary')}</li>"
        f"<li><h3>{escape(t.plain('sub.step_on'))}</h3><p class='muted'>{escape(turned_on)}</p></li>"
    )
    rows = "".join(
        f'<li><span class="app">{escape(app.name)}</span>{_store(t, app, system, "small quiet")}'
        f"{_import(shown, app, t.plain('sub.add_short'), 'small')}</li>"
        for app in others
    )
    return (
        f'<div class="panel" data-system="{system}"><ol class="steps">{steps}</ol>'
        f'<h3 class="others-title">{escape(t.plain("sub.others"))}</h3><ul class="others">{rows}</ul></div>'
    )


def _store(t: Translator, app: App, system: str, kind: str) -> str:
    address = escape(app.stores[system])
    label = escape(f"{t.plain('sub.install')}: {app.name}")
    return (
        f'<a class="{kind}" href="{address}" target="_blank" rel="noopener noreferrer" aria-label="{label}">'
        f"{escape(t.plain('sub.install'))}</a>"
    )


def _import(shown: Shown, app: App, words: str, kind: str) -> str:
    link = escape(app.import_link(shown.url, shown.profile_name))
    label = escape(f"{words}: {app.name}")
    return f'<a class="{kind}" data-app="{app.key}" href="{link}" aria-label="{label}">{escape(words)}</a>'


def _devices(t: Translator, shown: Shown) -> str:
    if shown.places is None:
        return ""
    taken, most = shown.places
    hint = t.plain("sub.devices_full" if taken >= most else "sub.devices_hint", name=shown.subscriber.name)
    return (
        '<section class="card" data-testid="devices">'
        f"<h2>{escape(t.plain('sub.devices', taken=taken, most=most))}</h2>"
        f'<p class="muted">{escape(hint)}</p></section>'
    )


def _link(t: Translator, shown: Shown) -> str:
    opened = " open" if shown.system in DESKTOPS else ""
    return (
        f'<section class="card"><h2>{escape(t.plain("sub.link"))}</h2>'
        f'<p class="muted">{escape(t.plain("sub.link_hint"))}</p>'
        f'<code class="url" id="url">{escape(shown.url)}</code>'
        f'<button class="button" id="copy" hidden data-copied="{escape(t.plain("sub.copied"))}">'
        f"{escape(t.plain('sub.copy'))}</button>"
        f'<details{opened}><summary>{escape(t.plain("sub.qr"))}</summary><div class="qr">{_qr(shown.url)}</div>'
        f'<p class="muted">{escape(t.plain("sub.qr_hint"))}</p></details></section>'
    )


def _qr(url: str) -> str:
    drawn = io.BytesIO()
    segno.make(url, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, border=3, dark="#101828", light="#fff", omitsize=True
    )
    return drawn.getvalue().decode()


def _foot(t: Translator, shown: Shown) -> str:
    links = [_away(t.plain("sub.bot"), shown.bot)] if shown.bot else []
    links += [_away(t.plain("sub.support"), shown.support)] if shown.support else []
    return f'<p>{escape(t.plain("sub.private"))}</p><p class="away">{"".join(links)}</p>'


def _notice(title: str, text: str, button: str) -> str:
    return f'<section class="card notice"><h1>{escape(title)}</h1><p>{escape(text)}</p>{button}</section>'


def _bot_button(words: str, bot: str) -> str:
    return f'<a class="button primary" href="https://t.me/{escape(bot)}">{escape(words)}</a>' if bot else ""


def _away(words: str, username: str) -> str:
    return f'<a href="https://t.me/{escape(username)}">{escape(words)}</a>'
