"""What an owner must have seen to before a tuned model answers people. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from assistant.commands.ask import NOTICE
from assistant.language import LANGUAGES
from assistant.settings import AuditStated
from assistant.wire.night_result import MeanView
from evals.readiness.grounds import AuditSeen, CandidateSeen, Grounds
from evals.readiness.verdict import ReadinessItem, judged, none_of
from guardrails.guard import BASE
from guardrails.rules.segment import lineage

OLDEST_NIGHT: Final = timedelta(days=7)
FEWEST_CASES: Final = 5
"""In a segment and language; of fewer a mean says nothing."""
KAPPA: Final = 0.4
"""Cohen's kappa of a judge that agrees with people moderately (Landis and Koch 1977)."""
LABELS: Final = 30
"""Labels of people without which their agreement with the measure is not known."""
_EVERY: Final = "*"
_NIGHT: Final = "Run one: routeback evals nightly (and leave evals.schedule on)."
_GO: Final = "go"
_SOME: Final = "go for segments"
_LISTED: Final = 12


def items(grounds: Grounds) -> tuple[ReadinessItem, ...]:
    """Judge everything."""
    return (
        owners(grounds),
        targets(grounds),
        coverage(grounds),
        detectable(grounds),
        certificate(grounds),
        agreement(grounds),
        base_quality(grounds),
        audits(grounds),
        budgets(grounds),
        hours(grounds),
        agents(grounds),
        notification(grounds),
        notice(grounds),
        retention(grounds),
        redaction(grounds),
        annex_iii(grounds),
    )


def _above(segment: str, named: str) -> bool:
    return named in {"", segment} or segment.startswith(f"{named}.")


def owners(grounds: Grounds) -> ReadinessItem:
    """Somebody answers for each segment."""
    stated = grounds.settings.readiness.owners
    found = {
        segment: max((name for name in stated if _above(segment, name)), key=len, default=None)
        for segment in grounds.segments
    }
    return judged(
        "owners",
        "Each kind of question has an owner",
        [f"{segment}: {stated[name]}" for segment, name in found.items() if name is not None],
        [f"{segment}: nobody" for segment, name in found.items() if name is None],
        'Name them: [readiness.owners] "support" = "ada@example.com", for all below support.',
    )


def targets(grounds: Grounds) -> ReadinessItem:
    """It is said what each segment is to reach."""
    stated = grounds.settings.desk.targets
    found = {s: [t for t in stated if _above(s, t.segment)] for s in grounds.segments}
    return judged(
        "targets",
        "Each kind of question has a target",
        [
            f"{segment}: {', '.join(sorted({one.metric for one in mine}))}"
            for segment, mine in found.items()
            if mine
        ],
        [f"{segment}: none" for segment, mine in found.items() if not mine],
        "Set desk.targets, each with a metric and at_least or at_most (docs/numbers.md).",
    )


def _stale(grounds: Grounds) -> list[str]:
    """Return why nothing rests on the last night; empty if something can."""
    night = grounds.night
    if night is None:
        return ["no night has been run to its end"]
    age = grounds.at - night.at
    if age > OLDEST_NIGHT:
        return [f"the last night is of {_day(night.at)}, {age.days} days ago"]
    return []


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def coverage(grounds: Grounds) -> ReadinessItem:
    """The cases are like what people ask."""
    asked, lacking, seen = grounds.settings.readiness.covered, _stale(grounds), list[str]()
    cases = grounds.result.coverage if grounds.result else None
    if not lacking and (cases is None or cases.reason or not cases.questions):
        why = cases.reason if cases is not None and cases.reason else "it was not looked at"
        lacking.append(f"nothing is known of it: {why}")
    elif cases is not None and not lacking:
        told = (
            f"{_percent(cases.covered)} of {cases.questions} real questions are of kinds with "
            f"cases [{_percent(cases.covered_low)}, {_percent(cases.covered_high)}]"
        )
        (seen if cases.covered >= asked else lacking).append(told)
        lacking += [
            f"{kind.segment}/{kind.language}: {_percent(kind.share)} of the questions, "
            f"{kind.cases} cases"
            for kind in cases.missing[:_LISTED]
            if cases.covered < asked
        ]
    return judged(
        "coverage",
        "The eval cases are like what people ask",
        seen,
        lacking,
        f"{_percent(asked)} is asked for (readiness.covered). See what is missing: routeback evals "
        "coverage; add cases: routeback evals import. A night looks once people have asked.",
    )


