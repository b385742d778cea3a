"""What members read about their data: a text that the settings make true, with the operator's own words.

The text is in `bot/privacy/policies/`, one file for each language; what the operator says of themselves,
where they are reached and whatever their law asks for stands in a file of theirs.
"""

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path

from bot.domain import STUDIO
from bot.errors import SettingsError
from bot.language import _, language, ngettext
from bot.settings import Settings

WORDS_CHARS_MAX = 1_200
"""Of the operator's own words: with ours they stand on one screen of 4,000."""


def operators_words(path: Path | None) -> str | None:
    """Who runs this and how they are reached, in their own words; None where they have not said it.

    Raises:
        SettingsError: the file cannot be read, or says too much.
    """
    if path is None:
        return None
    try:
        text = path.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no text in UTF-8"
        raise SettingsError(f"DAILIES_POLICY_FILE: {path} cannot be read ({why})") from fault
    if len(text) > WORDS_CHARS_MAX:
        raise SettingsError(
            f"DAILIES_POLICY_FILE: {path} has {len(text)} characters; at most {WORDS_CHARS_MAX} are shown: "
            "say who you are and how you are reached, and link to the rest"
        )
    return text or None


def policy(config: Settings, providers: Collection[str], words: str | None) -> str:
    """The policy in the language of the moment, as it holds with these settings."""
    source = resources.files("bot.privacy") / "policies" / f"{language.get()}.md"
    others = sorted(name for name in providers if name != STUDIO)
    return (
        source.read_text("utf-8")
        .strip()
        .format(
            operator=words
            or _("Who runs this bot has not said who they are: ask those who manage this server."),
            prompts=_prompts(config),
            pictures=ngettext(
                "Pictures that you attach are kept for {n} day.",
                "Pictures that you attach are kept for {n} days.",
                config.pictures_keep_days,
            ).format(n=config.pictures_keep_days),
            clips=_clips(config),
            texts=ngettext(
                "Words of reports, appeals and decisions are kept for {n} day.",
                "Words of reports, appeals and decisions are kept for {n} days.",
                config.texts_keep_days,
            ).format(n=config.texts_keep_days),
            backups=ngettext(
                "What is erased is gone from all backups after {n} day.",
                "What is erased is gone from all backups after {n} days.",
                config.backup_days,
            ).format(n=config.backup_days),
            providers=_where_to(others, config),
        )
    )


def _where_to(others: Sequence[str], config: Settings) -> str:
    makers = f"{', '.join(others)}." if others else _("this machine itself draws them.")
    if not config.moderation_api_key:
        return makers
    return makers + " " + _("OpenAI looks at them for what is forbidden.")


def _prompts(config: Settings) -> str:
    if config.prompts_keep_days is None:
        return _("Prompts are kept as long as their clips, and for 30 days where there is none.")
    return ngettext(
        "Prompts are kept for {n} day after the order has ended.",
        "Prompts are kept for {n} days after the order has ended.",
        config.prompts_keep_days,
    ).format(n=config.prompts_keep_days)


def _clips(config: Settings) -> str:
    if config.clips_keep_days is None:
        return _("Clips are kept until you delete them.")
    return ngettext(
        "Our copies of clips are kept for {n} day.",
        "Our copies of clips are kept for {n} days.",
        config.clips_keep_days,
    ).format(n=config.clips_keep_days)
