"""The page with two phones side by side. Forms work without a script; a small script only spares the reloads."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from simulator.calls import Call
from simulator.exchange import Exchange
from simulator.phones import Phone, Side
from simulator.screens import Screen, screen

TITLES = {Side.COLLECTOR: "Collector’s phone", Side.DEBTOR: "Debtor’s phone"}
ENDINGS = {"busy": "Busy", "no-answer": "Not answered", "failed": "Not reached", "canceled": "Caller gave up"}
ICONS = {
    "person": '<circle cx="12" cy="8.5" r="4"/><path d="M4.5 20a7.5 7.5 0 0 1 15 0"/>',
    "answer": '<path d="M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1z"/>',
    "hangup": '<path d="M3 14c4.5-5.5 13.5-5.5 18 0l-2.2 2.5-3.3-1.3v-2.7a11.5 11.5 0 0 0-7 0v2.7l-3.3 1.3z"/>',
}

_PAGE = Template(Path(__file__).with_name("assets").joinpath("page.html").read_text(encoding="utf-8"))

_PHONE = Template("""<section class="phone" aria-labelledby="title-$side">
<h2 class="small muted" id="title-$side">$title</h2>
<div class="mode" id="mode-$side" data-part>$mode</div>
<span class="phone-face">$face</span>
<div class="shows" id="shows-$side" data-part>$shows</div>
<div id="status-$side" data-part>$status</div>
<div class="heard-box" id="heard-$side" role="log" aria-label="Heard on this phone" data-part>$heard</div>
<div class="phone-keys" id="keys-$side" data-part>$keys</div>
</section>
""")

_LOG = Template("""<section class="card" aria-labelledby="log-title">
<h2 id="log-title">What happened</h2>
<div id="log" data-part>$log</div>
<p class="small muted">Neither side ever sees the other’s number. It is not in this page either.</p>
</section>
""")


def page(exchange: Exchange) -> str:
    """The whole page."""
    address = exchange.options.app_url
    back = f'<a href="{escape(address)}">Back to Evenhand</a>' if address.startswith(("http://", "https://")) else ""
    return _PAGE.substitute(back=back, panels=panels(exchange))


def panels(exchange: Exchange) -> str:
    """Both phones and the story of the latest call."""
    phones = "".join(_panel(exchange, side) for side in Side)
    return phones + _LOG.substitute(log=_story(exchange))


def _panel(exchange: Exchange, side: Side) -> str:
    phone = _shown_phone(exchange, side)
    by_hand = exchange.directory.by_hand[side]
    display = screen(phone, exchange) if phone else Screen("", side.value, by_hand)
    return _PHONE.substitute(
        side=side.value,
        title=TITLES[side],
        mode=_mode(side, display.by_hand),
        face=_icon("person"),
        shows=_shows(display),
        status=_status(display),
        heard=_heard(display),
        keys=_keys(display, can_dial=bool(exchange.options.voice_url) and phone is not None),
    )


def _shown_phone(exchange: Exchange, side: Side) -> Phone | None:
    """The phone of ``side`` something happened to last, one in a call before the others."""
    calls = [call for phone in exchange.directory.on(side) if (call := exchange.last_call(phone))]
    latest = max(calls, key=lambda call: (not call.ended.is_set(), call.created), default=None)
    return latest.phone if latest else None


def _icon(name: str) -> str:
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>'


def _form(action: str, inside: str) -> str:
    return f'<form method="post" action="{action}">{inside}</form>'


def _mode(side: Side, by_hand: bool) -> str:
    who = "You hold this phone" if by_hand else "Answers by itself"
    change = "Let it answer by itself" if by_hand else "Play by hand"
    button = f'<button class="btn" id="hand-{side}" name="by_hand" value="{"0" if by_hand else "1"}">{change}</button>'
    return f'<p class="small muted">{who}</p>' + _form(f"/sides/{side}/mode", button)


def _shows(display: Screen) -> str:
    if display.status == "idle":
        return '<p><strong class="big">No call</strong></p>'
    if display.status == "calling":
        return f'<p><strong class="big">{escape(display.shows)}</strong></p><p class="small muted">dialled</p>'
    return f'<p><strong class="big">{escape(display.shows)}</strong></p><p class="small muted">a number of ours</p>'


def _status(display: Screen) -> str:
    clock = f"{display.seconds // 60:02d}:{display.seconds % 60:02d}"
    tone, words = {
        "idle": ("", "Waiting"),
        "ringing": ("warn", "Ringing"),
        "calling": ("warn", "Calling"),
        "connected": ("info", "Listening"),
        "talking": ("ok", f"Talking {clock}"),
        "ended": ("", ENDINGS.get(display.ended, f"Ended after {clock}")),
    }[display.status]
    return f'<span class="tag" data-tone="{tone}">{words}</span>'


def _heard(display: Screen) -> str:
    return "".join(f'<p class="heard">“{escape(text)}”</p>' for text in display.heard)


def _keys(display: Screen, can_dial: bool) -> str:
    at = f"/phones/{display.id}"
    parts: list[str] = []
    if "answer" in display.can:
        parts.append(_key(display, "answer", f"{_icon('answer')}<small>answer</small>", "ok"))
    if "press" in display.can:
        meanings = {"1": "accept", "9": "stop" if display.side == Side.DEBTOR else ""}
        parts.append(_form(f"{at}/press", "".join(_digit(display, key, hint) for key, hint in meanings.items())))
    if "hangup" in display.can:
        parts.append(_key(display, "hangup", f"{_icon('hangup')}<small>hang up</small>", "bad"))
    if "press" in display.can:
        others = "".join(_digit(display, key, "") for key in "2345678*0#")
        parts.append(
            f'<details id="more-{display.side}"><summary>Other keys</summary>{_form(f"{at}/press", others)}</details>'
        )
    if "dial" in display.can and can_dial:
        parts.append(_form(f"{at}/dial", f'<button class="btn" id="dial-{display.side}">Call back</button>'))
    return "".join(parts)


def _key(display: Screen, action: str, inside: str, tone: str) -> str:
    attributes = f'class="key" id="{action}-{display.side}" data-tone="{tone}"'
    return _form(f"/phones/{display.id}/{action}", f"<button {attributes}>{inside}</button>")


def _digit(display: Screen, key: str, hint: str) -> str:
    name = {"*": "star", "#": "hash"}.get(key, key)
    small = f"<small>{hint}</small>" if hint else ""
    pressed = "true" if display.pressed.endswith(key) else "false"
    attributes = f'class="key" id="key-{name}-{display.side}" name="key" value="{key}" aria-pressed="{pressed}"'
    return f"<button {attributes}>{key}{small}</button>"


_TOLD = {
    "Ring": "{who} rings",
    "Answer": "{who} is answered",
    "Say": "{who} hears: “{detail}”",
    "Press": "{who}: key {detail} is pressed",
    "HangUp": "{who} hangs up",
    "Error": "{who}: the application gave no usable answer ({detail})",
    "End": "{who}: {ending}",
}


def _story(exchange: Exchange) -> str:
    """The latest call in sentences, times counted from its beginning."""
    latest = _latest(exchange)
    if latest is None:
        return '<p class="muted">No call yet.</p>'
    lines: list[tuple[float, str]] = []
    for entry in exchange.log.entries(latest.sid):
        who = TITLES[Side(entry["side"])]
        if entry["verb"] in _TOLD:
            ending = ENDINGS.get(entry["detail"], "Call ended").lower()
            lines.append((entry["at"], _TOLD[entry["verb"]].format(who=who, detail=entry["detail"], ending=ending)))
        elif entry["verb"] == "Bridge" and entry["parent"]:
            lines.append((entry["at"], "Both are talking"))
    items = "".join(
        f"<li><time>{_since(at - latest.created)}</time><span>{escape(text)}</span></li>" for at, text in lines
    )
    return f'<ol class="log">{items}</ol>'


def _latest(exchange: Exchange) -> Call | None:
    return next((call for call in reversed(exchange.calls.values()) if call.parent is None), None)


def _since(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
