"""Ask all models at once: the first answer wins, the other calls are ended (what they cost by then is counted).

python examples/python/fastest.py "Why is the sky blue?"
"""

import asyncio
import sys

from hotspare import AllModelsFailed, ConfigurationError, FallbackClient, FallbackConfig, FallbackStrategy

CONFIG = FallbackConfig("gpt-4o", ["claude-sonnet-4-20250514", "gpt-4o-mini"], strategy=FallbackStrategy.FASTEST)


async def main(prompt: str) -> None:
    async with FallbackClient(config=CONFIG) as client:
        result = await client.generate(prompt=prompt)
        print(result.text)
        print(f"-- {result.model_used} was first of {', '.join(result.attempts)}, {result.total_latency_ms:.0f} ms")


if __name__ == "__main__":
    try:
        asyncio.run(main(" ".join(sys.argv[1:]) or "Say hello."))
    except ConfigurationError as error:
        sys.exit(f"{error.title}; {error.hint}")
    except AllModelsFailed as error:
        sys.exit(f"{error.message}; {error.fallback_suggestion}")
