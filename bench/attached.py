"""What an attached screen costs the gateway, and how soon it shows something: the same load without and with screens.

Run by hand: `.venv/bin/python bench/attached.py`. About a minute.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from gateway import Gateway, configuration, job
from processes import OTHER_CORE, PROGRAM, Process
from terminal import Terminal

CONNECTIONS = 4
REQUESTS = 2000
CHAIN = "calm"
GIVES = "paced-1-16"
"""One event after 16 ms: with four connections about 200 requests a second."""
SCREENS = (0, 1, 4)


def screen(folder: Path) -> Terminal:
    """`hotspare attach` on a terminal that is read all the time."""
    return Terminal([PROGRAM, "attach"], folder, core=OTHER_CORE)


def main() -> None:
    """Print a line for each number of screens."""
    with tempfile.TemporaryDirectory() as name, Process.script("upstream.py") as provider, ExitStack() as stack:
        folder = Path(name)
        load = stack.enter_context(Process.script("load.py"))
        url = f"http://127.0.0.1:{int(provider.line())}"
        gateway = stack.enter_context(Gateway(configuration(folder, {CHAIN: (GIVES, "auto")}, url)))
        load.ask(job(gateway.url, CHAIN, 400, CONNECTIONS, stream=True))
        for number in SCREENS:
            measure(folder, gateway, load, number)


def measure(folder: Path, gateway: Gateway, load: Process, number: int) -> None:
    """One line."""
    with ExitStack() as stack:
        screens = [stack.enter_context(screen(folder)) for _ in range(number)]
        shown = [one.until(b"req/min") for one in screens]
        time.sleep(1.0)
        used, drawn = gateway.cpu_seconds, [one.cpu_seconds for one in screens]
        written = sum(one.bytes for one in screens)
        result = load.ask(job(gateway.url, CHAIN, REQUESTS, CONNECTIONS, stream=True))
        seconds = result["seconds"]
        rate, share = REQUESTS / seconds, (gateway.cpu_seconds - used) / seconds
        line = f"{number} screens: {rate:.0f} requests/s ({result['bad']} bad), gateway {share:.1%} of a core"
        line += f", p50 {result['p50_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms"
        if screens:
            drawing = sum(one.cpu_seconds - before for one, before in zip(screens, drawn, strict=True))
            kilobytes = (sum(one.bytes for one in screens) - written) / 1000
            line += f"; a screen: figures after {shown[0]:.2f} s"
            line += f", {drawing / seconds / number:.1%} of a core, {kilobytes / seconds / number:.0f} kB/s drawn"
        print(line, flush=True)


if __name__ == "__main__":
    main()
