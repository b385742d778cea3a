import asyncio
import contextlib
import sqlite3
from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import language, translations
from bot.domain import FaultKind
from bot.errors import OrderRefused, Refusal
from bot.language import ENGLISH, LANGUAGES, _, closest, later, named, ngettext, number
from bot.translations import Entry, UnreadableEntry
from storage.database import Database
from tests.messages import written
from tests.sentences import Key

CANCELLED = {"en": "Cancelled", "de": "Abgebrochen", "ja": "キャンセル済み"}

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
CZECH = HEADER + '"Plural-Forms: nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;\\n"\n'

text = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\4"))
some_text = text.filter(bool)


@pytest.mark.parametrize(
    ("locale", "spoken"),
    [
        ("de", "de"),
        ("ja", "ja"),
        ("en-US", "en"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("pt-BR", "en"),
        ("zh-TW", "en"),
        ("DE", "de"),
        ("", "en"),
        (None, "en"),
        ("../../etc", "en"),
    ],
)
def test_a_locale_of_discord_s_is_spoken_or_english_is(locale: str | None, spoken: str) -> None:
    assert closest(locale) == spoken
    with language.use(locale):
        assert _("Cancelled") == CANCELLED[spoken]


def test_a_language_ends_with_its_block_also_when_that_fails() -> None:
    with language.use("de"):
        with contextlib.suppress(LookupError), language.use("ja"):
            assert _("Cancelled") == CANCELLED["ja"]
            raise LookupError
        assert _("Cancelled") == CANCELLED["de"]
    assert _("Cancelled") == CANCELLED["en"]


def test_what_nobody_translated_is_shown_as_it_is_and_nothing_is_nothing() -> None:
    for code in LANGUAGES:
        with language.use(code):
            assert _("never heard of") == "never heard of"
            assert named("never_heard_of") == "never_heard_of"
            assert ngettext("{n} thing never heard of", "{n} things", 2) == "{n} things"
            assert _("") == ""
            assert later("Cancelled") == "Cancelled"


def test_a_name_is_kept_apart_from_the_same_word_in_a_sentence() -> None:
    with language.use("de"):
        assert (named("model"), _("model")) == ("modell", "model")


def test_each_language_counts_in_its_own_way() -> None:
    def seconds(n: int) -> str:
        return ngettext("{n} second", "{n} seconds", n).format(n=n)

    assert [seconds(n) for n in (1, 2)] == ["1 second", "2 seconds"]
    with language.use("de"):
        assert [seconds(n) for n in (0, 1, 2)] == ["0 Sekunden", "1 Sekunde", "2 Sekunden"]
    with language.use("ja"):
        assert [seconds(n) for n in (1, 2)] == ["1秒", "2秒"]


def test_a_number_s_thousands_are_apart_as_its_language_has_them() -> None:
    def written(code: str) -> str:
        with language.use(code):
            return number(1_234_567)

    assert [written(code) for code in LANGUAGES] == ["1,234,567", "1.234.567", "1,234,567"]
    assert number(999) == "999"


async def test_two_readers_at_once_each_keep_their_language() -> None:
    both_speak = asyncio.Barrier(len(LANGUAGES))

    async def reader(code: str) -> str:
        language.settle(code)
        await both_speak.wait()
        return _("Cancelled")

    said = await asyncio.gather(*(asyncio.create_task(reader(code)) for code in LANGUAGES))

    assert dict(zip(LANGUAGES, said, strict=True)) == CANCELLED
    assert language.language.get() == ENGLISH


async def test_a_refusal_in_a_shared_commit_is_in_the_language_of_who_asked(database: Database) -> None:
    def refuse(_tx: sqlite3.Connection) -> None:
        raise OrderRefused(_("The prompt is empty."), _("Shorten it and order again."), kind=FaultKind.PROMPT)

    async def asker(code: str) -> str:
        language.settle(code)
        with pytest.raises(Refusal) as refused:
            await database.write(refuse)
        return refused.value.sentence

    def read(_connection: sqlite3.Connection) -> str:
        return _("Cancelled")

    said = await asyncio.gather(*(asyncio.create_task(asker(code)) for code in LANGUAGES))

    assert said == [
        "The prompt is empty. Nothing was charged. Shorten it and order again.",
        "Der Prompt ist leer. Es wurde nichts berechnet. Kürze ihn und bestelle noch einmal.",
        "プロンプトが空です。料金はかかっていません。短くして、もう一度注文してください。",
    ]
    with language.use("ja"):
        assert await database.read(read) == CANCELLED["ja"]


def test_a_po_file_is_read_with_its_contexts_plurals_comments_and_escapes() -> None:
    po = (
        CZECH
        + """
# a translator's word
#: bot/somewhere.py
msgid "one\\tline of \\"two\\"\\n"
"and the other"
msgstr ""
"jeden\\tradek\\n"
"a druhy"

msgctxt "name"
msgid "open"
msgstr "otevrit"

msgid "open"
msgstr "otevreny"

msgid "{n} clip"
msgid_plural "{n} clips"
msgstr[2] "{n} klipů"
msgstr[1] "{n} klipy"
msgstr[0] "{n} klip"

#, python-brace-format, fuzzy
msgid "guessed"
msgstr "hadane"

msgid "not yet"
msgstr ""

#~ msgid "gone"
#~ msgstr "pryc"
"""
    )

    read = translations.read(po)

    assert read.gettext('one\tline of "two"\nand the other') == "jeden\tradek\na druhy"
    assert (read.pgettext("name", "open"), read.gettext("open")) == ("otevrit", "otevreny")
    said = [read.ngettext("{n} clip", "{n} clips", n).format(n=n) for n in (1, 3, 5)]
    assert said == ["1 klip", "3 klipy", "5 klipů"]
    assert [read.gettext(one) for one in ("guessed", "not yet", "gone")] == ["guessed", "not yet", "gone"]


@pytest.mark.parametrize(
    "line",
    [
        "msgid one",
        'msgid "one',
        'msgid "one" "two',
        'msgid "one" + "two"',
        'msgnote "one"',
        'msgstr[x] "one"',
        'msgstr[] "one"',
        "msgid 7",
        "one",
        'msgid "\\x"',
    ],
)
def test_a_line_that_is_no_entry_is_named_by_its_number(line: str) -> None:
    with pytest.raises(UnreadableEntry, match=r"^line 5: "):
        translations.read(f'{HEADER}\n{line}\nmsgstr "two"\n')


@pytest.mark.parametrize("start", ['msgstr "one"', '"one"', 'msgid_plural "one"'])
def test_a_file_that_does_not_begin_with_an_entry_is_refused(start: str) -> None:
    with pytest.raises(UnreadableEntry, match=r"^line 1: "):
        translations.read(start)


@given(
    st.dictionaries(
        st.builds(Key, context=st.sampled_from(["", "name"]), msgid=some_text, plural=text), some_text
    )
)
def test_what_the_tool_writes_is_read_back_as_it_was(said: dict[Key, str]) -> None:
    said = {key: one for key, one in said.items() if len([k for k in said if k[:2] == key[:2]]) == 1}
    old = {
        key: Entry(context=key.context, msgid=key.msgid, plural=key.plural, texts={0: one, 1: one})
        for key, one in said.items()
    }

    po = written(translations.entries(CZECH)[0], {key: {"here"} for key in said}, old, forms=2)
    read: NullTranslations = translations.read(po)

    for key, one in said.items():
        if key.context and key.plural:
            assert read.npgettext(key.context, key.msgid, key.plural, 1) == one
        elif key.context:
            assert read.pgettext(key.context, key.msgid) == one
        elif key.plural:
            assert read.ngettext(key.msgid, key.plural, 1) == one
        else:
            assert read.gettext(key.msgid) == one
