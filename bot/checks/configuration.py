"""What the settings say, beyond each being well formed."""

from collections.abc import Iterator

from bot.checks.finding import Finding, error, note, warning
from bot.domain import STUDIO
from bot.errors import SettingsError
from bot.offers.key_shapes import odd_keys
from bot.offers.keys import names
from bot.settings import Settings, keys, token


def unusable(wrong: SettingsError) -> Iterator[Finding]:
    """One for each line of what kept the settings from being read."""
    for line in str(wrong).splitlines():
        name = line.split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0]
        if "is no setting" in line:
            near = line.partition("did you mean ")[2].removesuffix("?")
            mend = f"write {near} in its place, or take it out" if near else "take it out"
        else:
            mend = f"write {name} as .env.example shows it" if name.isupper() else "look at .env.example"
        yield error("setting_wrong", line, mend)


def settings(config: Settings) -> Iterator[Finding]:
    """What is missing, or of no use as it stands."""
    try:
        token(config)
    except SettingsError as wrong:
        code = "token_missing" if config.discord_token is None else "token_wrong"
        yield error(code, str(wrong), "DAILIES_DISCORD_TOKEN=… in .env, from the developer portal, Bot")
    for line in odd_keys(keys(config)):
        yield warning(
            "key_odd", line, "copy it again, whole; python -m bot check --online asks whether it is taken"
        )
    paid = names(config) != {STUDIO}
    if paid and config.installation_monthly_usd is None:
        yield error(
            "no_spending_limit",
            "DAILIES_INSTALLATION_MONTHLY_USD is not set: nothing that costs money is sold",
            "DAILIES_INSTALLATION_MONTHLY_USD=100 in .env, the most that may be spent in a month",
        )
    if paid and config.dry_run:
        yield note("dry_run", "DAILIES_DRY_RUN is on: no order reaches a provider", "take it out of .env")
    if config.operator_channel_id is None and paid:
        yield warning(
            "operator_not_told",
            "DAILIES_OPERATOR_CHANNEL_ID is not set: an empty purse or a stop is said in the log alone",
            "DAILIES_OPERATOR_CHANNEL_ID=<a channel's id> in .env",
        )
