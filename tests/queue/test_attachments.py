"""Files: what they are by their bytes, whose they are, how much of them, and their end."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest

from assistant.desk.media import MOST_PIXELS, taken
from assistant.errors import QuestionError
from assistant.records.queue.attachments import Sending
from assistant.records.queue.tables import attachments
from assistant.retention.selection import Selection
from assistant.retention.texts import erase
from tests.queue.conftest import ADA


def png(width=3, height=2, more=b""):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (1 + 3 * min(width, 9)) * min(height, 9))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts + more


def jpeg(width=3, height=2):
    app = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 9
    return b"\xff\xd8" + app + b"\xff" + frame + b"\xff\xda" + b"\0" * 20 + b"\xff\xd9"


def gif(width=3, height=2, more=b""):
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;" + more


def webp(form=b"VP8X", body=b"\0" * 4 + b"\2\0\0" + b"\1\0\0"):
    inner = b"WEBP" + form + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
LOSSLESS = b"\x2f" + struct.pack("<I", 2 | 1 << 14) + b"\0" * 5
LOSSY = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 3, 2)
GOOD = {
    "png": png(),
    "jpg": jpeg(),
    "gif": gif(),
    "webp": webp(),
    "pdf": PDF,
}


def archive():
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", b"\0" * 2_000_000)
    return out.getvalue()


BAD = {
    "a zip bomb": archive(),
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a page before a picture": b"<script>1</script>" + png(),
    "a PDF behind something": b"MZ" + PDF,
    "a program": b"\x7fELF" + b"\0" * 90,
    "nothing": b"",
    "the beginning of a picture": png()[:20],
    "a picture of nothing": png(0, 0),
    "a picture that fills a memory": png(60_000, 60_000),
    "another": gif(65_535, 65_535),
    "a third": jpeg(65_535, 65_535),
    "a fourth": webp(body=b"\0" * 4 + b"\xff" * 6),
    "a JPEG without a size": b"\xff\xd8\xff\xe0\0\4ab" * 3,
    "a JPEG that goes round": b"\xff\xd8\xff\xe0\0\0" * 9,
    "a WebP of no form": webp(b"XXXX"),
    "a sound": b"RIFF\0\0\0\0WAVEfmt ",
    "text": b"hello",
}
NAMES = {
    "../../etc/passwd": "passwd.png",
    "C:\\windows\\system32\\a.exe": "a.png",
    "a\r\nSet-Cookie: x=1.png": "a Set-Cookie x=1.png",
    'a"; filename="b.html': "a filename= b.png",
    "invoice\u202egnp.exe": "invoice gnp.png",
    "": "file.png",
    ".": "file.png",
    "..": "file.png",
    "/": "file.png",
    ".htaccess": "htaccess.png",
    "page.html": "page.png",
    "Ärger mit Umlauten.jpeg": "Ärger mit Umlauten.png",
    "x" * 400: "x" * 100 + ".png",
    "a\0b.png": "a b.png",
    "<img src=x>": "img src=x.png",
}


@pytest.mark.parametrize("ending", GOOD)
def test_a_file_is_what_its_bytes_say(ending):
    medium = taken("page.html", GOOD[ending])
    assert medium.name == f"page.{ending}"
    assert medium.type == {"pdf": "application/pdf", "jpg": "image/jpeg"}.get(
        ending, f"image/{ending}"
    )


@pytest.mark.parametrize("body", [LOSSLESS, LOSSY], ids=["lossless", "lossy"])
def test_each_form_of_webp_is_taken(body):
    form = b"VP8L" if body is LOSSLESS else b"VP8 "
    assert taken("a", webp(form, body)).type == "image/webp"


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_picture_and_no_pdf_is_refused_whatever_it_is_called(what):
    for name in ("a.png", "a.pdf", "a.html"):
        with pytest.raises(QuestionError):
            taken(name, BAD[what])


def test_a_picture_may_be_as_large_as_a_memory_bears():
    assert taken("a", png(MOST_PIXELS // 1000, 1000))
    with pytest.raises(QuestionError, match="60,000,000 are taken"):
        taken("a", png(MOST_PIXELS // 1000 + 1, 1000))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_and_no_path(name):
    assert taken(name, png()).name == NAMES[name]


def place(asked):
    return f"/v1/conversations/{asked['conversation_id']}/attachments"


def test_a_file_goes_to_the_person_and_back_and_to_nobody_else(api):
    asked = api.asked()
    evil = gif(more=b"<script>alert(1)</script>")
    sent = api.user.post(place(asked), params={"name": "../x.html"}, content=evil)
    assert sent.status_code == 201, sent.text
    file = sent.json()
    assert (file["name"], file["type"], file["bytes"]) == ("x.gif", "image/gif", len(evil))
    log = api.user.get(f"/v1/conversations/{asked['conversation_id']}").json()["entries"]
    shown = next(entry for entry in log if entry["number"] == file["number"])
    assert (shown["kind"], shown["text"]) == ("user", "x.gif")
    assert shown["detail"]["attachment"]["id"] == file["id"]
    assert api.ada.get("/v1/desk/tickets/1").json()["entries"][-1]["text"] == "x.gif"
    for client, where in (
        (api.user, f"{place(asked)}/{file['id']}"),
        (api.ada, f"/v1/desk/tickets/1/attachments/{file['id']}"),
    ):
        got = client.get(where)
        assert got.content == evil
        assert got.headers["content-type"] == "image/gif"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-disposition"].startswith('attachment; filename="x.gif"')
        assert "sandbox" in got.headers["content-security-policy"]
    own = api.other.post("/v1/tickets", json={"message": "mine"}).json()
    theirs = f"{place(asked)}/{file['id']}"
    assert api.other.get(theirs).status_code == 404
    assert api.other.get(f"{place(own)}/{file['id']}").status_code == 404
    assert api.ada.get(f"/v1/desk/tickets/2/attachments/{file['id']}").status_code == 404
    assert api.other.post(place(asked), content=png()).status_code == 404
    assert api.user.get(f"/v1/desk/tickets/1/attachments/{file['id']}").status_code == 403
    assert api.user.post("/v1/desk/tickets/1/attachments", content=png()).status_code == 403


def test_the_team_sends_files_and_keeps_some_to_itself(api):
    asked = api.asked()
    desk = "/v1/desk/tickets/1/attachments"
    shown = api.ada.post(desk, params={"name": "für Sie.pdf"}, content=PDF).json()
    kept = api.ada.post(desk, params={"name": "secret", "note": "true"}, content=png()).json()
    got = api.user.get(f"{place(asked)}/{shown['id']}")
    assert got.content == PDF
    assert "filename*=UTF-8''f%C3%BCr%20Sie.pdf" in got.headers["content-disposition"]
    assert api.user.get(f"{place(asked)}/{kept['id']}").status_code == 404
    assert api.bob.get(f"{desk}/{kept['id']}").content == png()
    log = api.user.get(f"/v1/conversations/{asked['conversation_id']}").text
    assert kept["id"] not in log
    assert api.bob.post(desk, content=PDF).status_code == 409, "it is Ada's"


def test_what_is_refused_leaves_nothing(api):
    conversation = api.user.post("/v1/conversations").json()
    refused = api.user.post(place(conversation), content=png())
    assert refused.status_code == 409
    assert "Ask for a person first" in refused.text
    asked = api.asked()
    for content in BAD.values():
        reply = api.user.post(place(asked), params={"name": "a.png"}, content=content)
        assert reply.status_code == 400, reply.text
    assert api.house.rows(attachments) == []
    log = api.user.get(f"/v1/conversations/{asked['conversation_id']}").json()["entries"]
    assert [entry["kind"] for entry in log] == ["moved", "user"]


def test_a_file_may_have_so_many_bytes_and_a_conversation_so_many_files(api):
    asked = api.asked()
    most = 5_000_000
    assert api.user.post(place(asked), content=png(more=b"\0" * 2_000_000)).status_code == 201
    over = api.user.post(place(asked), content=png(more=b"\0" * most))
    assert over.status_code == 413
    assert "5,000,000 bytes at most" in over.text

    read = []

    def stream():  # 100 MB that do not say how long they are
        for _ in range(100):
            read.append(1)
            yield png(more=b"\0" * 1_000_000)

    assert api.user.post(place(asked), content=stream()).status_code == 413
    told = {"Content-Length": "100000000"}
    assert api.user.post(place(asked), content=b"x", headers=told).status_code == 413
    codes = [api.user.post(place(asked), content=png()).status_code for _ in range(20)]
    assert codes == [201] * 19 + [409]
    assert len(api.house.rows(attachments)) == 20


def test_a_file_that_is_sent_again_is_there_once(api):
    asked = api.asked()
    params = {"client_id": "the-same-one"}
    first, again = (api.user.post(place(asked), params=params, content=png()) for _ in "ab")
    assert first.json() == again.json()
    assert len(api.house.rows(attachments)) == 1
    noted = f"/v1/desk/tickets/{asked['number']}/attachments"
    note = {"client_id": "the-same-note", "note": True}
    first, again = (api.ada.post(noted, params=note, content=png()) for _ in "ab")
    assert first.json() == again.json()
    assert len(api.house.rows(attachments)) == 2


def test_what_was_sent_with_another_kind_of_message_before_is_a_conflict_and_not_lost(api):
    asked = api.asked()
    params = {"client_id": "the-same-one"}
    messages = f"/v1/conversations/{asked['conversation_id']}/messages"
    assert api.user.post(messages, json={"text": "See:", **params}).status_code == 201
    refused = api.user.post(place(asked), params=params, content=png())
    assert refused.status_code == 409
    assert "Something else was sent" in refused.json()["error"]["message"]
    assert len(api.house.rows(attachments)) == 0
    sent = api.user.post(place(asked), params={"client_id": "the-file"}, content=png())
    assert sent.status_code == 201
    again = api.user.post(messages, json={"text": "Seen?", "client_id": "the-file"})
    assert again.status_code == 409


def test_files_are_erased_with_what_they_were_said_in(house):
    tickets = [house.ticket(), house.ticket()]
    for ticket in tickets:
        sending = Sending.of(taken("a", png()), png(more=b"quibberish"), 5)
        house.threads.hand_in(ticket.conversation_id, "a.png", sending.detail, sending.keep)
        house.desk.note(ticket.id, "b", ADA)
    with house.engine.begin() as connection:
        chosen = Selection.of(connection, [tickets[0].conversation_id])
        assert chosen.counts["attachments"] == 1
        erase(connection, chosen)
    assert [row["conversation_id"] for row in house.rows(attachments)] == [
        tickets[1].conversation_id
    ]
