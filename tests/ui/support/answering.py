"""What the stub answers: made-up answers of each kind, in the shape of the API's.

What a question says decides: ``password``, ``plans``, ``adapter``, ``refund`` and ``invoice`` are
quoted, ``change`` is asked back, ``unknown`` and ``nothing`` are not found, ``person`` is passed
on, and the rest is written. A title chooses its entry.
"""

from typing import Any
from uuid import uuid4

SOURCES = {
    "en": [
        {
            "title": "Negative transfer",
            "text": "**Negative transfer** is knowledge from earlier training that makes a model "
            "worse on the task at hand.\n\n- It costs $5 to $10 to find.\n- Write `a[1]` or "
            "`$HOME`.\n\n![spy](http://127.0.0.1:9/spy.png) :cat: :red[loud] <b>bold</b>",
            "url": "https://help.example.com/en/negative-transfer",
            "kind": "definition",
        },
        {
            "title": "Fine-tuning: when it *pays*",
            "text": "Tune a model only after retrieval has been measured.",
            "url": "javascript:alert(1)",
            "kind": "guide",
        },
        {
            "title": "Retrieval",
            "text": "## How it works\n\nPassages are found by words and by meaning.",
            "url": None,
            "kind": "article",
        },
    ],
    "de": [
        {
            "title": "Negativer Transfer",
            "text": "**Negativer Transfer** heißt: Wissen aus einem früheren Training macht ein "
            "Modell bei der eigentlichen Aufgabe schlechter.",
            "url": "https://help.example.com/de/negativer-transfer",
            "kind": "definition",
        },
        {
            "title": "Feinabstimmung: wann sie sich lohnt",
            "text": "Stimmen Sie ein Modell erst ab, wenn die Suche gemessen ist.",
            "url": None,
            "kind": "guide",
        },
        {
            "title": "Suche",
            "text": "Textstellen werden nach Wörtern und nach Bedeutung gefunden.",
            "url": None,
            "kind": "article",
        },
    ],
}
SENTENCES = {
    "en": [
        (
            "**Negative transfer** means that old training makes a model worse at its task [1].",
            1,
        ),
        ("It is found by comparing both models on the same questions, for $5 to $10 [1] [2].", 1),
        ("Most companies never notice it.", 0),
    ],
    "de": [
        (
            "**Negativer Transfer** heißt, dass früheres Training ein Modell schlechter macht [1].",
            1,
        ),
        ("Man findet ihn, wenn beide Modelle dieselben Fragen beantworten [1] [2].", 1),
        ("Die meisten Firmen bemerken ihn nie.", 0),
    ],
}
PLANS = {
    "en": """Larkspur comes in three plans, which differ in volume and support.

| Plan | Price per month | Seats | Events per month | Data retention | Support |
| --- | ---: | ---: | ---: | --- | --- |
| Starter | $29 | 3 | 100,000 | 12 months | E-mail, within two business days |
| Team | $99 | 10 | 1,000,000 | 24 months | E-mail and chat, within one business day |
| Business | $299 | 30 | 10,000,000 | 48 months | E-mail, chat and telephone |""",
    "de": """Larkspur gibt es in drei Tarifen, die sich in Umfang und Support unterscheiden.

| Tarif | Preis pro Monat | Plätze | Ereignisse pro Monat | Aufbewahrung | Support |
| --- | ---: | ---: | ---: | --- | --- |
| Starter | 29 € | 3 | 100.000 | 12 Monate | E-Mail, innerhalb von zwei Arbeitstagen |
| Team | 99 € | 10 | 1.000.000 | 24 Monate | E-Mail und Chat, am nächsten Arbeitstag |
| Business | 299 € | 30 | 10.000.000 | 48 Monate | E-Mail, Chat und Telefon |""",
}
MORE = {
    "en": "With annual billing you pay for ten months instead of twelve.",
    "de": "Bei jährlicher Abrechnung zahlen Sie zehn Monate statt zwölf.",
}
ENTRIES: dict[str, dict[str, dict[str, Any]]] = {
    "password": {
        "en": {
            "title": "How do I reset my password?",
            "text": "1. Open the sign-in page and choose **Forgot password?**\n"
            "2. Enter the e-mail address of your account.\n"
            "3. Follow the link that you receive within about five minutes; it is valid for 60 "
            "minutes and works once.\n\nIf no message arrives, look in your spam folder for "
            "no-reply@example.com.",
            "url": "https://help.example.com/en/account/reset-password",
            "date": "2026-01-15",
        },
        "de": {
            "title": "Wie setze ich mein Passwort zurück?",
            "text": "1. Öffnen Sie die Anmeldeseite und wählen Sie **Passwort vergessen?**\n"
            "2. Geben Sie die E-Mail-Adresse Ihres Kontos ein.\n"
            "3. Folgen Sie dem Link, den Sie innerhalb von etwa fünf Minuten erhalten; er gilt 60 "
            "Minuten und nur einmal.\n\nWenn keine Nachricht ankommt, suchen Sie im Spam-Ordner "
            "nach no-reply@example.com.",
            "url": "https://help.example.com/de/konto/passwort-zuruecksetzen",
            "date": "2026-01-15",
        },
    },
    "plans": {
        language: {
            "title": title,
            "text": f"{PLANS[language]}\n\n{MORE[language]}",
            "quoted": PLANS[language],
            "url": f"https://help.example.com/{language}/plans-and-limits",
            "date": "2026-03-01",
        }
        for language, title in (("en", "Plans and limits"), ("de", "Tarife und Grenzen"))
    },
    "adapter": {
        "en": {
            "title": "Adapter",
            "text": "An **adapter** is a small set of weights that is trained beside a model whose "
            "own weights stay as they are.",
        },
        "de": {
            "title": "Adapter",
            "text": "Ein **Adapter** ist eine kleine Menge von Gewichten, die neben einem Modell "
            "trainiert wird, dessen eigene Gewichte bleiben, wie sie sind.",
        },
    },
    "connector": {
        "en": {
            "title": "Adapter (connections)",
            "text": "In **Settings → Connections**, an adapter translates between Larkspur and an "
            "ad platform. Each plan includes a number of them.",
            "url": "https://help.example.com/en/connections",
        },
        "de": {
            "title": "Adapter (Verbindungen)",
            "text": "Unter **Einstellungen → Verbindungen** übersetzt ein Adapter zwischen Larkspur "  # noqa: E501
            "und einer Werbeplattform. Wie viele es gibt, hängt vom Tarif ab.",
            "url": "https://help.example.com/de/verbindungen",
        },
    },
    "refund": {
        "en": {
            "title": "Can I get a refund?",
            "text": "Yes, within 30 days of the first payment.",
            "date": "2026-02-01",
        },
        "de": {
            "title": "Kann ich mein Geld zurückbekommen?",
            "text": "Ja, innerhalb von 30 Tagen nach der ersten Zahlung.",
            "date": "2026-02-01",
        },
    },
    "old-refund": {
        "en": {
            "title": "Can I get a refund?",
            "text": "Yes, within 14 days of the first payment.",
            "date": "2024-05-01",
        },
        "de": {
            "title": "Kann ich mein Geld zurückbekommen?",
            "text": "Ja, innerhalb von 14 Tagen nach der ersten Zahlung.",
            "date": "2024-05-01",
        },
    },
    "email": {
        "en": {
            "title": "How do I change the e-mail address that I sign in with?",
            "text": "Go to **Settings → Profile** and choose **Change address**.",
        },
        "de": {
            "title": "Wie ändere ich die E-Mail-Adresse, mit der ich mich anmelde?",
            "text": "Gehen Sie zu **Einstellungen → Profil** und wählen Sie **Adresse ändern**.",
        },
    },
    "plan": {
        "en": {
            "title": "How do I change my plan?",
            "text": "The Owner changes the plan in **Settings → Billing**; it costs from $29.",
        },
        "de": {
            "title": "Wie wechsle ich den Tarif?",
            "text": "Der Owner wechselt den Tarif unter **Einstellungen → Abrechnung**.",
        },
    },
    "language": {
        "en": {
            "title": "Language & *region*",
            "text": "Choose both in **Settings → Profile**.",
        },
        "de": {
            "title": "Sprache & *Region*",
            "text": "Beides wählen Sie unter **Einstellungen → Profil**.",
        },
    },
}
QUOTED = {
    ("password", "passwort"): ("password",),
    ("plans", "tarife"): ("plans",),
    ("adapter",): ("adapter", "connector"),
    ("refund", "geld"): ("refund", "old-refund"),
}
SAID = {
    "en": {
        "which": "Which of these do you mean?",
        "abstain": "I did not find an answer to “{}” in the documents.",
        "closest": "The closest entries are these.",
        "nothing": "Nothing in them comes close to it.",
        "offer": "Would you like to talk to a person?",
        "foreign": "There is an entry about this in German only:",
        "older": "an older version",
        "person": "Of course. I have passed this on to a person of our team.",
    },
    "de": {
        "which": "Was davon meinen Sie?",
        "abstain": "Ich habe zu „{}“ in den Dokumenten keine Antwort gefunden.",
        "closest": "Am nächsten kommen diese Einträge.",
        "nothing": "Es gibt darin nichts, was dem nahekommt.",
        "offer": "Möchten Sie mit einem Menschen sprechen?",
        "foreign": "Dazu gibt es nur einen Eintrag auf Englisch:",
        "older": "eine ältere Fassung",
        "person": "Gern. Ich habe das an einen Menschen aus unserem Team weitergegeben.",
    },
}
GERMAN = ("Was ", "Wie ", "Ich ", "Kann ich", "Sprache ", "Welche ")


