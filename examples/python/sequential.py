"""Ask the primary; when it fails, the next in order. Keys come from the environment.

python examples/python/sequential.py "Why is the sky blue?"
"""

import asyncio
import sys

from hotspare import AllModelsFailed, FallbackClient, FallbackConfig

CONFIG = FallbackConfig(
    primary_model="claude-sonnet-4-20250514",
    fallback_models=["gpt-4o", "gpt-4o-mini"],
    timeout_ms=30_000,
    max_retries_per_model=1,
)


async def main(prompt: str) -> int:
    async with FallbackClient(config=CONFIG) as client:
        try:
            result = await client.generate(prompt=prompt, temperature=0.2)
        except AllModelsFailed as error:
            print(f"{error.message}; {error.fallback_suggestion}", file=sys.stderr)
            return 1
        how = "a fallback" if result.fallback_occurred else "the primary"
        print(result.text)
        print(f"-- {result.model_used} ({how}), after {' > '.join(result.attempts)}, {result.total_latency_ms:.0f} ms")
        return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(" ".join(sys.argv[1:]) or "Say hello.")))
