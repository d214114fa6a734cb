"""Telegram's HTML as the emulator reads and shows it."""

import pytest
from aiogram.types import MessageEntity
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.text.formatted import Formatted
from sandbox.telegram.text.html import MarkupError, parse_html
from sandbox.telegram.text.incoming import typed_text
from sandbox.telegram.text.render import to_html


def _spans(whole: Formatted) -> list[tuple[str, int, int]]:
    return [(entity.type, entity.offset, entity.length) for entity in whole.entities]


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        ("&lt;&gt;&amp;&quot;&#65;&#x42;&laquo;&ge", '<>&"AB&laquo;&ge', []),
        ("<b>1</b><strong>2</strong>", "12", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i>1</i><em>2</em>", "12", [("italic", 0, 1), ("italic", 1, 1)]),
        ("<u>1</u><ins>2</ins>", "12", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>1</s><strike>2</strike><del>3</del>", "123", [("strikethrough", n, 1) for n in range(3)]),
        ('<span class="tg-spoiler">1</span><tg-spoiler>2</tg-spoiler>', "12", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("👋<b>👋</b>", "👋👋", [("bold", 2, 2)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<B>a</>", "a", [("bold", 0, 1)]),
        ("<b></b>a", "a", []),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2)]),
        ("<a href=not-a-link>a</a>", "a", []),
        ('<a href="https://a.io/?x=1&amp;y=2">a</a>', "a", [("text_link", 0, 1)]),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, spans: list[tuple[str, int, int]]) -> None:
    whole = parse_html(source)
    assert whole.text == text
    assert _spans(whole) == spans


def test_attributes_reach_their_entities() -> None:
    (link,) = parse_html('<a href="https://a.io/?x=1&amp;y=2">a</a>').entities
    assert link.url == "https://a.io/?x=1&y=2"
    (code,) = parse_html('<pre><code class="language-python">a</code></pre>').entities
    assert (code.type, code.language) == ("pre", "python")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<b>unclosed", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("я <int>", 'Unsupported start tag "int" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("<i aba  =  ", 'Unclosed start tag "i" at byte offset 0'),
        ("<i aba  =  190azAz-.,", "Unexpected end of name token at byte offset 11"),
        ('<i aba="x>', "Unclosed start tag at byte offset 0"),
        ("</", "Unexpected end tag at byte offset 0"),
        ("<b></b></", "Unexpected end tag at byte offset 7"),
        ("<i>a</i   ", "Unclosed end tag at byte offset 4"),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="x">a</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_broken_markup_is_named_as_telegram_names_it(source: str, words: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value) == words


@given(st.text())
def test_any_text_is_parsed_or_refused(source: str) -> None:
    try:
        parse_html(source)
    except MarkupError:
        return


def test_entities_are_found_outside_links_and_code() -> None:
    whole = typed_text("/start@bot @nina #tag https://a.io/x. a@b.com t.me/x 1/2")
    assert _spans(whole) == [
        ("bot_command", 0, 10),
        ("mention", 11, 5),
        ("hashtag", 17, 4),
        ("url", 22, 14),
        ("email", 38, 7),
        ("url", 46, 6),
    ]


def test_what_is_shown_lets_no_markup_through() -> None:
    whole = parse_html('<b>&lt;img src=x onerror=alert(1)&gt;</b><a href="https://a.io/&quot;onclick=x">x</a>')
    shown = to_html(whole)
    assert "<img" not in shown
    assert 'href="https://a.io/&quot;onclick=x"' in shown


def test_overlapping_entities_are_shown_nested() -> None:
    entities = (MessageEntity(type="bold", offset=0, length=2), MessageEntity(type="italic", offset=1, length=2))
    assert to_html(Formatted("abc", entities)) == "<b>a<i>b</i></b><i>c</i>"
