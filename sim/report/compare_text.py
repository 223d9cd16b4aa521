"""A comparison in plain words: which policy, what each changes, what that costs, how sure it is.

Intervals in these sentences hold together: each is widened so that all of them are right with 95 % (`Difference.wide`).
Only what is clear with that allowance is said to differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from sim.checks import requirements
from sim.compare import AS_IS, YEAR, Churn, Comparison, Curve, Policy, Tie, staffed
from sim.differences import HEADLINE, OTHER_TARGETS, Difference
from sim.estimate import Estimate
from sim.measures.customers import BAND, BETAS, COMPLAINTS, MODE
from sim.report import console, gap_text, unsure_text
from sim.report.console import aligned, wrapped
from sim.report.figures import Figures, lasts, listed
from sim.report.figures import each as each_of
from sim.report.thresholds import say
from sim.run import Result
from sim.schemas import TICKS_PER_SECOND
from sim.selection import Judged, Selection
from sim.units import say_duration, say_money, say_number, say_share

if TYPE_CHECKING:
    from sim.report.dossier import Dossier

WORDS = {"satisfaction": "satisfaction", "excess_churn": "customers lost", "cost": "cost", "value": "value"}

MOST_SAID = 6
"""Pairs without the baseline that are put in words; a table has the others."""


def text(dossier: Dossier) -> str:
    """The whole text, but for where the results are."""
    comparison, unsure, gap = dossier.comparison, dossier.unsure, dossier.gap
    if len(comparison.policies) == 1:
        parts = ["\n".join(wrapped(sentence, "  ") for sentence in dossier.verdict)]
    else:
        parts = [
            _headline(comparison),
            "\n".join(wrapped(sentence, "  ") for sentence in dossier.verdict),
            aligned(table(comparison)),
            "" if unsure is None else unsure_text.text(unsure, also=_chosen_by_targets(comparison)),
            "\n".join(wrapped(note) for note in dossier.notes),
        ]
    parts += ["" if gap is None else gap_text.text(gap)]
    return "\n\n".join(part for part in parts if part)


def _headline(comparison: Comparison) -> str:
    base = comparison.baseline.result
    length = lasts(base)
    plural = "s" * (base.replications != 1)
    long = f"{length:g} day{'s' * (length != 1)}" if length >= 1 else say_duration(86_400 * length)
    span = f"week{plural}" if length == 7 else f"run{plural} of {long}"
    customers = "not the same customers" if comparison.unpaired else "the same customers with the same luck"
    return f"{base.scenario.name} · {len(comparison.policies)} policies · {base.replications} {span} each, {customers}"


# --- the verdict -----------------------------------------------------------------------------------------------------


def verdict(comparison: Comparison) -> tuple[str, ...]:
    """The answer first: the choice, what each policy changes against the baseline, which others differ, the value."""
    if len(comparison.policies) < 2:
        return console.sentences(comparison.baseline.result)
    if min(policy.result.replications for policy in comparison.policies) < 2:
        only = "One replication each: what is a difference and what is luck cannot be known; take 10 or more."
        return (only,)
    sentences = [*(_safe(comparison, comparison.curve) if comparison.curve is not None else ()), *_choice(comparison)]
    sentences += _promises(comparison)
    sentences += _bridge(comparison)
    if comparison.curve is not None:
        # a step at a time: what the next person brings
        steps = pairwise(comparison.along)
        sentences += [_changes(comparison, policy, before.name) for before, policy in steps]
    else:
        sentences += [_changes(comparison, policy, comparison.baseline.name) for policy in comparison.policies[1:]]
        sentences += _others(comparison)
    sentences += _value(comparison)
    return tuple(sentence for sentence in sentences if sentence)


def _chosen_by_targets(comparison: Comparison) -> str:
    return "" if comparison.cheapest is None else comparison.cheapest.chosen or ""


def _choice(comparison: Comparison) -> Iterable[str]:
    """The cheapest that meets the stated targets."""
    selection = comparison.cheapest
    if selection is None:
        if comparison.unpaired:
            why = "; ".join(f"{name}: {reason}" for name, reason in comparison.unpaired.items())
            yield f"Policies that do not meet the same customers are compared, but none is chosen ({why})."
        return
    yield _chosen(comparison, selection)
    missed: dict[str, list[str]] = {}
    for judged in selection.judged:
        if what := _missed(comparison, judged):
            missed.setdefault(what, []).append(_name(judged.name))
    for what, names in missed.items():
        some = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
        yield f"{_title(listed(some))} miss{'es' * (len(names) == 1)} {what}."


def _bridge(comparison: Comparison) -> Iterable[str]:
    """What the choice by targets costs against the policy of the highest value, where these are two."""
    chosen = None if comparison.cheapest is None else comparison.cheapest.chosen
    best = _best(comparison)
    if chosen is None or len(best) != 1 or chosen == best[0]:
        return
    found = {each.measure.name: each.estimate.value or 0.0 for each in comparison.headlines(chosen, best[0])}
    result = comparison.of(chosen).result
    cost, value, currency = found.get("cost", 0.0), found.get("value", 0.0), result.desk.currency
    if cost <= 0 or value >= 0:
        return
    dearer = f"{say_money(cost, currency)} {_per(result)} more than {_name(best[0])}"
    back = say_money(max(0.0, cost + value), currency)
    yield (
        f"Meeting the targets has its price: {_name(chosen)} costs {dearer}, and the customers whom it keeps bring in "
        f"{back} of that."
    )


def _safe(comparison: Comparison, curve: Curve) -> Iterable[str]:
    """From which level on the target of the channel whose people are varied is surely met."""
    result = comparison.baseline.result
    code = staffed(result, curve.path)
    if code is None:
        return
    channel = result.desk.channels[code]
    share, within = channel.target.share, say_duration(channel.target.within / TICKS_PER_SECOND)
    policies = comparison.along
    found = [Figures(policy.result)("service_level", channel.name) for policy in policies]
    short = [number for number, level in enumerate(found) if level.low is None or level.low < share]
    first = short[-1] + 1 if short else 0
    target = f"{100 * share:.0f} % within {within}"
    if first == len(found):
        yield f"At none of these levels {channel.name} surely meets its target ({target})."
        return
    at = policies[first]
    level = say(found[first], "share", "")
    yield f"{_title(at.name)} is the least with which {channel.name} surely meets its target ({target}): {level}."


def _promises(comparison: Comparison) -> Iterable[str]:
    """What a policy promises beyond the baseline, and whether it keeps that."""
    if comparison.cheapest is None:
        return
    judged = {each.name: each for each in comparison.cheapest.judged}
    common = {(each.name, each.words) for each in requirements(comparison.baseline.result)}
    words = {True: "reaches", False: "does not reach", None: "may or may not reach"}
    for policy in comparison.policies[1:]:
        result = comparison.simulated[policy.name]
        units = {figure.measure.name: figure.measure.unit for figure in result.figures}
        for stated, met in zip(requirements(result), judged[policy.name].met, strict=True):
            if (stated.name, stated.words) not in common:
                found = say(
                    Figures(result)(stated.measure, stated.channel), units[stated.measure], result.desk.currency
                )
                what = f"{_named(stated.name)} {stated.words} ({found})"
                yield f"{_title(policy.name)} {words[met]} what it promises: {what}."


def _chosen(comparison: Comparison, selection: Selection) -> str:
    sure = f"with {100 * selection.confidence:.0f} % confidence"
    number = len(comparison.policies)
    if selection.state == "none feasible":
        return f"None of the {number} policies meets every target ({_targets(comparison)}), {sure}."
    if selection.state == "undecided":
        runs = max(result.replications for result in comparison.simulated.values())
        if runs < selection.first:
            least = f"that takes {selection.first} replications of each at least, and there are {runs}"
            return f"Which is the cheapest that meets every target ({_targets(comparison)}) is not decided: {least}."
        waiting = listed([_name(name) for name in selection.needs])
        spent = sum(result.replications for result in comparison.simulated.values())
        return (
            f"Which is the cheapest that meets every target ({_targets(comparison)}) is not clear after {runs} "
            f"replications: {waiting} need{'s' * (len(selection.needs) == 1)} more (--budget {4 * spent}), or a wider "
            "--precision."
        )
    feasible = [judged.name for judged in selection.judged if judged.feasible]
    chosen = _name(selection.chosen or "")
    if selection.state == "tied":
        tied = listed([_name(judged.name) for judged in selection.judged if judged.out is None])
        return f"{_title(tied)} meet every target ({_targets(comparison)}) and cost the same, {sure}."
    if len(feasible) == 1 and not any(judged.out and judged.out.startswith("beaten") for judged in selection.judged):
        return f"{_title(chosen)} is the only policy that meets every target ({_targets(comparison)}), {sure}."
    return f"{_title(chosen)} is the cheapest policy that meets every target ({_targets(comparison)}), {sure}."


def _missed(comparison: Comparison, judged: Judged) -> str:
    """What a policy misses, of what has been decided: "email (84.4 % [83.9, 84.9] within 24 h, of 90 %)"."""
    result = comparison.simulated[judged.name]
    of, channels = Figures(result), {channel.name: channel for channel in result.desk.channels}
    units = {figure.measure.name: figure.measure.unit for figure in result.figures}
    said = []
    for stated, met in zip(requirements(result), judged.met, strict=True):
        if met is not False:
            continue
        found = say(of(stated.measure, stated.channel), units[stated.measure], result.desk.currency)
        if stated.measure == "service_level" and stated.channel is not None:
            within = say_duration(channels[stated.channel].target.within / TICKS_PER_SECOND)
            said.append(f"{stated.channel} ({found} within {within}, {stated.words.replace('.0 %', ' %')})")
        else:
            said.append(f"{_named(stated.name)} ({found}, {stated.words})")
    return listed(said) if said else ""


def _targets(comparison: Comparison) -> str:
    """The targets in words: those of the baseline, or that each has its own."""
    base, *others = (_stated(policy.result) for policy in comparison.policies)
    if any(not set(base) <= set(other) for other in others):
        own = (f"{_name(policy.name)}: {', '.join(_stated(policy.result))}" for policy in comparison.policies)
        return f"each its own; {'; '.join(own)}"
    return ", ".join(base)


def _named(figure: str) -> str:
    """A figure as a sentence says it: phone.wait_p90 is "phone: wait of 90 %"."""
    channel, _, measure = figure.rpartition(".")
    words = re.sub(r"_p(\d+)$", r" of \1 %", measure).replace("_", " ")
    return f"{channel}: {words}" if channel else words


def _stated(result: Result) -> list[str]:
    """The targets of one policy: "phone 80 % within 20 s"."""
    channels = {channel.name: channel for channel in result.desk.channels}
    words = []
    for requirement in requirements(result):
        if requirement.measure == "service_level" and requirement.channel in channels:
            within = channels[requirement.channel].target.within / TICKS_PER_SECOND
            share = requirement.words.removeprefix("at least ").replace(".0 %", " %")
            words.append(f"{requirement.channel} {share} within {say_duration(within)}")
        else:
            words.append(f"{_named(requirement.name)} {requirement.words}")
    return words


def _changes(comparison: Comparison, policy: Policy, than: str) -> str:
    """What one policy changes against another, in one sentence."""
    mine = sorted(comparison.headlines(policy.name, than), key=lambda each: HEADLINE.index(each.measure.name))
    clear = [_told(comparison, each) for each in mine if each.clear]
    start = f"{_title(_name(policy.name))} against {_name(than)}"
    if _all_same(mine):
        return f"{start}: exactly the same, in every replication."
    if not clear:
        return f"{start}: no difference is clear."
    return f"{start}: {listed(clear)}.{_unmoved(mine)}"


def _all_same(mine: Sequence[Difference]) -> bool:
    """Whether all that can be compared is exactly the same."""
    return all(each.same for each in mine if each.estimate.value is not None)


def _unmoved(mine: Sequence[Difference]) -> str:
    """What is not clearly different, and not exactly the same."""
    names = [
        each.channel or WORDS[each.measure.name]
        for each in mine
        if not each.clear and not each.same and each.estimate.value is not None
    ]
    return f" Not clearly different: {listed(names)}." if names else ""


def _told(comparison: Comparison, each: Difference) -> str:
    """A clear difference: "answers 6.1 points more of phone within 20 s [5.2, 7.0]"."""
    result = comparison.of(each.policy).result
    value, up = each.estimate.value or 0.0, (each.estimate.value or 0.0) > 0
    if each.measure.name == "service_level":
        channel = next(channel for channel in result.desk.channels if channel.name == each.channel)
        within = say_duration(channel.target.within / TICKS_PER_SECOND)
        more = "more" if up else "fewer"
        return f"answers {abs(100 * value):.1f} points {more} of {each.channel} within {within} {_ends(each, 100)}"
    if each.measure.name == "satisfaction":
        digits = 1 if abs(value) >= 0.1 else 2
        ends = _ends(each, digits=digits)
        return f"leaves satisfaction {abs(value):.{digits}f} points {'higher' if up else 'lower'} {ends}"
    currency = result.desk.currency
    if each.measure.name == "excess_churn":
        return _lost(comparison, each)
    per = _per(result)
    if each.measure.name == "cost":
        ends = "" if _flat(each) else f" {_ends(each, digits=0)}"
        return f"costs {say_money(abs(value), currency)} {per} {'more' if up else 'less'}{ends}"
    tie = next((tie for tie in comparison.ties if {tie.policy, tie.than} == {each.policy, each.than}), None)
    ends = _ends(each, digits=0, over="" if tie is None else tie_words(tie))
    return f"is worth {say_money(abs(value), currency)} {per} {'more' if up else 'less'} {ends}"


def _lost(comparison: Comparison, each: Difference) -> str:
    """Customers a year: of a year of such weeks."""
    scale = YEAR / lasts(comparison.of(each.policy).result)
    value = scale * (each.estimate.value or 0.0)
    digits = 0 if abs(value) >= 10 else 1
    over = _range(_churn(comparison, each.policy, each.than), scale, value, digits)
    words = f"{abs(value):,.{digits}f} {'fewer' if value < 0 else 'more'} customers a year"
    return f"loses {words} {_ends(each, scale, digits=digits, over=over)}"


def _range(churn: Churn | None, scale: float, value: float, digits: int) -> str:
    """Over what is known of churn; where its ends lie on either side of 0, with their signs."""
    if churn is None:
        return ""
    ends = [scale * end for pair in (churn.over_beta, churn.over_complaints) for end in pair]
    low, high = min(ends), max(ends)
    if low * high > 0:
        low, high = sorted((abs(low), abs(high)))
        return f"{low:,.{digits}f} to {high:,.{digits}f} over what is known of churn"
    sign = -1 if value < 0 else 1
    low, high = sorted((sign * low, sign * high))
    return f"{low:,.{digits}f} to {high:,.{digits}f} over what is known of churn"


def _churn(comparison: Comparison, policy: str, than: str) -> Churn | None:
    """Of a pair, whichever way round it was taken."""
    for each in comparison.churn:
        if (each.policy, each.than) == (policy, than):
            return each
        if (each.policy, each.than) == (than, policy):
            beta, complaints = ((-high, -low) for low, high in (each.over_beta, each.over_complaints))
            return Churn(policy, than, -each.value, beta, complaints)
    return None


def _ends(each: Difference, scale: float = 1.0, *, digits: int = 1, over: str = "") -> str:
    """The ends of the interval that holds together with all others, in the direction that is told."""
    wide = each.wide or each.estimate
    if wide.low is None or wide.high is None:
        return "[no interval]"
    sign = -1.0 if (each.estimate.value or 0.0) < 0 else 1.0
    low, high = sorted((sign * scale * wide.low, sign * scale * wide.high))
    more = f"; {over}" if over else ""
    return f"[{low:z,.{digits}f}, {high:z,.{digits}f}{more}]"


def _flat(each: Difference) -> bool:
    """Whether it is the same in every replication, so that there is no doubt to state."""
    estimate = each.estimate
    if estimate.low is None or estimate.high is None or estimate.value is None:
        return False
    return abs(estimate.high - estimate.low) < 1e-6 * max(1.0, abs(estimate.value))


def _per(result: Result) -> str:
    return each_of(result)


def tie_words(tie: Tie) -> str:
    """Where two policies are of equal value over β."""
    if not tie.value.any():
        return "equal at every β"
    if tie.beta is None and tie.beta_low is not None and tie.beta_high is not None:
        return f"may tie at β from {tie.beta_low:.3f} to {tie.beta_high:.3f}"
    if tie.beta is None:
        return ""
    doubt = "" if tie.beta_low is None or tie.beta_high is None else f" ({tie.beta_low:.3f} to {tie.beta_high:.3f})"
    return f"ties at β = {tie.beta:.3f}{doubt}"


def _others(comparison: Comparison) -> Iterable[str]:
    """The pairs without the baseline, the later of each first."""
    names = [policy.name for policy in comparison.policies[1:]]
    pairs = [(later, earlier) for number, later in enumerate(names) for earlier in names[:number]]
    for later, earlier in pairs[:MOST_SAID]:
        mine = comparison.headlines(later, earlier)
        good = [each for each in mine if each.better is True]
        bad = [each for each in mine if each.better is False]
        if _all_same(mine):
            yield f"{_title(_name(later))} and {_name(earlier)} are exactly the same."
        elif not good and not bad:
            yield f"{_title(_name(later))} is no better than {_name(earlier)}, and no worse: no difference is clear."
        else:
            told = listed([_told(comparison, each) for each in (*good, *bad)])
            if good and bad:
                yield f"{_title(_name(later))} against {_name(earlier)}: {told}."
            else:
                better = "better" if good else "no better"
                yield f"{_title(_name(later))} is {better} than {_name(earlier)}: it {told}."
    if len(pairs) > MOST_SAID:
        yield f"The table has the other {len(pairs) - MOST_SAID} pairs."


def _value(comparison: Comparison) -> Iterable[str]:
    """The highest value, and whether what is not known of churn could turn that round."""
    if comparison.richest is None:
        return
    what = "Highest value (margin of the customers kept, less cost)"
    best = _best(comparison)
    if len(best) > 1:
        equal = all(tie.value.any() == 0 for tie in comparison.ties if {tie.policy, tie.than} <= set(best))
        names = listed([_name(name) for name in best])
        yield f"{what}: {names}, which are equal." if equal else f"{what}: not clear; it may be that of {names}."
        return
    turned = [tie for tie in comparison.ties if best[0] in (tie.policy, tie.than) and not _one_sided(tie)]
    span = f"β from {BETAS[0]:g} to {BETAS[-1]:g}"
    rivals = listed([_name(tie.than if tie.policy == best[0] else tie.policy) for tie in turned])
    sure = f"at β = {BETAS[MODE]:g}, but not surely above {rivals} at every {span}" if turned else f"at every {span}"
    yield f"{what}: {_name(best[0])}, {sure}."


def _best(comparison: Comparison) -> list[str]:
    """The policies that no other is clearly worth more than; with the allowance for all differences."""
    worse = set()
    for each in comparison.headline:
        if each.measure.name == "value" and each.clear and each.estimate.value:
            worse.add(each.than if each.estimate.value > 0 else each.policy)
    return [policy.name for policy in comparison.policies if policy.name not in worse]


def _one_sided(tie: Tie) -> bool:
    """Whether one policy is worth more than the other at every β, with its whole interval."""
    return bool((tie.low > 0).all() or (tie.high < 0).all())


def _title(policy: str) -> str:
    """At the beginning of a sentence; a name of the user's stays as it is written."""
    return policy[:1].upper() + policy[1:] if policy.startswith(AS_IS) else policy


