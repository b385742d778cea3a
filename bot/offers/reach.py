"""Which provider has a job, and whether we can speak to it."""

from collections.abc import Mapping

from bot.domain import Job, OfferId
from bot.errors import ProviderUnavailable
from bot.providers.protocol import Provider


def provider_of(offer_id: OfferId) -> str:
    """The name of an offer's provider."""
    return offer_id.partition("/")[0]


def reached(providers: Mapping[str, Provider], job: Job) -> Provider:
    """The provider that has the job.

    Raises:
        ProviderUnavailable: the operator has taken its key away, and may put it back.
    """
    return reached_by_name(providers, job.quote.provider)


def reached_by_name(providers: Mapping[str, Provider], name: str) -> Provider:
    """The same for a job of which no more is known than who has it.

    Raises:
        ProviderUnavailable: as `reached`.
    """
    provider = providers.get(name)
    if provider is None:
        raise ProviderUnavailable(f"no key is set for the provider {name!r}, which has this job")
    return provider