def detectable(grounds: Grounds) -> ReadinessItem:
    """A night would see harm in each segment."""
    limit, lacking, result = (
        grounds.settings.readiness.detectable,
        _stale(grounds),
        grounds.result,
    )
    seen = list[str]()
    if result is not None and not lacking:
        least = dict[str, float]()
        for cells in (*result.versus.values(), *result.since.values()):
            for cell in cells:
                if cell.metric == result.headline and cell.segment != _EVERY:
                    place = f"{cell.segment}/{cell.language}"
                    least[place] = max(least.get(place, 0.0), cell.detectable)
        for place in _places(grounds):
            found = least.get(place)
            if found is None:
                lacking.append(f"{place}: nothing was compared")
            else:
                told = f"{place}: {100 * found:.0f} points of {result.headline}"
                (seen if found <= limit else lacking).append(told)
    return judged(
        "detectable",
        "A night sees harm in each kind of question",
        seen,
        lacking,
        f"A difference of {100 * limit:.0f} points must be found with 80 % probability "
        "(readiness.detectable): more cases in these places, and evals.count = 0. " + _NIGHT,
    )


def _places(grounds: Grounds) -> list[str]:
    """Return where the bot answers."""
    alone = grounds.settings.desk.for_people_alone
    answered = [segment for segment in grounds.segments if not alone(segment)]
    return [f"{segment}/{language}" for segment in answered for language in LANGUAGES]


def certificate(grounds: Grounds) -> ReadinessItem:
    """The measure was attacked as it is now, and noticed harm."""
    made, families = grounds.certificate, grounds.settings.guard.families
    lacking = [f"{language}: {why}" for language, why in grounds.refusals.items() if why]
    seen = list[str]()
    if not families:
        lacking.append("guard.families is empty: no candidate needs a certificate")
    if made is None:
        lacking.append("there is none")
    else:
        counts = {
            word: sum(one.noticed == word for one in made.findings)
            for word in ("noticed", "undecided", "missed", "not measured")
        }
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        seen.append(f"{made.id} of {_day(made.at)}, attacked with {made.origin}: {told}")
    return judged(
        "certificate",
        "The measure was attacked, and notices harm",
        seen,
        lacking,
        "routeback guard attack --cases YOURS --knowledge YOURS; leave guard.families as it is.",
    )


def agreement(grounds: Grounds) -> ReadinessItem:
    """People have judged answers, and what decides agrees with them."""
    lacking, seen = list[str](), list[str]()
    current = [one for one in grounds.rounds.rounds if one.current]
    labels = sum(one.people.labels for one in current)
    if labels >= LABELS:
        seen.append(f"people labelled {labels} pairs of the present versions")
    else:
        lacking.append(f"people labelled {labels} pairs of the present versions, {LABELS} are few")
    lacking += [f"{one.language}: {one.why}" for one in grounds.rounds.contradictions]
    if grounds.settings.judge.chosen:
        lacking += _stale(grounds)
        trust = grounds.result.trust if grounds.result else ()
        if not trust:
            lacking.append("nobody compared the judge with people (evals.labels)")
        for one in trust:
            if one.kappa is None or one.low is None:
                lacking.append(f"judge, {one.metric}: {one.reason}")
                continue
            told = f"judge, {one.metric}: kappa {one.kappa:.2f} on {one.labelled} answers"
            (seen if one.kappa >= KAPPA else lacking).append(told)
    else:
        seen.append("no judge is set: fast scores alone decide")
    return judged(
        "agreement",
        "What decides agrees with people",
        seen,
        lacking,
        "routeback guard label ARM SEGMENT (docs/labels.md); for a judge: evals.labels, or another "
        "judge.",
    )


def base_quality(grounds: Grounds) -> ReadinessItem:
    """What a candidate falls back to is good enough in each segment."""
    floor, lacking, result = grounds.settings.readiness.quality, _stale(grounds), grounds.result
    seen = list[str]()
    if result is not None and grounds.night is not None and not lacking:
        night = f"the night of {_day(grounds.night.at)}"
        (seen if result.exit_code == 0 else lacking).append(f"{night}: {result.words}")
        means = {
            f"{cell.segment}/{cell.language}": cell
            for cell in result.cells
            if cell.arm == BASE and cell.metric == result.headline
        }
        for place in _places(grounds):
            good, told = _mean(place, means.get(place), floor)
            (seen if good else lacking).append(told)
    return judged(
        "base_quality",
        "Base is good enough in each kind of question",
        seen,
        lacking,
        f"A mean of {floor:g} of {FEWEST_CASES} cases or more is asked for (readiness.quality): "
        "better documents, another base, or people alone (desk.people_only). " + _NIGHT,
    )