def answer(question: str, conversation_id: str) -> tuple[str, dict[str, Any]]:
    """Return what is said, and the ``routeback`` field that goes with it."""
    language = "de" if question.startswith(GERMAN) else "en"
    text, about = _kind(question, language)
    return text, {
        "turn_id": str(uuid4()),
        "conversation_id": conversation_id,
        "language": language,
        "segment": "glossary",
        "standalone": question,
        "evidence": None,
        "mode": None,
        "mode_reason": "",
        "lead": "",
        "choices": [],
        "quotations": [],
        "route": None,
        "sources": [],
        "sentences": [],
        "checked": "unchecked" not in question,
        "fell_back": "a sentence did not pass" if "base" in question else None,
        "timings_s": {"triage": 0.02, "retrieve": 0.11, "generate": 2.4},
        "author": _author(about, language),
        "link_hosts": ["help.example.com"],
        **about,
    }


def _author(about: dict[str, Any], language: str) -> dict[str, Any]:
    """Return who wrote an answer, as the API tells it."""
    arm = (about.get("route") or {}).get("arm")
    kind = "product" if arm is None else "document" if arm == "quote" else "model"
    return author_of(kind, arm or "Routeback", language)


def author_of(kind: str, name: str, language: str = "en") -> dict[str, Any]:
    """Return an author, as the API tells it."""
    iptc = "http://cv.iptc.org/newscodes/digitalsourcetype"
    source = {"model": "trainedAlgorithmicMedia", "draft": "compositeWithTrainedAlgorithmicMedia"}
    return {
        "kind": kind,
        "name": name,
        "revision": "r1" if kind == "model" else None,
        "machine_generated": kind in source,
        "digital_source_type": f"{iptc}/{source[kind]}" if kind in source else None,
        "label": f"by {name}",
        "language": language,
    }


