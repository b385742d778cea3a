"""`make bench`: every measurement, a line each."""

import asyncio

from tests.bench import acknowledge, fit, memory, orders, studio

asyncio.run(orders.report())
asyncio.run(acknowledge.report())
asyncio.run(memory.report())
studio.report()
asyncio.run(fit.report())
