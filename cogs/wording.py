"""The commands in every language of ours, as Discord's picker shows them: names, descriptions, choices.

discord.py asks for each text and each of Discord's locales when the commands are registered. A name is
looked up apart from sentences, since it has rules of its own: lower case, no spaces, 32 characters
(https://docs.discord.com/developers/interactions/application-commands#application-command-object).
"""

from collections.abc import Callable

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str

from bot import language
from bot.language import ENGLISH, _, named

_NAMES = frozenset(
    {
        TranslationContextLocation.command_name,
        TranslationContextLocation.group_name,
        TranslationContextLocation.parameter_name,
    }
)
_SAY = "say"

_ENGLISH = frozenset(locale for locale in Locale if language.closest(locale.value) == ENGLISH)
"""Those of Discord's locales, 31 of 34, that read English of us."""


def said_as(say: Callable[[], str]) -> locale_str:
    """A text for Discord's picker that is made anew in each language, since it has a number in it."""
    with language.use(ENGLISH):
        return locale_str(say(), **{_SAY: say})


def is_name(context: TranslationContextTypes) -> bool:
    """Whether a text is the name of a command, a group or an option."""
    return context.location in _NAMES


class Wording(app_commands.Translator):
    """discord.py's way to our catalogues."""

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        """What a reader of that locale is shown; None where it is the same as in English."""
        if locale in _ENGLISH:  # for each text
            return None
        with language.use(locale.value):
            if is_name(context):
                text = named(string.message)
            elif (say := string.extras.get(_SAY)) is not None:
                text = say()
            else:
                text = _(string.message)
        return None if text == string.message else text
