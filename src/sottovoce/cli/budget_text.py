"""How a day's budget of data is told to people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sottovoce.cli.output import Output
from sottovoce.node.budget import Budget, notice_of
from sottovoce.sdk.client import Client


def budget_fields(budget: Budget) -> dict[str, object]:
    """Return a budget as the fields of a JSON object."""
    return {
        "used_bytes": budget.used_bytes,
        "limit_bytes": budget.limit_bytes,
        "is_bound": budget.is_bound,
        "resumes_unix_s": budget.resumes_unix_s,
    }


def tell_budget(output: Output, budget: Budget) -> None:
    """Say how the budget stands."""
    if output.as_json:
        output.result("", event="budget", **budget_fields(budget))
    else:
        output.talk(notice_of(budget))


def tell_if_used_up(budget: Budget | None, output: Output) -> None:
    """Say so if nothing can be received today; what changes later is told in its time."""
    if budget is not None and budget.is_bound:
        tell_budget(output, budget)


async def report_budget(client: Client, output: Output) -> None:
    """Say so when the budget is nearly used, used up, or free again, until it is cancelled."""
    async for budget in client.budget_events():
        tell_budget(output, budget)


@asynccontextmanager
async def telling_of_budget(client: Client, output: Output) -> AsyncIterator[None]:
    """Say meanwhile when the budget is nearly used, used up, or free again."""
    task = asyncio.ensure_future(report_budget(client, output))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
