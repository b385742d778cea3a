"""`make bench`: every measurement, a line each."""

import asyncio

from tests.bench import (
    acknowledge,
    acknowledgements,
    asking,
    delivery,
    fit,
    lost_answers,
    memory,
    orders,
    studio,
)

asyncio.run(orders.report())
asyncio.run(acknowledge.report())
asyncio.run(acknowledgements.report())
asyncio.run(memory.report())
asyncio.run(asking.report())
asyncio.run(lost_answers.report())
studio.report()
asyncio.run(fit.report())
asyncio.run(delivery.report())