def _name(policy: str) -> str:
    """A policy as a sentence says it."""
    return policy if policy == AS_IS else f"“{policy}”" if " " in policy else policy


# --- the table and the notes -----------------------------------------------------------------------------------------


def table(comparison: Comparison) -> list[list[str]]:
    """A row a policy: what is promised to whom, satisfaction, customers lost a year, cost and value, each with its own
    interval; below it, from the second policy on, the difference to the baseline."""
    base = comparison.baseline.result
    channels = [channel.name for channel in base.desk.channels if not channel.automatic]
    scale = YEAR / lasts(base)
    currency = base.desk.currency
    header = [
        "", *(f"{name} in time" for name in channels), "satisfaction", "lost a year", f"cost {_per(base)}",
        f"value {_per(base)}",
    ]  # fmt: skip
    rows = [header]
    for policy in comparison.policies:
        of = Figures(policy.result)
        rows.append(
            [
                policy.name,
                *(_percent(of("service_level", name)) for name in channels),
                _points(of("satisfaction")),
                _scaled(of("excess_churn"), scale),
                _money(of("cost"), currency),
                "",
            ]
        )
        if policy.number:
            rows.append(_less_baseline(comparison, policy, channels, scale))
    return rows


def _less_baseline(comparison: Comparison, policy: Policy, channels: Sequence[str], scale: float) -> list[str]:
    found = {each.name: each for each in comparison.headlines(policy.name, comparison.baseline.name)}

    def cell(name: str, factor: float = 1.0, digits: int = 1) -> str:
        each = found.get(name)
        if each is None or each.estimate.value is None:
            return "–"
        if each.same:
            return "same"
        value = factor * each.estimate.value
        low, high = each.estimate.low, each.estimate.high
        half = "" if low is None or high is None or _flat(each) else f" ± {factor * (high - low) / 2:,.{digits}f}"
        return f"{value:+z,.{digits}f}{half}{'' if each.clear else ' ?'}"

    return [
        "  difference",
        *(cell(f"{name}.service_level", 100) for name in channels),
        cell("satisfaction"),
        cell("excess_churn", scale),
        cell("cost", digits=0),
        cell("value", digits=0),
    ]


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return say_share(estimate.value)
    below, above = estimate.value - estimate.low, estimate.high - estimate.value
    if abs(below - above) > 0.001:
        # cut off at 0 or 100 %
        return f"{100 * estimate.value:.1f} % [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
    return f"{100 * estimate.value:.1f} ± {100 * above:.1f} %"


