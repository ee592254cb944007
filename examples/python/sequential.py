"""Ask the primary; when it fails, the next in order. Keys come from the environment.

python examples/python/sequential.py "Why is the sky blue?"
"""

import asyncio
import sys

from hotspare import AllModelsFailed, ConfigurationError, FallbackClient, FallbackConfig

CONFIG = FallbackConfig(
    primary_model="claude-sonnet-4-20250514",
    fallback_models=["gpt-4o", "gpt-4o-mini"],
    timeout_ms=30_000,
    max_retries_per_model=1,
)


async def main(prompt: str) -> None:
    async with FallbackClient(config=CONFIG) as client:
        result = await client.generate(prompt=prompt, temperature=0.2)
        how = "a fallback" if result.fallback_occurred else "the primary"
        print(result.text)
        print(f"-- {result.model_used} ({how}), after {' > '.join(result.attempts)}, {result.total_latency_ms:.0f} ms")


if __name__ == "__main__":
    try:
        asyncio.run(main(" ".join(sys.argv[1:]) or "Say hello."))
    except ConfigurationError as error:
        sys.exit(f"{error.title}; {error.hint}")
    except AllModelsFailed as error:
        sys.exit(f"{error.message}; {error.fallback_suggestion}")
