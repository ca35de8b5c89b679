"""What a scrape says, read as Prometheus reads it."""

import asyncio
import urllib.request
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

PATIENCE_SECONDS = 30.0

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_in(text: str) -> Samples:
    """Values by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """None when there is no such series."""
    return samples.get((name, tuple(sorted(labels.items()))))


def names_in(samples: Iterable[tuple[str, object]]) -> set[str]:
    return {name for name, _ in samples}


def shown(registry: CollectorRegistry) -> Samples:
    """What a scrape of a registry would say."""
    return samples_in(generate_latest(registry).decode())


def scrape(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return samples_in(answer.read().decode())


async def scraped(port: int) -> Samples:
    return await asyncio.to_thread(scrape, port)


async def scraped_when(port: int, is_so: Callable[[Samples], object]) -> Samples:
    """What is measured now and then is there soon, and a request is counted in the moment after its response."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        samples = await scraped(port)
        while not is_so(samples):
            samples = await scraped(port)
    return samples
