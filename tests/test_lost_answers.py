"""One submission, one paid job, though a fifth of the answers is lost: the whole worker, in real time."""

from tests.bench import lost_answers
from tests.props import count

SUBMISSIONS = count(small=200, whole=2_000)


async def test_at_fal_a_lost_answer_makes_one_job_which_its_webhook_finds() -> None:
    outcome = await lost_answers.ours(lost_answers.FAL, SUBMISSIONS)

    assert outcome.made == {1: SUBMISSIONS}
    assert outcome.states == {"running": SUBMISSIONS}


async def test_with_an_idempotency_key_a_lost_answer_makes_one_job_which_is_found() -> None:
    outcome = await lost_answers.ours(lost_answers.KEYED, SUBMISSIONS)

    assert outcome.made == {1: SUBMISSIONS}
    assert outcome.states == {"running": SUBMISSIONS}


async def test_where_nothing_is_given_back_a_lost_answer_makes_one_job_and_is_uncertain() -> None:
    outcome = await lost_answers.ours(lost_answers.KEYLESS, SUBMISSIONS)

    assert outcome.made == {1: SUBMISSIONS}
    assert outcome.states.keys() == {"running", "uncertain"}
    assert 0.1 * SUBMISSIONS < outcome.states["uncertain"] < 0.3 * SUBMISSIONS
