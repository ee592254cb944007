"""Use a configuration file, of any format that `hotspare check` understands, without `await`.

python examples/python/from_file.py examples/humanlayer.json "Why is the sky blue?"
"""

import sys

from hotspare import AllModelsFailed, ConfigurationError, FallbackConfig, SyncFallbackClient


def main(path: str, prompt: str) -> None:
    with SyncFallbackClient(config=FallbackConfig.from_file(path)) as client:
        result = client.generate(prompt=prompt)
        print(result.text)
        print(f"-- {result.model_used}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("which configuration? python examples/python/from_file.py FILE [PROMPT]")
    try:
        main(sys.argv[1], " ".join(sys.argv[2:]) or "Say hello.")
    except ConfigurationError as error:
        sys.exit(f"{error.title}; {error.hint}")
    except AllModelsFailed as error:
        sys.exit(f"{error.message}; {error.fallback_suggestion}")
