"""Spread many questions over models, the healthier and faster ones getting more, and see how each has done.

python examples/python/load_balanced.py
"""

import asyncio
import sys

from hotspare import AllModelsFailed, ConfigurationError, FallbackClient, FallbackConfig, FallbackStrategy

CONFIG = FallbackConfig("gpt-4o", ["gpt-4o-mini"], strategy=FallbackStrategy.LOAD_BALANCED)


async def main() -> None:
    async with FallbackClient(config=CONFIG) as client:
        questions = [f"What is {n} times {n}?" for n in range(2, 12)]
        await asyncio.gather(*(client.generate(prompt=question, max_tokens=20) for question in questions))
        for model, health in client.get_health_metrics()["per_model"].items():
            answered, latency = health["success_count"], health["average_latency_ms"]
            print(f"{model}: {answered} answers, {health['success_rate']:.0%} ok, {latency:.0f} ms on average")
        print(f"fallback rate: {client.get_fallback_statistics()['fallback_rate']:.0%}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except ConfigurationError as error:
        sys.exit(f"{error.title}; {error.hint}")
    except AllModelsFailed as error:
        sys.exit(f"{error.message}; {error.fallback_suggestion}")
