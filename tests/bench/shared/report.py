# SPDX-License-Identifier: Apache-2.0
"""Tables of alternating rounds, ratios taken round by round, and what was to be reached."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One run. Latencies and processor time for each answer in microseconds."""
    rate: float
    p50: float
    p99: float
    cpu: float
    errors: int
    complaint: str = ""


@dataclass(frozen=True)
class Goal:
    """`figure` of ours in relation to that of `base`, both of one round; the median of the rounds counts.
    Without a floor (None) there is only an aim."""
    text: str
    figure: str  # a field of Sample
    base: str
    aim: float
    floor: float
    more_is_better: bool
    name: str = "ours"  # which candidate is ours


class Report:
    """Prints as it goes; `finish` repeats the verdicts. `unit` is what is counted."""

    def __init__(self, unit="req"):
        self.unit = unit
        self.verdicts = []
        self.errors = []

    def say(self, text=""):
        print(text, flush=True)

    def table(self, title, results, base, goals=(), latency=True):
        """`results`: candidate to its samples, one a round; ratios are to `base`."""
        self.say(f"\n### {title}\n")
        self.say(f"| | {self.unit}/s median | min-max | p50 us | p99 us | CPU us/{self.unit} | "
                 f"rate to {base} | CPU to {base} | errors |")
        self.say("|---|---|---|---|---|---|---|---|---|")
        for name, samples in results.items():
            rates = [sample.rate for sample in samples]
            errors = sum(sample.errors for sample in samples)
            p50, p99, cpu = (median(getattr(sample, field) for sample in samples)
                             for field in ("p50", "p99", "cpu"))
            shown = f"{p50:,.0f} | {p99:,.0f}" if latency else "- | -"
            self.say(f"| {name} | {median(rates):,.0f} | {min(rates):,.0f}-{max(rates):,.0f} | {shown} | "
                     f"{cpu:.2f} | {spread(ratios(results, name, base, 'rate'))} | "
                     f"{spread(ratios(results, name, base, 'cpu'))} | {errors} |")
            if errors:
                why = {sample.complaint for sample in samples if sample.complaint}
                self.errors.append(f"{title}, {name}: {'; '.join(sorted(why)) or errors}")
        self.say()
        for goal in goals:
            values = ratios(results, goal.name, goal.base, goal.figure)
            if values:
                self.judge(f"{title}: {goal.text}", median(values), goal.aim, goal.floor,
                           goal.more_is_better, f"{spread(values)}")

    def judge(self, text, value, aim, floor, more_is_better, shown):
        """One verdict, `shown` beside it."""
        def reached(limit):
            return value >= limit if more_is_better else value <= limit
        if reached(aim):
            verdict = "aim met"
        elif floor is None:
            verdict = "AIM NOT MET"
        else:
            verdict = "floor met, aim not met" if reached(floor) else "FLOOR NOT MET"
        sign = ">=" if more_is_better else "<="
        limits = f"aim {sign} {aim:g}" + (f", floor {sign} {floor:g}" if floor is not None else "")
        line = f"{text}: {shown} ({limits}): {verdict}"
        self.say(f"- {line}")
        self.verdicts.append(line)

    def finish(self):
        """The exit code: 1 when a load reported errors, because its figures then mean nothing."""
        if self.verdicts:
            self.say("\n### Verdicts\n")
            for line in self.verdicts:
                self.say(f"- {line}")
        self.say("\nErrors reported by the load: " + (", ".join(self.errors) or "none"))
        return 1 if self.errors else 0


def ratios(results, name, base, figure):
    """Of each round; empty when one of the two did not take part."""
    if not results.get(name) or not results.get(base):
        return []
    return [getattr(mine, figure) / max(getattr(other, figure), 1e-9)
            for mine, other in zip(results[name], results[base])]


def spread(values):
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})" if values else "-"
