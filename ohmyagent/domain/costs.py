"""Models, their prices, and what a call costs.

Prices are data with a date: US dollars per million tokens, which is micro-dollars per token.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cache

from pydantic import Field

from ohmyagent.domain.record import Record

PRICES_AS_OF = "2026-11-20"
RATE_SCALE = 1_000_000
"""Prices are reckoned in millionths of their unit: whole numbers, so exact, and a tenth of the time of fractions."""
SEARCH_MICRO_USD = 10_000
"""One web search of the server tool: $10 per 1,000."""


class TokenUsage(Record):
    """Tokens by how they are billed.  `cacheWrite` counts five-minute writes."""

    input: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0)
    cache_read: int = Field(default=0, ge=0)
    cache_write: int = Field(default=0, ge=0)

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )

    @property
    def prompt(self) -> int:
        """Tokens of the whole prompt, which decides the price tier."""
        return self.input + self.cache_read + self.cache_write


class Price(Record):
    """Micro-dollars per token, as decimal text, so exact.  `longFactor` applies above `longFrom` prompt tokens."""

    input: str
    output: str
    cache_read: str
    cache_write: str
    long_from: int | None = None
    long_factor: int = 1

    def cost(self, usage: TokenUsage, searches: int = 0, hour_writes: int = 0) -> int:
        """Micro-dollars, rounded up: a call never costs less than it did.

        `hour_writes` are those of `usage.cache_write` that live for an hour: they cost twice the input price.
        """
        input_rate = _rate(self.input)
        tokens = (
            usage.input * input_rate
            + usage.output * _rate(self.output)
            + usage.cache_read * _rate(self.cache_read)
            + (usage.cache_write - hour_writes) * _rate(self.cache_write)
            + hour_writes * 2 * input_rate
        )
        return -(-tokens * self._factor(usage.prompt) // RATE_SCALE) + searches * SEARCH_MICRO_USD

    def worst(self, prompt_tokens: int, output_tokens: int) -> int:
        """The most a call of that size can cost: every prompt token as the dearest kind."""
        tokens = prompt_tokens * self._dearest + output_tokens * _rate(self.output)
        return -(-tokens * self._factor(prompt_tokens) // RATE_SCALE)

    def affordable_output(self, prompt_tokens: int, micro_usd: int) -> int:
        """How many output tokens fit when the prompt is paid first; 0 or less if none do."""
        output_rate = _rate(self.output)
        if not output_rate:
            return 1_000_000
        factor = self._factor(prompt_tokens)
        return (micro_usd * RATE_SCALE - prompt_tokens * self._dearest * factor) // (output_rate * factor)

    @property
    def _dearest(self) -> int:
        """Of a prompt's token: written for an hour, unless five minutes are dearer still."""
        return max(2 * _rate(self.input), _rate(self.cache_write))

    def _factor(self, prompt_tokens: int) -> int:
        return self.long_factor if self.long_from is not None and prompt_tokens > self.long_from else 1


@cache
def _rate(price: str) -> int:
    """The price in units of 1/RATE_SCALE, exactly; raises ValueError for one that is finer."""
    rate = Decimal(price) * RATE_SCALE
    if rate != int(rate) or rate < 0:
        raise ValueError(f"a price of {price} is finer than a millionth, or negative")
    return int(rate)


FREE = Price(input="0", output="0", cache_read="0", cache_write="0")


class ModelMode(StrEnum):
    """What answers: Anthropic's API, a compatible endpoint, or the scripted demo model."""

    API = "api"
    COMPATIBLE = "compatible"
    DEMO = "demo"


class Model(Record):
    """A line of the model table.  `upstream` names a line of the gateway's upstream table."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    upstream: str
    mode: ModelMode
    context: int
    max_output: int
    price: Price | None
    """None is an unknown price: cost is then unknown too, never 0."""


def _anthropic(id: str, name: str, alias: str, price: Price) -> Model:
    return Model(
        id=id, name=name, aliases=(alias,), upstream="anthropic", mode=ModelMode.API,
        context=200_000, max_output=64_000, price=price,
    )  # fmt: skip


HAIKU_PRICE = Price(input="0.1", output="0.5", cache_read="0.01", cache_write="0.125", long_from=100_000, long_factor=5)
SONNET_PRICE = Price(input="2", output="10", cache_read="0.1", cache_write="2.5")
OPUS_PRICE = Price(input="4", output="20", cache_read="0.2", cache_write="5")

CLAUDE = (
    _anthropic("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", HAIKU_PRICE),
    _anthropic("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", SONNET_PRICE),
    _anthropic("claude-opus-5-5", "Claude Opus 5.5", "opus", OPUS_PRICE),
)
"""Published prices as of PRICES_AS_OF."""

DEMO = Model(
    id="demo", name="Demo model (no Claude)", aliases=("haiku", "sonnet", "opus"), upstream="demo",
    mode=ModelMode.DEMO, context=200_000, max_output=8_000, price=FREE,
)  # fmt: skip
"""The scripted model that answers when no key is set: it costs nothing, which is known, not assumed."""


class ModelTable:
    """The models on offer.  An alias means the first model that claims it."""

    def __init__(self, models: tuple[Model, ...], default: str) -> None:
        self.models = models
        self._by_name = {alias: model for model in reversed(models) for alias in model.aliases}
        self._by_name |= {model.id: model for model in models}
        self.default = self._by_name[default]

    def find(self, name: str) -> Model | None:
        return self._by_name.get(name)

    def small(self, beside: Model) -> Model:
        """The cheap model of the same upstream, for the CLI's own side calls."""
        return next((m for m in self.models if m.upstream == beside.upstream and "haiku" in m.aliases), beside)
