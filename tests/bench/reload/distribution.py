# SPDX-License-Identifier: Apache-2.0
"""What the middle, the usual worst and the worst of many values are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Distribution:
    p50: float
    p99: float
    worst: float

    def shown(self):
        return f"{self.p50:.3f} | {self.p99:.3f} | {self.worst:.3f}"


def distribution(values):
    """The quantiles are values that occurred: at least half, and 99 of 100, are not above them."""
    ordered = sorted(values)

    def quantile(percent):
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
    return Distribution(quantile(50), quantile(99), ordered[-1])
