"""What an exposition says, as values by name and labels."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Scrape:
    """One reading of the metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float | None:
        """Return the sum of the samples that have these labels; None where there is none."""
        found = [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    def labels(self, name: str) -> set[str]:
        """Return the values of all labels of a metric."""
        samples = [s for f in self.families.values() for s in f.samples if s.name == name]
        return {value for sample in samples for value in sample.labels.values()}

    @property
    def exported(self) -> set[str]:
        """The names that are exported, as a query has them."""
        return {s.name for f in self.families.values() for s in f.samples} | {
            f"{f.name}_total" if f.type == "counter" else f.name for f in self.families.values()
        }