def _kind(question: str, language: str) -> tuple[str, dict[str, Any]]:  # noqa: C901, PLR0911
    asked = question.casefold()
    if "attack" in asked:
        return _write_attack(language)
    if "person" in asked or "menschen" in asked:
        return SAID[language]["person"], {"outcome": "handed_off"}
    for key, entry in ENTRIES.items():
        if entry[language]["title"] == question:
            return _quote([key], language, "the reader chose it")
    if "unknown" in asked or "unbekannt" in asked:
        return _abstain(question, ["connector", "plan", "language"], language)
    if "nothing" in asked or "nichts" in asked:
        return _abstain(question, [], language)
    if "change" in asked or "ändern" in asked or "ändere" in asked:
        return _ask(["email", "plan", "language"], language)
    if "invoice" in asked or "rechnung" in asked:
        return _quote(["refund"], language, "one entry answers", foreign=True)
    for words, keys in QUOTED.items():
        if any(word in asked for word in words):
            return _quote(keys, language, "one entry answers with probability 0.91")
    return _write(language)


def _quote(
    keys: Any, language: str, reason: str, *, foreign: bool = False
) -> tuple[str, dict[str, Any]]:
    other = {"en": "de", "de": "en"}[language] if foreign else language
    near = [*keys, *(key for key in ("email", "plan") if key not in keys)]
    quotations: list[dict[str, Any]] = []
    pieces: list[str] = []
    for number, key in enumerate(keys, start=1):
        entry = ENTRIES[key][other]
        words, date = entry.get("quoted", entry["text"]), entry.get("date", "")
        if len(keys) > 1:
            old = any(one["title"] == entry["title"] for one in quotations)
            note = f" – {SAID[language]['older']}" if old else ""
            pieces.append(f"**{entry['title']}**{f' ({date})' if date else ''}{note}")
        if foreign:
            pieces.append(SAID[language]["foreign"])
        glue = "\n\n" if "|" in words else " "
        pieces.append(f"{words}{glue}[{number}]")
        quotations.append(
            {
                "number": number,
                "title": entry["title"],
                "text": words,
                "whole": words == entry["text"],
                "language": other,
                "date": date,
            }
        )
    sentences = [
        {"text": one["text"], "cited": [one["number"]], "carried": True} for one in quotations
    ]
    return "\n\n".join(pieces), {
        "outcome": "answered",
        "mode": "quote",
        "mode_reason": reason,
        "evidence": 0.91,
        "route": {"arm": "quote", "revision": "quote-1", "reason": reason},
        "quotations": quotations,
        "sentences": sentences,
        "sources": _entries(near, other),
    }