def _mean(place: str, cell: MeanView | None, floor: float) -> tuple[bool, str]:
    if cell is None or cell.mean is None:
        return False, f"{place}: no case was scored"
    told = f"{place}: {cell.mean:.2f} of {cell.n} cases"
    return cell.n >= FEWEST_CASES and cell.mean >= floor, told


def audits(grounds: Grounds) -> ReadinessItem:
    """What each candidate was trained on was audited, and suits where it answers."""
    title = "What each candidate was trained on was audited"
    if not grounds.candidates:
        return none_of("audits", title, "there is no candidate")
    lacking, seen = list[str](), list[str]()
    stated = grounds.settings.readiness.audits
    for candidate in grounds.candidates:
        audit, why = _audit_of(candidate, stated.get(candidate.name), grounds.audits)
        if audit is None:
            lacking.append(f"{candidate.name}: {why}")
            continue
        unfit = _unfit(candidate, audit)
        told = f"{candidate.name}: {audit.verdict} ({audit.path}), {why}"
        if audit.verdict not in {_GO, _SOME} or unfit:
            answers = f"; it answers in {', '.join(unfit)}" if unfit else ""
            lacking.append(f"{told}{answers}")
        else:
            seen.append(told)
    return judged(
        "audits",
        title,
        seen,
        lacking,
        "routeback audit TRAIN.jsonl. A model of 'routeback tune' has a card that says which file "
        'that was; for another one: [readiness.audits.NAME] report = "…/report.json", revision.',
    )


def _audit_of(
    candidate: CandidateSeen, stated: AuditStated | None, known: tuple[AuditSeen, ...]
) -> tuple[AuditSeen | None, str]:
    """Return the audit of what a candidate was trained on, and how that is known; or why not."""
    if stated is not None:
        if stated.revision != candidate.revision:
            return None, f"the audit is of {stated.revision}, the arm is {candidate.revision}"
        found = next((one for one in known if one.path == str(stated.report)), None)
        return found, "as the owner states" if found else f"{stated.report} is no audit"
    data, adapter = candidate.card.get("data"), candidate.card.get("adapter")
    digest = data.get("sha256") if isinstance(data, dict) else None
    if digest is None:
        return None, "nothing says what it was trained on"
    made = adapter.get("sha256") if isinstance(adapter, dict) else None
    if candidate.sha256 is None or made != candidate.sha256:
        return None, "its card is of another adapter"
    found = next((one for one in known if one.data == digest), None)
    return found, f"by its card, file {digest[:12]}" if found else f"no audit of file {digest[:12]}"


def _unfit(candidate: CandidateSeen, audit: AuditSeen) -> list[str]:
    """Return the segments in which a candidate answers although the audit does not say go."""
    return [
        segment
        for segment in candidate.risen
        if not any(audit.segments.get(node.partition("/")[0]) == _GO for node in lineage(segment))
    ]


def budgets(grounds: Grounds) -> ReadinessItem:
    """Somebody has said how much harm and cost is accepted."""
    guard = grounds.settings.guard
    wanted = {
        "false_alarms": f"a false route-back: {guard.false_alarms:g} in {guard.horizon} pairs",
        "false_promotions": f"a bad model answers people: {guard.false_promotions:g}",
        "tolerance": f"accepted loss of score: {guard.tolerance:g}",
        "pair_tokens_per_day": f"tokens of pairs a day: {guard.pair_tokens_per_day}",
    }
    stated = guard.model_fields_set
    return judged(
        "budgets",
        "Budgets of harm and cost are stated",
        [f"{told} (guard.{name})" for name, told in wanted.items() if name in stated],
        [
            f"{told}, by default (guard.{name})"
            for name, told in wanted.items()
            if name not in stated
        ],
        "Write them into the settings, also where you keep the defaults: then they are yours.",
    )


def hours(grounds: Grounds) -> ReadinessItem:
    """Somebody has said when people answer."""
    desk = grounds.settings.desk
    own = "hours" in desk.model_fields_set
    told = f"{desk.hours} {desk.time_zone}".strip()
    return judged(
        "hours",
        "It is said when people answer",
        [told] if own else [],
        [] if own else [f"{told}, by default"],
        "Set desk.hours, desk.time_zone and desk.holidays: who waits is told them.",
    )


