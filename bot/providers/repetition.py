"""What the same submission, sent again under the same idempotency key, proves about the first one."""

from bot.errors import ProviderUnavailable
from bot.providers.protocol import CannotTell, Found, NotTaken, Refused, Search, Submission, Taken, Unknown


def repeated(submission: Submission) -> Search:
    """The provider gives back the job that it has under the key, or makes it.

    Being refused now proves nothing about then: a provider may look at its own key (or the credit, or the
    model) before it looks for the job.

    Raises:
        ProviderUnavailable: not now.
    """
    match submission:
        case Taken(ticket):
            return Found(ticket)
        case NotTaken(fault, wait_s):
            raise ProviderUnavailable(f"{fault.code}: {fault.detail}", retry_after_s=wait_s)
        case Refused(fault):
            return CannotTell(f"refused when repeated: {fault.code}: {fault.detail}")
        case Unknown(detail):
            return CannotTell(detail)
