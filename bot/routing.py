"""Which offer takes a job: of those that are well the operator's first, then the cheapest, within the quote.

A job that was certainly not taken by one offer goes to the next one as a new attempt. One that has a ticket
never moves, and one whose source or characters are kept by a provider stays there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.catalogue import Catalogue
from bot.domain import FaultKind, Job, JobId, JobState, Micros, OfferId, Order
from bot.jobs.patience import QUEUED_MAX
from bot.offers.health import STOPS, Health
from bot.offers.reach import provider_of
from bot.offers.rows import Offer
from bot.offers.throttle import Throttle
from bot.operating.notices import Operator
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown
from storage.attempts import Left

STOPPED_MAX = timedelta(minutes=10)
"""So long a job waits for the operator where every offer that could take it is stopped."""

AT_LEAST_S = 2.0
"""Between two looks at a job that nobody takes now: a probe that is out needs about so long."""

MODEL_GONE = "model_gone"
"""The code of a refusal that says that the provider no longer has the model at all: another may have it."""

OFFER_CHANGED = "offer_changed"


@dataclass(frozen=True, slots=True)
class Go:
    """Submit it there; it costs that, which is at most what was quoted."""

    offer: Offer
    price_micros: Micros


@dataclass(frozen=True, slots=True)
class Later:
    """Nobody takes it now; look again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nobody will take it at its price; `code` says why."""

    code: str


class Routing:
    """Sends each job on its way, and is told how that ended."""

    def __init__(self, catalogue: Catalogue, health: Health, throttle: Throttle, operator: Operator) -> None:
        self._catalogue = catalogue
        self._health = health
        self._throttle = throttle
        self._operator = operator
        self._freed: dict[JobId, None] = {}

    def rebuild(self, left: Iterable[Left]) -> None:
        """At start-up: who has a place, and which accounts were stopped (one probe goes there)."""
        for job in left:
            if job.state is not JobState.QUEUED:
                self.has_it(job.job_id, job.offer_id)
            elif (code := job.detail.partition(":")[0]) in STOPS:
                self._health.suspect(job.offer_id, code)

    def route(
        self, job: Job, tried: Mapping[OfferId, int], *, source_bytes: int, waited: timedelta
    ) -> Go | Later | Nowhere:
        """Where a queued job goes now. After `Go` its end has to be told, with `ended` or `withdrawn`.

        Args:
            job: as its row is.
            tried: how often each offer has turned it down; where it was turned down least is tried first.
            source_bytes: the size of the file that it starts from.
            waited: for how long it has been wanted.
        """
        takers = self._takers(job, source_bytes)
        if not takers:
            return Nowhere(self._why_nobody(job))
        if waited > QUEUED_MAX:
            return Nowhere("queued_too_long")
        admitting = [offer for offer in takers if self._health.admits(offer.id)]
        if not admitting:
            stops = [self._health.stopped_by(offer.id) for offer in takers]
            if stops[0] is not None and None not in stops and waited > STOPPED_MAX:
                return Nowhere(stops[0])
            return Later(max(AT_LEAST_S, min(self._health.again_s(offer.id) for offer in takers)))
        waits: list[float] = []
        for offer in sorted(admitting, key=lambda each: tried.get(each.id, 0)):
            provider = offer.row.provider
            if wait_s := self._throttle.enter(provider, job.id):
                waits.append(wait_s)
                continue
            self._note_freed(self._throttle.leave(job.id, but=provider))
            self._health.begin(offer.id)
            return Go(offer, _price(offer, job.order))
        return Later(min(waits))

    def is_untried_elsewhere(self, job: Job, tried: Mapping[OfferId, int], *, source_bytes: int) -> bool:
        """Whether some offer that has never turned it down could take it, now or soon."""
        return any(
            not tried.get(offer.id) and self._health.stopped_by(offer.id) is None
            for offer in self._takers(job, source_bytes)
        )

    def ended(self, job_id: JobId, offer: Offer, submission: Submission) -> None:
        """What a submission proved of the offer; a job that was certainly not taken gives its place up."""
        match submission:
            case Taken():
                self._health.answered(offer.id)
                return
            case Refused(fault) if fault.kind is FaultKind.OURS or fault.code == OFFER_CHANGED:
                self._health.came_back(offer.id)  # nobody was asked
            case Refused(fault):
                self._health.answered(offer.id)
                if fault.code == MODEL_GONE and self._catalogue.closed_because(offer) is None:
                    self._catalogue.gone(offer.id)
                    gone = f"{offer.row.provider} no longer has {offer.row.endpoint}"
                    self._operator.tell("offer_gone", f"{gone}: {offer.id} is not sold any more.")
            case NotTaken(fault, retry_after_s):
                self._health.failed(offer.id, fault.code, wait_s=retry_after_s or 0.0)
            case Unknown():
                self._health.failed(offer.id, "outcome_unknown")
                return  # the provider may have it
        self.left(job_id)

    def withdrawn(self, job_id: JobId, offer: Offer) -> None:
        """It was not submitted after all."""
        self._health.came_back(offer.id)
        self.left(job_id)

    def has_it(self, job_id: JobId, offer_id: OfferId) -> None:
        """A provider has this job, which was not known of it."""
        self._throttle.inside(provider_of(offer_id), job_id)

    def left(self, job_id: JobId) -> None:
        """The job is at no provider any more, and wants to go to none: its place is free."""
        self._freed.pop(job_id, None)
        self._note_freed(self._throttle.leave(job_id))

    def freed(self) -> list[JobId]:
        """The jobs for which there is a place since the last time that this was asked."""
        freed, self._freed = list(self._freed), {}
        return freed

    def _takers(self, job: Job, source_bytes: int) -> list[Offer]:
        return takers_at_its_price(self._catalogue, job, source_bytes=source_bytes)

    def _why_nobody(self, job: Job) -> str:
        offer = self._catalogue.offer(job.quote.offer_id)
        if offer is None or self._catalogue.closed_because(offer) is not None:
            return "offer_gone"
        price = offer.per_second_micros.get(job.order.resolution)
        return "offer_dearer" if price is not None and price > job.quote.per_second_micros else "offer_gone"

    def _note_freed(self, job_ids: Iterable[JobId]) -> None:
        self._freed.update(dict.fromkeys(job_ids))


def takers_at_its_price(catalogue: Catalogue, job: Job, *, source_bytes: int = 0) -> list[Offer]:
    """The offers that are open now, can take a job and cost no more than was quoted."""
    source = job.order.source
    bound = job.order.characters or (source is not None and source.provider_video_id is not None)
    offers = catalogue.takers(
        job.order,
        only_at=job.quote.provider if bound else None,
        source_bytes=source_bytes,
    )
    return [offer for offer in offers if _price(offer, job.order) <= job.quote.price_micros]


def _price(offer: Offer, order: Order) -> Micros:
    return Micros(offer.per_second_micros[order.resolution] * order.duration_s)
