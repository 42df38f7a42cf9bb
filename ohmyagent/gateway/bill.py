"""What a call is charged: by what the upstream said, and where it said nothing, by what bounds it."""

from typing import NamedTuple

from ohmyagent.domain.costs import Model, TokenUsage
from ohmyagent.gateway.usage import Usage
from ohmyagent.use_cases.metering import Call


class Bill(NamedTuple):
    """`cost` in micro-dollars, None when the model has no known price.  `partial`: some of it was never said."""

    cost: int | None
    usage: TokenUsage
    searches: int
    partial: bool


def billed(model: Model, call: Call, usage: Usage, *, complete: bool, most_input: int, most_output: int) -> Bill:
    """The bill of a call that reached the model; `complete` when the output that was said is final.

    Unknown is never 0: a prompt of unknown size counts as `most_input` tokens, and an output that broke off as what was
    said of it or as `most_output`, whichever is more.  What is only bounded is never charged above the reservation.
    """
    known = usage.input is not None
    final = complete and usage.output is not None
    bound = 0 if final else min(most_output, call.max_tokens)
    tokens = TokenUsage(
        input=usage.input if usage.input is not None else most_input,
        output=max(usage.output or 0, bound),
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
    )
    cost = None
    if model.price is not None:
        cost = model.price.cost(tokens, usage.searches, min(usage.hour_writes, usage.cache_write))
        cost = cost if known else min(cost, call.reserved)
    return Bill(cost, tokens, usage.searches, partial=not (known and final))
