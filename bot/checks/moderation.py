"""Whether OpenAI's moderation endpoint takes our key and judges: one word is asked about, which is free."""

from yarl import URL

from bot.checks.finding import Finding, error, warning
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.screening.openai import request, scores_in
from bot.settings import Settings

_THEN = "prompts go to moderators or are refused until then"


async def moderation(config: Settings) -> list[Finding]:
    """Ask about one word, where there is a key for that."""
    if config.moderation_api_key is None:
        return []
    url = URL(config.moderation_base_url.rstrip("/")) / "moderations"
    headers = {
        "Authorization": f"Bearer {config.moderation_api_key.get_secret_value()}",
        "Content-Type": "application/json",
    }
    async with http.pooled_session(http.Timeouts(ask_s=10)) as session:
        try:
            answered = await http.call(session, "POST", url, headers=headers, raw=request("a boat", None))
            if answered.status in (401, 403):
                return [_refused(answered.status)]
            _check_judged(answered)
        except (ProviderUnavailable, UnreadableAnswer) as silence:
            return [
                warning(
                    "moderation_unreachable",
                    f"the moderation endpoint at {url.host} gives no answer: {silence}; {_THEN}",
                    f"curl -sI {url.origin()}  # from this machine: DNS, firewall, proxy",
                )
            ]
    return []


def _check_judged(answered: http.Answered) -> None:
    if not answered.ok:
        raise UnreadableAnswer("moderation", f"{answered.status}: {answered.text}")
    scores_in(answered)


def _refused(status: int) -> Finding:
    return error(
        "moderation_key_refused",
        f"OpenAI refuses the key in DAILIES_MODERATION_API_KEY ({status}); {_THEN}",
        "DAILIES_MODERATION_API_KEY=… in .env, a new key from platform.openai.com/api-keys",
    )
