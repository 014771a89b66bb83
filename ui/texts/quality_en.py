"""The quality page in English."""

from typing import Final

from ui.texts.quality import DraftsText, QualityText

ENGLISH: Final = QualityText(
    language="en",
    title="Quality",
    about="Which tuned model may answer which kind of question, and what that rests on.",
    refresh="Refresh",
    updated="As of {time}. Renews itself.",
    stale="These are the values of {time}; newer ones could not be read.",
    needs_key="This page needs an API key with the role agent, editor or owner: transfer map, "
    "decisions and pins are shown only to its holders. Start the page with ROUTEBACK_API_KEY set "
    "to one (`routeback keys add`); on loopback, `routeback up` does so by itself.",
    connection="The guardrail could not be read.",
    serves="answers {where}",
    tries="is being tried on some {where}",
    back="was routed back for {where}{strength} on {day} because {why}",
    backs="was routed back for {count} kinds of question, last for {where}{strength} on {day} "
    "because {why}",
    unseen="is only compared unseen so far; base answers everything",
    nothing="has not been compared with base yet; base answers everything",
    joint="; it ",
    at_strength=" at strength {strength}",
    at_full_strength=" at full strength",
    many="{count} of {all} kinds of question",
    in_language="{kinds} questions in {language}",
    every="all questions",
    because={
        "candidate": "its answers scored {drop} lower than base's on average",
        "lost": "the evidence says that its answers are worse than base's",
        "parent": "it turned out worse over several kinds of question together",
        "person": "{by} decided so",
    },
    beside={
        "catastrophe": "too many of its answers were much worse than base's",
        "failures": "more of its answers failed than base's",
        "time": "its answers took too much longer than base's",
        "tokens": "its answers were too much longer than base's",
    },
    conjunction="and",
    quote="the document's own words",
    quote_about="**The document's own words** are what people read where an entry is quoted. No "
    "model makes them and no question is routed to them; they are only compared with what base "
    "writes: {found}.",
    quote_found={
        "better": "better for {where}",
        "equal": "not worse for {where}",
        "worse": "worse for {where}",
        "unproven": "not shown yet for {where}",
    },
    quote_open="nothing is compared yet",
    quote_unproven="no difference shown yet",
    quote_stage="compared only",
    told_quote={
        "better": "They score **higher** than what base writes: {mean} on average, somewhere from "
        "{lower} to {upper}.",
        "equal": "They are **shown not to be worse** than what base writes: {mean} on average, "
        "somewhere from {lower} to {upper}. A loss of more than {tolerance} is ruled out.",
        "worse": "They score **lower** than what base writes: {mean} on average, somewhere from "
        "{lower} to {upper}.",
        "unproven": "**Which is better is not shown yet**: {mean} on average, but it may be "
        "anywhere from {lower} to {upper}. A loss of up to {tolerance} would be tolerated.",
    },
    told_quote_nothing="Not one quotation has been compared with an answer of base here.",
    told_quote_stage="This decides nothing by itself: where they are shown is said by the setting "
    "answers.quote, and by whom you let write.",
    quote_evidence_about="When the bar is full, they are shown to be worse by more than is "
    "tolerated. Evidence grows by multiplication, so the bar is logarithmic. "
    "It is half full at first: a head start lets harm be seen sooner.",
    writes="**{arm}** writes for {where} where an entry could be quoted: {by} let it on {day}. "
    "Since then {mean} against the document's own words, from {lower} to {upper}, {pairs}.",
    writes_forced=" It was let without evidence: {why}",
    suggested="**{arm}** writes better than the document for {where}: {mean} on average, somewhere "
    "from {lower} to {upper}, {pairs}. Let it write:",
    may_write="**{arm}** is shown not to write worse than the document for {where} by more than "
    "{tolerance}, and scores higher on average: {mean}, from {lower} to {upper}, {pairs}. You may "
    "let it write:",
    not_shown="**{arm}** against the document's own words: {mean}, from {lower} to {upper}, "
    "{pairs}. It is not let write, as nothing shows yet that it does better.",
    voices={"quoted": "quoted", "writing": "writes"},
    alarms={
        "blind": "The guardrail cannot see",
        "breaker": "Its calls are failing",
        "measure/en": "No candidate rises in English",
        "measure/de": "No candidate rises in German",
        "frozen": "Promotions are frozen",
        "night": "The eval night did not pass",
        "overdue": "The eval night is overdue",
    },
    alarm="{what}: {arm}, since {time}",
    no_alarm="No alarm is raised.",
    breaker="{arm}: {failures} of the last {calls} calls failed. Base answers until it is back.",
    unscored_share="{arm}: {share} % of the last {pairs} pairs have no score.",
    waiting="Pairs waiting to be compared: {count}.",
    gone="{arm} is no longer in the settings; what is shown of it is history.",
    map="Transfer map",
    map_about="Mean difference to base, its interval, compared pairs. Choose a cell to see what "
    "it rests on.",
    segment="Kind of question",
    above="Taken together",
    above_about="These count the pairs of the kinds above together. Where one gets worse, base "
    "answers in those whose own pairs are few, until they have spoken.",
    whole="All questions",
    languages={"en": "English", "de": "German"},
    verdicts={
        "better": "better",
        "equal": "shown harmless",
        "worse": "worse",
        "unproven": "no harm shown yet",
    },
    no_pair="not compared yet",
    not_tried="–",
    stages={
        "shadow": "in shadow",
        "canary": "canary",
        "serving": "serving",
        "routed_back": "routed back",
    },
    gathers="together",
    in_cell="{arm}, {segment}:",
    pairs="{count} pairs",
    pair="1 pair",
    pinned="pinned",
    legend={
        "better": "not worse, and above base",
        "equal": "not worse by more than {tolerance}",
        "worse": "shown to score below base",
        "unproven": "the pairs do not say; not the same as harmless",
    },
    told={
        "better": "Its answers score **higher** than base's: {mean} on average, somewhere from "
        "{lower} to {upper}.",
        "equal": "It is **shown harmless**: {mean} on average, somewhere from {lower} to {upper}. "
        "A loss of more than {tolerance} is ruled out.",
        "worse": "Its answers score **lower** than base's: {mean} on average, somewhere from "
        "{lower} to {upper}.",
        "unproven": "**No harm is shown yet, and harmlessness is not either**: {mean} on average, "
        "but it may be anywhere from {lower} to {upper}. A loss of up to {tolerance} would be "
        "tolerated.",
    },
    told_nothing="Not one question has been answered by both models here. Nothing is known, so "
    "base answers.",
    told_stage={
        "shadow": "Base answers. This model is only compared, unseen.",
        "canary": "This model answers a part of the conversations, base the rest.",
        "serving": "This model answers.",
        "routed_back": "Base answers again.",
    },
    told_gathers="It has no stage of its own: it gathers the pairs of the kinds below it.",
    difference="Difference to base ({metric})",
    drawing="Mean difference {mean}, interval from {lower} to {upper}; 0 is as good as base, "
    "{tolerance} is tolerated.",
    worse_side="worse",
    better_side="better",
    tolerated="tolerated",
    stage="Stage",
    since="Since",
    until="Not before",
    pin_by="Pinned by",
    compared="Compared pairs",
    fresh="Since the stage began",
    unscored="Without a score",
    route_backs="Routed back so far",
    as_decided="The difference is the one that decision {decision} rested on.",
    as_decided_fresh="Pairs since then: {fresh}; they do not say anything by themselves yet.",
    evidence="Evidence that it is worse",
    evidence_of="{metric}: {evidence} of {threshold}",
    evidence_about="When the bar is full, base answers again at once. Evidence grows by "
    "multiplication, so the bar is logarithmic. "
    "It is half full at first: a head start lets harm be seen sooner.",
    proof="Proof that it is not worse than tolerated",
    metrics={
        "catastrophe": "much worse answers",
        "failures": "answers that fail",
        "time": "time to answer",
        "tokens": "length in tokens",
    },
    is_held="held",
    below_back="{back} of {count} routed back",
    is_held_in="is held for {where}, where base answers until the own pairs have spoken",
    told_held="This model would answer, and base does for the time being.",
    held="**Held.** {where} got worse as a whole. Base answers here until this kind's own pairs "
    "have spoken; that is no verdict.",
    promise="Promised to readers: a model that is worse by more than the tolerated {tolerated} "
    "points answers them with a probability of at most {chance} % here; one worse by {worse} "
    "points gives about {answers} answers before it is taken back.",
    promise_endless="Promised to readers: a model that is worse by more than the tolerated "
    "{tolerated} points answers them with a probability of at most {chance} % here. One worse by "
    "{worse} points is not taken back by pairs.",
    curve="How much of it is good here?",
    curve_about="Difference to base at each strength, with its interval. At 0 it is base itself.",
    curve_strength="Strength",
    curve_difference="Difference to base",
    decisions="Decisions",
    no_decision="Nothing has been decided here yet.",
    no_decision_above="Decisions are made in the kinds below.",
    by_guard="the guardrail",
    causes={
        "candidate": "The compared answers said so.",
        "parent": "It turned out worse over several kinds of question together.",
        "wait": "The wait is over; it is compared afresh.",
        "version": "A part changed, so that older pairs no longer count.",
        "blind": "Too many pairs had no score, so the guardrail could not see.",
        "person": "A person decided.",
        "night": "An eval night found it worse.",
        "stage": "It does not answer there any more.",
        "held": "A larger kind got worse; base answers until this one's own pairs have spoken.",
        "released": "Its own pairs have spoken; it answers again.",
        "ratio": "Scores were missing on one side, and not by chance.",
    },
    recorded="On record: {reason}",
    replay="Replay",
    same="The same, byte for byte.",
    other="**Not the same.** The stored pairs or the record were changed:",
    pin="Hold or let go",
    pin_about="A held stage does not move, whatever the pairs say, until somebody lets go of it. "
    "Who and why go on record.",
    unpin="let go: back to shadow, the pairs decide again",
    hold="What should hold",
    who="Who are you?",
    who_hint="Name",
    why="Why?",
    why_hint="For those who come later",
    go_on="Continue",
    missing="Please say who you are and why.",
    confirm_pin="Hold **{arm}** in **{segment}** at **{stage}**?",
    confirm_unpin="Let go of **{arm}** in **{segment}**?",
    confirm_effect={
        "shadow": "Base answers these questions; this model is only compared, unseen.",
        "canary": "A part of the conversations get this model's answers, even if it turns out "
        "worse.",
        "serving": "People get this model's answers, even if it turns out worse.",
        "routed_back": "Base answers these questions, even if this model turns out better.",
    },
    in_name="{by}: {why}",
    confirm="Yes, put it on record",
    back_to_form="Back",
    done="Done. It is on record as decision {decision}.",
    monthly="Expected false route-backs a month, over all candidates and kinds: **at most "
    "{count}**.",
    budget="By the settings: at most {chance} % chance of a false route-back per candidate and "
    "kind of question in {horizon} scored pairs, at a tolerated loss of {tolerance}.",
    measure="What this guard would notice",
    measure_about="Harms made on purpose in right answers, {time}, on {origin}. A harm is noticed "
    "if models that do it are routed back on every base and at every share that counts.",
    measure_none="The measure has not been attacked with harms made on purpose, so nobody knows "
    "what it notices: `routeback guard attack`.",
    measure_language="**{language}**: {count} of {all} harms are noticed.",
    measure_found={
        "missed": "Not noticed: {found}.",
        "undecided": "Not routed back everywhere, and nowhere promoted: {found}.",
        "not measured": "Not measured, as there are too few cases: {found}.",
    },
    measure_punished="Routed back although better: {found}.",
    measure_rises="Candidates may rise here.",
    measure_stays="No candidate rises here until the measure notices, or a person holds it.",
    changes={
        "wrong-number": "wrong numbers",
        "wrong-name": "exchanged names",
        "negated": "a denied first sentence",
        "yes-no": "yes and no exchanged",
        "other-fact": "another fact of the passage",
        "invented-addition": "inventions after an answer",
        "invented-path": "invented menu paths",
        "other-answer": "answers to another question",
        "unrelated-quote": "quotations that do not answer",
        "neighbour-definition": "the neighbour's definition",
        "half-facts": "half-missing answers",
        "cut": "answers cut in mid-sentence",
        "word-salad": "word salad",
        "failing": "calls that fail",
        "slow": "slow answers",
        "dear": "answers of many tokens",
        "night": "a model that is bad by night",
        "catastrophe": "rare catastrophes",
        "repeated": "one question again and again",
        "bad-siblings": "bad siblings of an innocent",
        "padding": "padding",
        "whole-page": "a whole page pasted",
        "other-language": "another language",
        "fluff": "marketing fluff",
        "insult": "insults",
        "abstains": "silence where there is an answer",
        "see-documentation": "“see the documentation”",
        "answers-unanswerable": "answers where there is none",
        "one-right": "one right answer among salad",
        "all-negated": "denials throughout",
        "human-over-copied": "people's own words",
        "quoted-over-wrong": "the entry that answers",
        "concise-over-padded": "answers without padding",
        "yes-no-over-none": "an explicit yes or no",
        "abstention-over-invention": "right abstentions",
    },
    drafts=DraftsText(
        title="What people make of drafts",
        about="Drafts of replies to tickets, by who wrote them. Used are those sent as they were "
        "or edited, of all whose ticket is over. Likeness is that of what was sent, from 0 to 1. "
        "No stage moves by this: agents choose what to draft, and how much care to take.",
        none="Nobody has asked for a draft of a reply yet.",
        arm="Who wrote it",
        segment="Kind",
        as_is="As it was",
        edited="Edited",
        rewritten="Rewritten",
        discarded="Not used",
        waiting="Open",
        used="Used",
        facts="Facts changed",
        similarity="Likeness",
        share="{value}\u00a0% ({low} to {high}) of {count}",
    ),
    no_candidate="No tuned model yet",
    no_candidate_more="Base alone writes. Add a tuned model and it answers nobody at first: "
    "on sampled questions both models answer from the same passages, one of them unseen. This "
    "page then shows, for each kind of question, whether the tuned one is better, harmless or "
    "worse.",
    try_it="See it at work",
    add_one="Add your own",
    no_pairs="Nothing compared yet",
    no_pairs_more="**{arms}** and base will answer the same questions, one of them unseen, as "
    "soon as people ask. Cells appear here with the first compared pair.",
)