def _ask(keys: list[str], language: str) -> tuple[str, dict[str, Any]]:
    lead = SAID[language]["which"]
    return f"{lead}\n\n{_listed(keys, language)}", {
        "outcome": "asked",
        "mode": "ask",
        "mode_reason": "3 entries may be meant, none with probability 0.5",
        "evidence": 0.74,
        "lead": lead,
        "choices": _choices(keys, language),
        "sources": _entries(keys, language),
    }


def _abstain(question: str, keys: list[str], language: str) -> tuple[str, dict[str, Any]]:
    say = SAID[language]
    lead = f"{say['abstain'].format(question)} {say['closest' if keys else 'nothing']}"
    parts = [lead, _listed(keys, language), say["offer"]]
    return ("\n\n" if keys else " ").join(part for part in parts if part), {
        "outcome": "abstained",
        "mode": "abstain",
        "mode_reason": "no passage answers with probability 0.5; the best has 0.08",
        "evidence": 0.08,
        "lead": f"{lead} {say['offer']}",
        "choices": _choices(keys, language),
        "sources": _entries(keys, language),
    }


def _write(language: str) -> tuple[str, dict[str, Any]]:
    sentences = [
        {"text": text, "cited": [n for n in (1, 2) if f"[{n}]" in text], "carried": bool(carried)}
        for text, carried in SENTENCES[language]
    ]
    reason = "no candidate is proven here"
    return " ".join(text for text, _ in SENTENCES[language]), {
        "outcome": "answered",
        "mode": "write",
        "mode_reason": "2 passages of pages answer together, probability 0.83",
        "evidence": 0.83,
        "route": {"arm": "base", "revision": "r1", "reason": reason},
        "sources": _sources(SOURCES[language], language),
        "sentences": sentences,
    }


EVIL = "http://127.0.0.1:9"
ATTACK = f"""Look [1] at ![a chart]({EVIL}/image.png) and <img src="{EVIL}/html.png">.

<script>fetch("{EVIL}/script")</script> <iframe src="{EVIL}/frame"></iframe>

[Sign in]({EVIL}/login) or {EVIL}/bare or www.evil.example or [x](//127.0.0.1:9/relative),
[y](javascript:fetch("{EVIL}/js")), [z](https://help.example.com@evil.example/),
[w](https://h\u0435lp.example.com/), [home](https://help.example.com/here).

| a |
| --- |
| ![t]({EVIL}/table.png) |

> ![q]({EVIL}/quote.png) $\\href{{{EVIL}/tex}}{{x}}$ :material/home: :red[x]"""


def _write_attack(language: str) -> tuple[str, dict[str, Any]]:
    _, about = _write(language)
    bad = {
        "title": f"![title]({EVIL}/title.png) www.evil.example {EVIL}/t",
        "text": ATTACK,
        "url": f"{EVIL}/source",
    }
    return ATTACK, {
        **about,
        "sources": _sources([bad, *SOURCES[language][1:]], language),
        "sentences": [{"text": ATTACK, "cited": [1], "carried": False}],
        "mode_reason": f"see {EVIL}/reason and www.evil.example",
    }


def _listed(keys: list[str], language: str) -> str:
    titles = [ENTRIES[key][language]["title"] for key in keys]
    return "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))


def _choices(keys: list[str], language: str) -> list[dict[str, Any]]:
    return [
        {"number": number, "id": key, "title": ENTRIES[key][language]["title"]}
        for number, key in enumerate(keys, start=1)
    ]


def _entries(keys: list[str], language: str) -> list[dict[str, Any]]:
    return _sources([ENTRIES[key][language] for key in keys], language)


def _sources(found: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    common = {"source": "docs.md", "language": language, "url": None, "date": ""}
    return [
        {**common, "number": number, "id": f"p{number}", **one}
        for number, one in enumerate(found, start=1)
    ]
