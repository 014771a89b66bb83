"""Every sentence of signing in and of the page of people and keys, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language


@dataclass(frozen=True, slots=True)
class PeopleText:
    """In one language. Fields in braces are filled in by ``str.format``."""

    title: str
    sign_in: str
    sign_in_first: str
    sign_in_more: str
    sign_in_failed: str
    sign_out: str
    sample: str
    sample_more: str
    people: str
    nobody: str
    since: str
    throw_out: str
    keys: str
    keys_more: str
    no_keys: str
    roles: Mapping[str, str]
    name: str
    role: str
    groups: str
    groups_hint: str
    days: str
    days_help: str
    add: str
    made: str
    rotate: str
    remove: str
    never: str
    ends: str
    ended: str
    used: str
    unused: str


TEXTS: Final[Mapping[Language, PeopleText]] = {
    "en": PeopleText(
        title="People and keys",
        sign_in="Sign in",
        sign_in_first="Please sign in",
        sign_in_more="This assistant is for people of your organisation. You are sent to its "
        "sign-in page and come back here.",
        sign_in_failed="Signing in did not succeed: {detail}",
        sign_out="Sign out",
        sample="Sample data",
        sample_more="Recorded from the product until {day}, with invented people and scripts for "
        "models; the clock here goes on from then.",
        people="Signed in",
        nobody="Nobody is signed in.",
        since="since {began}, last seen {latest}",
        throw_out="End",
        keys="Keys",
        keys_more="With a key, a program calls the API. It is shown once, when it is made.",
        no_keys="There is no key.",
        roles={
            "user": "user: ask, rate, ask for a person",
            "agent": "agent: tickets, and how the answers are",
            "editor": "editor: the knowledge",
            "owner": "owner: models, guardrail, nights",
            "admin": "admin: people and keys",
        },
        name="Name",
        role="Roles",
        groups="Groups",
        groups_hint="whose documents it may read, separated by commas",
        days="Days until it ends",
        days_help="0: it never ends.",
        add="Make a key",
        made="The key {name}. Copy it now: it is not shown again.",
        rotate="New key",
        remove="Remove",
        never="never ends",
        ends="ends {day}",
        ended="has ended {day}",
        used="last used {moment}",
        unused="never used",
    ),
    "de": PeopleText(
        title="Personen und Schlüssel",
        sign_in="Anmelden",
        sign_in_first="Bitte melden Sie sich an",
        sign_in_more="Dieser Assistent ist für Personen Ihrer Organisation. Sie werden zu deren "
        "Anmeldeseite geschickt und kommen hierher zurück.",
        sign_in_failed="Die Anmeldung ist nicht gelungen: {detail}",
        sign_out="Abmelden",
        sample="Beispieldaten",
        sample_more="Bis {day} am Produkt aufgezeichnet, mit erfundenen Personen und Skripten "
        "statt Modellen; die Uhr geht hier von da an weiter.",
        people="Angemeldet",
        nobody="Niemand ist angemeldet.",
        since="seit {began}, zuletzt gesehen {latest}",
        throw_out="Beenden",
        keys="Schlüssel",
        keys_more="Mit einem Schlüssel ruft ein Programm die API auf. Er wird einmal gezeigt, wenn "
        "er gemacht wird.",
        no_keys="Es gibt keinen Schlüssel.",
        roles={
            "user": "user: fragen, bewerten, einen Menschen verlangen",
            "agent": "agent: Tickets, und wie die Antworten sind",
            "editor": "editor: das Wissen",
            "owner": "owner: Modelle, Leitplanke, Nächte",
            "admin": "admin: Personen und Schlüssel",
        },
        name="Name",
        role="Rollen",
        groups="Gruppen",
        groups_hint="wessen Dokumente er lesen darf, durch Kommas getrennt",
        days="Tage, bis er endet",
        days_help="0: Er endet nie.",
        add="Schlüssel machen",
        made="Der Schlüssel {name}. Kopieren Sie ihn jetzt: Er wird nicht wieder gezeigt.",
        rotate="Neuer Schlüssel",
        remove="Entfernen",
        never="endet nie",
        ends="endet am {day}",
        ended="ist beendet seit {day}",
        used="zuletzt benutzt {moment}",
        unused="nie benutzt",
    ),
}