def _points(estimate: Estimate) -> str:
    return "–" if estimate.value is None else f"{estimate.value:.1f}"


def _scaled(estimate: Estimate, scale: float) -> str:
    if estimate.value is None:
        return "–"
    return f"{scale * estimate.value:z,.0f}" if abs(scale * estimate.value) >= 10 else f"{scale * estimate.value:z.1f}"


def _money(estimate: Estimate, currency: str) -> str:
    return "–" if estimate.value is None else say_money(estimate.value, currency)


def counted(comparison: Comparison) -> int:
    """How many differences the intervals of the sentences allow for."""
    return sum(not each.same for each in comparison.headline if each.estimate.value is not None)


def notes(comparison: Comparison) -> tuple[str, ...]:
    """What the intervals are and what they allow for."""
    if len(comparison.policies) < 2:
        return ()
    low, high = BAND
    complaints = " to ".join(f"{100 * share:.0f} %" for share in COMPLAINTS)
    how = "of both runs on their own" if comparison.unpaired else "replication by replication, on the same customers"
    spared = [each.spared for each in comparison.headline if each.spared is not None]
    many = f"about {say_number(median(spared))} times as many" if spared else ""
    luck = f" With other customers for each policy it would take {many} to be as sure." if spared else ""
    more = [f"{name} {result.replications}" for name, result in comparison.simulated.items()]
    runs = comparison.baseline.result.replications
    further = any(result.replications > runs for result in comparison.simulated.values())
    counts = f" Every figure is of the first {runs}; the choice used more: {', '.join(more)}." if further else ""
    other = sorted({each.channel or "" for each in comparison.headline if each.estimate.reason == OTHER_TARGETS})
    apart = f" Of {listed(other)} the policies have other targets, so shares in time are not compared." if other else ""
    length = lasts(comparison.baseline.result)
    year = "52 such weeks" if length == 7 else f"{YEAR / length:,.0f} such runs"
    number = counted(comparison)
    together = f" Intervals in the sentences are 95 % for all {number} differences together." if number else ""
    return (
        f"Differences are taken {how}.{luck}{together} Intervals in the table are 95 % each; “?” marks what could be "
        f"luck.{counts}{apart}",
        f"A year means {year}. Customers lost and "
        f"value rest on β, how strongly satisfaction moves churn (0.015, known as {low:.3f} to {high:.3f}), and on the "
        f"share of unsolved issues that end in a complaint (10 %, known as {complaints}): grade C.",
    )
