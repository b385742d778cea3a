"""The bot's account at Discord: its token, the clock, what the portal says of it, the gateway."""

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.checks.clock import clock
from bot.checks.discord_api import Application, Discord, Gateway, User
from bot.checks.finding import Finding, error, note, warning
from bot.errors import ProviderUnavailable
from bot.providers import http

PORTAL = "discord.com/developers/applications"

STARTS_LOW = 50
"""Of the thousand a day: when they are used up Discord resets the token (docs: events/gateway)."""

PRIVILEGED = {
    "Presence": 1 << 12 | 1 << 13,
    "Server Members": 1 << 14 | 1 << 15,
    "Message Content": 1 << 18 | 1 << 19,
}
"""The flags of an application that has these intents, for a few servers or for many."""

SCOPES = {"bot", "applications.commands"}


async def account(
    discord: Discord, *, gateway_url: str, now: Callable[[], datetime]
) -> tuple[User | None, list[Finding]]:
    """Who the bot is, None where Discord does not say, and what is wrong."""
    try:
        answered = await discord.get("users/@me")
    except ProviderUnavailable as silence:
        mend = "curl -sI https://discord.com  # from this machine: DNS, firewall, DAILIES_DISCORD_API_URL"
        return None, [error("discord_unreachable", f"Discord does not answer: {silence}", mend)]
    found = list(clock(answered.headers.get("Date"), now()))
    if answered.status == 401:
        mend = f"{PORTAL}, Bot, Reset Token; then DAILIES_DISCORD_TOKEN=… in .env"
        return None, [*found, error("token_refused", "Discord does not take the token (401)", mend)]
    try:
        user = User.model_validate(_good(answered))
        application = Application.model_validate(_good(await discord.get("applications/@me")))
        gateway = Gateway.model_validate(_good(await discord.get("gateway/bot")))
    except (ProviderUnavailable, ValueError) as odd:  # what pydantic says is one, too
        words = f"Discord's answer cannot be read: {http.one_line(odd)}"
        return None, [*found, warning("discord_unreadable", words, "look later; DAILIES_DISCORD_API_URL")]
    found += [*portal(application), *starts(gateway)]
    if not await discord.greets(gateway_url):
        found.append(
            error(
                "gateway_unreachable",
                f"the gateway at {gateway_url} does not say hello",
                "let WebSockets (port 443) out; look at DAILIES_DISCORD_GATEWAY_URL",
            )
        )
    return user, found


def portal(application: Application) -> Iterator[Finding]:
    """What the developer portal should say otherwise."""
    if application.interactions_endpoint_url:
        yield error(
            "interactions_elsewhere",
            "the portal has an Interactions Endpoint URL: commands and buttons go there and not to the bot",
            f"{PORTAL}/{application.id}/information, empty that field",
        )
    if application.bot_require_code_grant:
        yield error(
            "code_grant_required",
            "the portal requires a code grant: the invite link does not add the bot",
            f"{PORTAL}/{application.id}/bot, switch Requires OAuth2 Code Grant off",
        )
    ways = application.integration_types_config
    if ways is not None:
        yield from _installing(application.id, ways.get("0"), is_there="0" in ways)
    more = [name for name, bits in PRIVILEGED.items() if application.flags & bits]
    if more:
        yield note(
            "intents_unneeded",
            f"the portal gives the bot the intents {', '.join(more)}, which Dailies never asks for",
            f"{PORTAL}/{application.id}/bot, switch them off",
        )


def _installing(application_id: int, way: object, *, is_there: bool) -> Iterator[Finding]:
    mend = f"{PORTAL}/{application_id}/installation, Guild Install with bot and applications.commands"
    if not is_there:
        yield error("install_scopes", "the portal does not let servers install the bot", mend)
        return
    params = getattr(way, "oauth2_install_params", None)
    if params is not None and (lacking := SCOPES - set(params.scopes)):
        words = f"the portal's own install link lacks {' and '.join(sorted(lacking))}"
        yield warning("install_scopes", words, mend)


def starts(gateway: Gateway) -> Iterator[Finding]:
    """How many sessions are left, and whether one connection is still enough."""
    limit = gateway.session_start_limit
    if limit.remaining <= STARTS_LOW:
        yield warning(
            "identifies_low",
            f"{limit.remaining} of {limit.total} sessions may still be started within "
            f"{limit.reset_after // 3_600_000 + 1} h; at 0 Discord resets the token",
            "leave it running: find out what restarts it before it is started again",
        )
    if gateway.shards > 1:
        yield warning(
            "shards_wanted",
            f"Discord recommends {gateway.shards} shards for so many servers, and Dailies runs one",
            "leave servers that are not admitted; past 2,500 Discord turns one shard away",
        )


def _good(answered: http.Answered) -> object:
    if not answered.ok:
        raise ValueError(f"{answered.status}: {answered.text}")
    return answered.body
