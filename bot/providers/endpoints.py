"""What providers say now of the endpoints that we offer: whether they have them, and until when.

| protocol    | the call                                     | what it says                               |
|-------------|----------------------------------------------|--------------------------------------------|
| `fal`       | `GET /v1/models?endpoint_id=…`               | `metadata.status`: `active`, `deprecated`  |
| `openai`    | `GET /models`                                | `shutdown_date`, a day or null             |
| `lumenfall` | the same, below `/openai/v1`                 | its slugs                                  |
| `replicate` | `GET /models/{owner}/{name}`, `…/versions/…` | 404 where it is gone; nothing of an end    |
|             |                                              | to come                                    |
| `prodia`    | none                                         |                                            |

(openai/openai-openapi @f85dbe2, `Model`; fal's platform API v1; Replicate's OpenAPI 1.0.0-a1;
docs.lumenfall.ai.)
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

import aiohttp
from yarl import URL

from bot.domain import Micros, OfferId, Order
from bot.errors import UnreadableAnswer
from bot.providers import http

LIST_BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint, as its provider describes it now.

    `exists` is None where its absence proves nothing: a server of one's own need not list what it serves.
    `retires_on` is a day of UTC.
    """

    exists: bool | None
    deprecated: bool = False
    retires_on: date | None = None


@runtime_checkable
class Described(Protocol):
    """A provider that can be asked about its endpoints."""

    async def endpoint(self, name: str) -> Endpoint:
        """What it says of one.

        Raises:
            ProviderUnavailable, UnreadableAnswer: nothing that could be believed.
        """


@runtime_checkable
class Quoting(Protocol):
    """A provider that can be asked for a price, without ordering anything."""

    quotes_resolutions: bool
    """Whether the price is of the resolution that is asked for, or one for them all."""

    async def quote(self, order: Order, offer_id: OfferId) -> Micros:
        """What it says now that an order would cost.

        Raises:
            ProviderUnavailable, UnreadableAnswer: no price, or none that can be compared.
        """


async def model_list(session: aiohttp.ClientSession, url: URL, headers: dict[str, str]) -> http.Answered:
    """The answer of a `GET /models`, which may be long."""
    return await http.call(session, "GET", url, headers=headers, bytes_max=LIST_BYTES_MAX)


def models_in(answered: http.Answered, protocol: str) -> dict[str, date | None]:
    """The models of a list in OpenAI's shape, with the day on which each ends.

    Raises:
        UnreadableAnswer: no such list, an empty one, or a day that is none.
    """
    match answered.body:
        case {"data": [_, *_] as models}:
            return dict(_model(model, protocol) for model in models)
        case _:
            raise UnreadableAnswer(protocol, f"no list of models: {answered.text}")


def _model(model: object, protocol: str) -> tuple[str, date | None]:
    match model:
        case {"id": str(name), **rest}:
            said = rest.get("shutdown_date")
        case _:
            raise UnreadableAnswer(protocol, "a model without an id in the list")
    if said is None:
        return name, None
    try:
        return name, date.fromisoformat(str(said))
    except ValueError as wrong:
        raise UnreadableAnswer(protocol, f"{name} has a shutdown_date that is no day") from wrong