def agents(grounds: Grounds) -> ReadinessItem:
    """There are people to hand over to."""
    return judged(
        "agents",
        "There are people to hand over to",
        [f"{len(grounds.agents)} people of the team are known"] if grounds.agents else [],
        [] if grounds.agents else ["nobody of the team has been at the desk"],
        "Give them the role agent (routeback keys, or sign_in.roles), and let them open the desk.",
    )


def notification(grounds: Grounds) -> ReadinessItem:
    """The team is told of new tickets, and such a message has arrived once."""
    alarms = grounds.settings.alarms
    configured = {
        "webhook": alarms.webhook.url is not None,
        "slack": alarms.slack.url is not None,
        "email": alarms.smtp.host is not None,
    }
    lacking, seen = list[str](), list[str]()
    for name in grounds.settings.desk.notify:
        if not configured[name]:
            lacking.append(f"{name} is named, and not set up")
        elif (at := grounds.delivered.get(name)) is None:
            lacking.append(f"{name} is set up, and nothing has arrived by it yet")
        else:
            seen.append(f"{name}: a message arrived on {_day(at)}")
    return judged(
        "notification",
        "The team is told of tickets",
        seen,
        lacking if grounds.settings.desk.notify else ["desk.notify names no channel"],
        "Set alarms.* and desk.notify; then ask for a person in the chat once: that is the test.",
    )


def notice(grounds: Grounds) -> ReadinessItem:
    """People are told that they talk to a machine."""
    settings = grounds.settings
    first = NOTICE.strip().partition(".")[0]
    seen = [f"page, widget and terminal say first: “{first}.”; each answer is marked"]
    said = settings.readiness.notice.strip()
    if said:
        seen.append(f"other programs: {said}")
    return judged(
        "notice",
        "People are told that they talk to a machine",
        seen,
        [f"{grounds.programs} keys let others ask; nothing says where people are told there"]
        if grounds.programs and not said
        else [],
        "Tell people there, show routeback.author of each answer (docs/api.md), and state where: "
        "readiness.notice.",
    )


def retention(grounds: Grounds) -> ReadinessItem:
    """What people said is not kept for ever."""
    kept = grounds.settings.retention.model_dump()
    return judged(
        "retention",
        "What people said is kept for a stated time",
        [f"{name}: {days} days" for name, days in kept.items() if days],
        [f"{name}: for ever" for name, days in kept.items() if not days],
        "Set retention.* to days (docs/privacy.md).",
    )


def redaction(grounds: Grounds) -> ReadinessItem:
    """Personal data are taken out before anything is stored."""
    return judged(
        "redaction",
        "Personal data are taken out of what is stored",
        [] if grounds.left else ["a made-up address, account, card and key were taken out"],
        [f"{kind} stayed in a text" for kind in grounds.left],
        "Install Routeback again: this is not a setting.",
    )


def annex_iii(grounds: Grounds) -> ReadinessItem:
    """What the EU AI Act calls high-risk is answered by people."""
    title = "High-risk topics (EU AI Act, Annex III) are for people alone: a hint"
    alone = grounds.settings.desk.for_people_alone
    if grounds.topics is None:
        why = ["there are no documents to look at"]
        return judged("annex_iii", title, [], why, "Add documents: routeback knowledge add PATH")
    bot = [hint for hint in grounds.topics if not alone(hint.segment)]
    people = len(grounds.topics) - len(bot)
    lacking = [
        f"{hint.area}: {hint.title} ({hint.source}; {', '.join(hint.words)}), which would be in "
        f"{hint.segment}"
        for hint in bot
    ]
    more = [f"and {len(lacking) - _LISTED} more"] if len(lacking) > _LISTED else []
    seen = [f"words of these areas: in {people} passages that are for people alone, in no other"]
    return judged(
        "annex_iii",
        title,
        [] if lacking else seen,
        [*lacking[:_LISTED], *more],
        "Read them. Where people could be judged by such answers: take them out of the knowledge, "
        "or name their segment in desk.people_only. What has other words is not found.",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def lines(item: ReadinessItem) -> Iterator[str]:
    """Yield an item as a person reads it."""
    yield from item.grounds
    if item.outcome == "fail":
        yield f"→ {item.todo}"
