"""How old an account and a membership must be before what costs money can be ordered."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import language
from bot.domain import Micros, OfferId, Quote, UserId
from bot.errors import TooNew
from bot.ordering.eligibility import MinimumAges, check_ages, made_at
from tests.props import NOON

PAID = Quote(offer_id=OfferId("fal/sora-2"), price_micros=Micros(400_000), per_second_micros=Micros(100_000))
FREE = Quote(offer_id=OfferId("fal/free"), price_micros=Micros(0), per_second_micros=Micros(0))
PLAY = Quote(
    offer_id=OfferId("studio/storyboard"), price_micros=Micros(400_000), per_second_micros=Micros(100_000)
)
MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)


def account(made: datetime) -> UserId:
    return UserId((int(made.timestamp() * 1000) - 1_420_070_400_000) << 22)


def sentence(user_id: UserId, joined_at: datetime | None, ages: MinimumAges) -> str:
    with pytest.raises(TooNew) as refused:
        check_ages(PAID, user_id, joined_at, ages, NOON)
    return refused.value.sentence


def test_an_id_says_when_its_account_was_made() -> None:
    # The example of Discord's own reference.
    assert made_at(UserId(175928847299117063)) == datetime(2016, 4, 30, 11, 18, 25, 796000, UTC)


def test_nothing_is_asked_of_anybody_where_the_operator_asks_for_nothing() -> None:
    check_ages(PAID, account(NOON), None, MinimumAges(), NOON)


@pytest.mark.parametrize("quote", [FREE, PLAY])
def test_what_nobody_bills_is_for_everybody(quote: Quote) -> None:
    check_ages(quote, account(NOON), None, MinimumAges(account=MONTH, membership=MONTH), NOON)


def test_an_account_is_old_enough_from_the_moment_on() -> None:
    ages = MinimumAges(account=MONTH)

    check_ages(PAID, account(NOON - MONTH), None, ages, NOON)
    said = sentence(account(NOON - MONTH + SECOND), None, ages)

    opens = int((NOON + SECOND).timestamp()) + 1
    assert said == (
        "Orders that cost money need a Discord account that is 30 days old, and yours is newer. "
        f"Nothing was charged. Choose a free model, or order again after <t:{opens}:f>."
    )


def test_a_membership_is_old_enough_from_the_moment_on() -> None:
    ages = MinimumAges(membership=timedelta(days=1))
    old = account(NOON - MONTH)

    check_ages(PAID, old, NOON - timedelta(days=1), ages, NOON)
    said = sentence(old, NOON - timedelta(days=1) + SECOND, ages)

    opens = int((NOON + SECOND).timestamp()) + 1
    assert said == (
        "Orders that cost money are for those who joined this server at least 1 day ago. "
        f"Nothing was charged. Choose a free model, or order again after <t:{opens}:f>."
    )


def test_a_membership_of_which_nothing_is_known_is_not_old_enough() -> None:
    said = sentence(account(NOON - MONTH), None, MinimumAges(membership=MONTH))

    assert said.endswith("Nothing was charged. Choose a free model.")


def test_the_sentence_is_in_the_readers_language() -> None:
    with language.use("de"):
        check_ages(FREE, account(NOON), None, MinimumAges(account=MONTH), NOON)
        assert "30" in sentence(account(NOON), None, MinimumAges(account=MONTH))
