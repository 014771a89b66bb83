"""Two small companies' worth of cases, made up for tests of the attack."""

from dataclasses import replace

from guardrails.attack.harms.material import AttackCase, AttackMaterial
from guardrails.types import Text

EN = Text(
    "Open **Settings → Billing** and choose **Cancel plan**. The plan ends after 30 days and "
    "costs 12 euros until then. Reports are kept for 90 days. A refund is not possible, and "
    "members lose access at once. Invoices stay in the archive.",
    "en",
    "Cancel the plan",
    answers=0.9,
)
EN_NEAR = Text(
    "Larger plans cost 49 euros a month and allow 20 members. They can be tested for two weeks. "
    "Choose **Change plan** under **Settings → Billing**. Nothing is lost by the change.",
    "en",
    "Change the plan",
    answers=0.02,
)
DE = Text(
    "Öffnen Sie **Einstellungen → Abrechnung** und wählen Sie **Tarif kündigen**. Der Tarif endet "
    "nach 30 Tagen und kostet bis dahin 12 Euro. Berichte bleiben 90 Tage erhalten. Eine "
    "Erstattung ist nicht möglich, und Mitglieder verlieren sofort den Zugang. Rechnungen bleiben "
    "im Archiv.",
    "de",
    "Tarif kündigen",
    answers=0.9,
)
DE_NEAR = Text(
    "Größere Tarife kosten 49 Euro im Monat und erlauben 20 Mitglieder. Sie lassen sich zwei "
    "Wochen lang testen. Wählen Sie **Tarif wechseln** unter **Einstellungen → Abrechnung**. Durch "
    "den Wechsel geht nichts verloren.",
    "de",
    "Tarif wechseln",
    answers=0.02,
)
OTHERS = (
    Text("A **Workspace** holds all reports of a company.", "en", "Workspace"),
    Text("Ein **Arbeitsbereich** enthält alle Berichte einer Firma.", "de", "Arbeitsbereich"),
)


def case(language: str, number: int = 0) -> AttackCase:
    if language == "en":
        return AttackCase(
            f"en-{number}",
            "en",
            "Can I cancel the plan, and what does it cost?",
            (EN, EN_NEAR),
            "Yes, choose Cancel plan under Settings. The plan ends after 30 days and costs 12 "
            "euros until then, and a refund is not possible.",
            (("30 days",), ("12 euros",)),
            translations=(DE,),
        )
    return AttackCase(
        f"de-{number}",
        "de",
        "Kann ich den Tarif kündigen, und was kostet das?",
        (DE, DE_NEAR),
        "Ja, wählen Sie Tarif kündigen in den Einstellungen. Der Tarif endet nach 30 Tagen und "
        "kostet bis dahin 12 Euro, und eine Erstattung ist nicht möglich.",
        (("30 Tagen",), ("12 Euro",)),
        translations=(EN,),
    )


def silent(language: str, number: int = 0) -> AttackCase:
    passage = replace(EN if language == "en" else DE, answers=0.05)
    question = "Do you sell shoes?" if language == "en" else "Verkauft ihr Schuhe?"
    return AttackCase(f"{language}-no-{number}", language, question, (passage,), answerable=False)


def material(count: int = 26, silent_ones: int = 26) -> AttackMaterial:
    cases = [case(language, n) for language in ("en", "de") for n in range(count)]
    cases += [silent(language, n) for language in ("en", "de") for n in range(silent_ones)]
    return AttackMaterial(tuple(cases), (EN, EN_NEAR, DE, DE_NEAR, *OTHERS), origin="made up")
