from hypothesis import given
from hypothesis import strategies as st

from bot.quoting import MARKS_MAX, escaped, fits, plain, quoted, shortened, whole_lines

MARKDOWN = set("\\`*_~|[]()<>#@:-+")

nasty = st.text(
    alphabet=st.one_of(
        st.sampled_from("*_`~|<>@#:[]()\\-+ \n\r\t\u200b\u202e\u2066\u0301\ud800\U000e0041🎬a1"),
        st.characters(),
    ),
    max_size=300,
)


def bare(text: str) -> str:
    """The text without its escaped pairs, as Discord's parser would look for markup in it."""
    kept, chars = [], iter(text)
    for char in chars:
        if char == "\\":
            next(chars)
        else:
            kept.append(char)
    return "".join(kept)


@given(nasty)
def test_nothing_that_discord_reads_as_markup_is_left_unescaped(text: str) -> None:
    assert MARKDOWN.isdisjoint(bare(escaped(text)))


@given(nasty, st.integers(10, 200))
def test_a_quote_is_one_line_within_its_limit_however_it_is_counted(text: str, limit: int) -> None:
    line = quoted(text, limit)

    assert line.startswith("> ")
    assert line.splitlines() == [line]
    assert len(line.encode("utf-16-le")) // 2 <= limit
    assert MARKDOWN.isdisjoint(bare(line[2:]))


@given(nasty)
def test_a_quote_that_fits_shows_every_visible_character(text: str) -> None:
    if fits(text, 500):
        assert quoted(text, 500) == f"> {escaped(text)}"


@given(nasty)
def test_what_is_shown_can_always_be_sent(text: str) -> None:
    plain(text).encode()


def test_invisible_and_direction_changing_characters_are_gone() -> None:
    assert plain("a\u202eb\u200bc\u2066d\u200de\ufefff") == "abcdef"


def test_lines_become_one() -> None:
    assert plain("a boat\n\n# APPROVED\r\n\u2028by the mods") == "a boat # APPROVED by the mods"


def test_marks_do_not_pile_up() -> None:
    assert plain("e" + "\u0301" * 50) == "e" + "\u0301" * MARKS_MAX


def test_pings_links_and_fences_stay_words() -> None:
    shown = escaped("@everyone <@1> [x](https://evil.example) ```js")

    assert shown == "\\@everyone \\<\\@1\\> \\[x\\]\\(https\\://evil.example\\) \\`\\`\\`js"


def test_a_cut_never_falls_between_a_backslash_and_its_character() -> None:
    assert quoted("*" * 100, 12) == "> " + "\\*" * 4 + "…"


def test_a_short_text_is_not_cut() -> None:
    assert shortened("a paper boat", 12) == "a paper boat"
    assert shortened("a paper boats", 12) == "a paper boa…"


def test_as_many_whole_lines_are_kept_as_fit_with_their_ends() -> None:
    assert [whole_lines(["ab", "🎬", "c"], units) for units in (1, 2, 4, 5, 6, 7)] == [0, 1, 1, 2, 2, 3]
    assert whole_lines([], 0) == 0
