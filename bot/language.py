"""The language that the reader of a sentence reads: looked up where the sentence is made.

Sentences are English in the code, and `_` answers in the language of the moment: of the person who pressed
or typed (the Discord side sets it from the interaction), or of the community (around a post in a channel:
`with language.use(guild_locale): …`). Each task has its own, so two readers at once do not mix. Outside all
of that, in logs and in the shell, it is English.

What is kept in a row is a code, never a sentence: it is put into words when it is shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from importlib import resources
from typing import Final

from bot import translations

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "ja")  # English is the source; the others are in `bot/locales/`

NAME: Final = "name"
"""gettext's context of the names of commands and options."""

language: Final[ContextVar[str]] = ContextVar("language", default=ENGLISH)


def _catalogue_of(code: str) -> NullTranslations:
    if code == ENGLISH:
        return NullTranslations()
    source = resources.files("bot") / "locales" / code / "LC_MESSAGES" / "dailies.po"
    return translations.read(source.read_text(encoding="utf-8"))


# Read once, when the program starts: a broken file stops it then, and not in front of a member.
_CATALOGUES: Final = {code: _catalogue_of(code) for code in LANGUAGES}


def closest(locale: str | None) -> str:
    """Which of our languages serves a locale of Discord's (`de`, `ja`, `en-GB`, …); English where none does.

    https://docs.discord.com/developers/reference#locales
    """
    code = (locale or ENGLISH).partition("-")[0].lower()
    return code if code in LANGUAGES else ENGLISH


@contextmanager
def use(locale: str | None) -> Iterator[None]:
    """Speak the language of a locale (Discord's names) inside the `with`."""
    before = language.set(closest(locale))
    try:
        yield
    finally:
        language.reset(before)


def settle(locale: str | None) -> None:
    """Speak the language of a locale for the rest of this task: the answer to one person."""
    language.set(closest(locale))


def _(text: str) -> str:
    """A sentence of ours in the language of the moment; English where it is not translated."""
    # gettext keeps its header under the empty string; nothing of ours is meant by it.
    return _CATALOGUES[language.get()].gettext(text) if text else ""


def named(name: str) -> str:
    """The name of a command or of one of its options: words with rules of Discord's own, kept apart."""
    return _CATALOGUES[language.get()].pgettext(NAME, name)


def later(text: str) -> str:
    """Mark a sentence that stands in a constant: whoever shows it says `_(…)` of it then."""
    return text


def number(n: int) -> str:
    """A whole number in a sentence, its thousands apart as the language of the moment has them."""
    grouped = f"{n:,}"
    return grouped.replace(",", ".") if language.get() == "de" else grouped


def ngettext(one: str, many: str, n: int) -> str:
    """The form for `n` things, by the language's own rule; the caller still fills in `{n}`."""
    return _CATALOGUES[language.get()].ngettext(one, many, n)
