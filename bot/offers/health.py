"""How each offer and each provider's account is doing, by how our submissions ended."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain import OfferId
from bot.offers.breaker import Breaker, Circuit, Temper
from bot.offers.reach import provider_of
from bot.operating.notices import Operator

log = logging.getLogger(__name__)

OFFER = Temper(failures_max=5, first_s=10.0, most_s=300.0)
ACCOUNT = Temper(failures_max=1, first_s=60.0, most_s=600.0)
"""An account does not get better by itself: the operator has to act, and is told at the first failure."""

WAIT_MAX_S = 3_600.0
"""A provider that asks for more time than this is asked again all the same."""

STOPS = {
    "provider_out_of_credit": "{provider} takes no more orders: its account is out of credit. "
    "Nothing is lost: top it up, and Dailies goes on by itself within ten minutes.",
    "provider_key_refused": "{provider} refuses our key. Nothing is lost: set a key that is right and start "
    "Dailies again, or let the provider unlock it, and Dailies goes on by itself within ten minutes.",
}
"""What the code of a fault says about the whole account, for the operator."""


class Fitness(StrEnum):
    """Whether an offer should be ordered now."""

    READY = "ready"
    RESTING = "resting"
    STOPPED = "stopped"
    HALTED = "stopped by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an offer, or a whole provider, stands; `why` is the code of its last failure."""

    name: str
    circuit: Circuit
    again_s: float
    why: str


class Health:
    """The breakers of all offers and accounts, in memory: a new process begins with all of them closed.

    Args:
        operator: told when a provider's account stops, once, and when it goes on.
        clock: seconds of a steady clock.
        halted: whether the operator has stopped an offer.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        clock: Callable[[], float],
        halted: Callable[[OfferId], bool] = lambda _offer_id: False,
    ) -> None:
        self._operator = operator
        self._clock = clock
        self._halted = halted
        self._offers: dict[OfferId, Breaker] = {}
        self._accounts: dict[str, Breaker] = {}
        self._why: dict[str, str] = {}

    def fitness(self, offer_id: OfferId) -> Fitness:
        """Whether an offer should be ordered.

        One that rests will be tried again soon (one whose probe is due rests); one that is stopped waits for
        the operator.
        """
        if self._halted(offer_id):
            return Fitness.HALTED
        now = self._clock()
        account, offer = self._accounts.get(provider_of(offer_id)), self._offers.get(offer_id)
        if account is not None and not account.admits(now):
            return Fitness.STOPPED
        closed = all(
            breaker is None or breaker.circuit(now) is Circuit.CLOSED for breaker in (account, offer)
        )
        return Fitness.READY if closed else Fitness.RESTING

    def admits(self, offer_id: OfferId) -> bool:
        """Whether a submission may go there now."""
        now = self._clock()
        return not self._halted(offer_id) and all(breaker.admits(now) for breaker in self._of(offer_id))

    def again_s(self, offer_id: OfferId) -> float:
        """How long until a submission may go there, so far as is known."""
        now = self._clock()
        return max(breaker.again_s(now) for breaker in self._of(offer_id))

    def stopped_by(self, offer_id: OfferId) -> str | None:
        """The code of what stopped the offer's account; None while it goes."""
        provider = provider_of(offer_id)
        account = self._accounts.get(provider)
        if account is None or account.circuit(self._clock()) is Circuit.CLOSED:
            return None
        return self._why.get(provider)

    def begin(self, offer_id: OfferId) -> None:
        """A submission goes there."""
        now = self._clock()
        for breaker in self._of(offer_id):
            breaker.begin(now)

    def answered(self, offer_id: OfferId) -> None:
        """The provider took it, or refused this one order: it works."""
        now = self._clock()
        offer, account = self._of(offer_id)
        if offer.worked(now):
            log.warning("%s works again", offer_id, extra={"code": "offer_works_again"})
        if account.worked(now):
            provider = provider_of(offer_id)
            self._operator.tell("provider_goes_on", f"{provider} takes orders again.")

    def failed(self, offer_id: OfferId, code: str, *, wait_s: float = 0.0) -> None:
        """The provider did not take it for no fault of the order, or nobody knows."""
        now = self._clock()
        offer, account = self._of(offer_id)
        if code in STOPS:
            provider = provider_of(offer_id)
            self._why[provider] = code
            offer.abandoned()
            if account.trip(now):
                self._operator.tell(code, STOPS[code].format(provider=provider))
            return
        self._why[offer_id] = code
        account.abandoned()
        if offer.failed(now, wait_s=min(wait_s, WAIT_MAX_S)):
            log.warning(
                "%s is left alone for %.0f s", offer_id, offer.again_s(now), extra={"code": "offer_rests"}
            )

    def came_back(self, offer_id: OfferId) -> None:
        """A submission ended before anybody was asked: if it was a probe, another may go."""
        for breaker in self._of(offer_id):
            breaker.abandoned()

    def suspect(self, offer_id: OfferId, code: str) -> None:
        """A process before this one was turned away with this code: one probe may go, the rest wait for it.

        The operator was told then.
        """
        now = self._clock()
        if code in STOPS:
            self._why[provider_of(offer_id)] = code
            self._of(offer_id)[1].suspect(now)

    def standings(self) -> Iterator[Standing]:
        """Every offer and account that is not closed, accounts first."""
        now = self._clock()
        for name, breaker in [*self._accounts.items(), *self._offers.items()]:
            if (circuit := breaker.circuit(now)) is not Circuit.CLOSED:
                yield Standing(
                    name=name, circuit=circuit, again_s=breaker.again_s(now), why=self._why.get(name, "")
                )

    def _of(self, offer_id: OfferId) -> tuple[Breaker, Breaker]:
        offer = self._offers.setdefault(offer_id, Breaker(OFFER))
        return offer, self._accounts.setdefault(provider_of(offer_id), Breaker(ACCOUNT))
