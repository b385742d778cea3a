"""Whether each provider takes our key: the cheapest call that needs one. Nothing is ordered by it.

| provider    | the call                              | why this one                                      |
|-------------|---------------------------------------|---------------------------------------------------|
| `fal`       | `GET /v1/models/pricing?endpoint_id=` | models are listed for all, prices are not         |
| `openai`    | `GET /models`                         |                                                   |
| `replicate` | `GET /webhooks/default/secret`        | what a webhook is verified by                     |
| `lumenfall` | `GET /v1/webhooks/secret`             | the same                                          |
| `prodia`    | the state of a job that is not there  | 404 with a right key, 401 with a wrong one        |
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from bot.checks.finding import Finding, error, warning
from bot.errors import ProviderUnavailable
from bot.offers import keys as given
from bot.offers.keys import FAL, LUMENFALL, OPENAI, OPENAI_URL, PRODIA, REPLICATE
from bot.providers import fal_addresses, http, lumenfall, prodia, replicate
from bot.providers.endpoints import LIST_BYTES_MAX
from bot.settings import Settings

NO_JOB = "00000000-0000-0000-0000-000000000000"

_NO_CREDIT = re.compile(r"exhausted balance|insufficient[_ ](?:quota|balance|credit)", re.IGNORECASE)

ADDRESSES: Mapping[str, str] = {
    FAL: fal_addresses.Hosts().platform,
    REPLICATE: replicate.BASE_URL,
    LUMENFALL: lumenfall.ACCOUNT_URL,
    PRODIA: prodia.BASE_URL,
}

SETTINGS = {
    FAL: "DAILIES_FAL_KEY",
    OPENAI: "DAILIES_OPENAI_API_KEY",
    REPLICATE: "DAILIES_REPLICATE_API_TOKEN",
    LUMENFALL: "DAILIES_LUMENFALL_API_KEY",
    PRODIA: "DAILIES_PRODIA_TOKEN",
}
"""Where each provider's key stands."""

_MADE_AT = {
    FAL: "fal.ai/dashboard/keys",
    OPENAI: "platform.openai.com/api-keys",
    REPLICATE: "replicate.com/account/api-tokens",
    LUMENFALL: "lumenfall.ai/app",
    PRODIA: "app.prodia.com/api",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One call. `absent_is_fine` where a right key is answered with 404."""

    provider: str
    url: URL
    headers: Mapping[str, str] = field(repr=False)
    absent_is_fine: bool = False


def probes(
    config: Settings, *, fal_endpoint: str | None = None, addresses: Mapping[str, str] = ADDRESSES
) -> Iterator[Probe]:
    """The calls for the keys of these settings.

    `fal_endpoint` is one of fal's whose price can be asked for; `addresses` are those of the APIs, by name.
    """
    for name, key in given.keys(config).items():
        headers = {"Accept": "application/json", "Authorization": f"Bearer {key}"}
        if name == OPENAI:
            base = config.openai_base_url or OPENAI_URL
            yield Probe(
                provider=name, url=URL(base.rstrip("/")) / "models", headers=headers if key else _NO_HEADERS
            )
            continue
        base_url = URL(addresses[name])
        match name:
            case "fal":
                url = (base_url / "models" / "pricing").with_query(endpoint_id=fal_endpoint or "")
                yield Probe(provider=name, url=url, headers=headers | {"Authorization": f"Key {key}"})
            case "replicate":
                yield Probe(provider=name, url=base_url / "webhooks" / "default" / "secret", headers=headers)
            case "lumenfall":
                yield Probe(provider=name, url=base_url / "webhooks" / "secret", headers=headers)
            case _:
                url = base_url / "job" / "async" / NO_JOB / "job.state.current"
                yield Probe(provider=name, url=url, headers=headers, absent_is_fine=True)


_NO_HEADERS = {"Accept": "application/json"}


async def keys(calls: Iterable[Probe], *, timeouts: http.Timeouts | None = None) -> list[Finding]:
    """Make the calls, all at once, and say what is wrong with which key."""
    session = http.pooled_session(timeouts or http.Timeouts(ask_s=10))
    async with session:
        found = await asyncio.gather(*(_asked(session, call) for call in calls))
    return [finding for finding in found if finding is not None]


async def _asked(session: aiohttp.ClientSession, call: Probe) -> Finding | None:
    name = call.provider
    try:
        answered = await http.call(session, "GET", call.url, headers=call.headers, bytes_max=LIST_BYTES_MAX)
    except ProviderUnavailable as silence:
        return warning(
            "provider_unreachable",
            f"{name} at {call.url.host} does not answer: {silence}",
            f"curl -sI {call.url.origin()}  # from this machine: DNS, firewall, proxy",
        )
    return judged(call, answered)


def judged(call: Probe, answered: http.Answered) -> Finding | None:
    """What an answer says of the key; None where it is right."""
    name, status = call.provider, answered.status
    setting = SETTINGS[name]
    if status == 402 or (status in (403, 429) and _NO_CREDIT.search(answered.text)):
        return error(
            "provider_out_of_credit", f"{name} takes the key, and its account is out of credit", "top it up"
        )
    if status in (401, 403, 407):
        return error(
            "key_refused",
            f"{name} refuses the key in {setting} ({status})",
            f"{setting}=… in .env, a new key from {_MADE_AT[name]}",
        )
    if status == 429:
        return warning("provider_busy", f"{name} says that this key is used too often (429)", "look later")
    if answered.ok and answered.body is None:
        return warning(
            "provider_not_itself",
            f"{call.url.host} answers with something that is no JSON: a proxy or a portal is in between",
            f"curl -s {call.url.origin()} | head",
        )
    if not answered.ok and not (call.absent_is_fine and status == 404):
        return warning("provider_unreachable", f"{name} answers with {status}: {answered.text}", "look later")
    return None
