"""Small real files that tests read: PDFs written by hand."""

from collections.abc import Sequence


def pdf(pages: Sequence[str], *, title: str = "", extra: str = "", trailer: str = "") -> bytes:
    """Return a PDF of one line of Latin-1 text per page; an empty text gives an empty page."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    page = (
        "/Type /Page /Parent 2 0 R /MediaBox [0 0 600 200] /Resources << /Font << /F1 3 0 R >> >>"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({title}) >>",
    ]
    for i, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET" if text else ""
        objects += [
            f"<< {page} /Contents {6 + 2 * i} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    if extra:
        objects.append(extra)
    out, offsets = "%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    out += f"trailer\n<< /Size {size} /Root 1 0 R /Info 4 0 R {trailer} >>\n"
    return (out + f"startxref\n{out.index('xref')}\n%%EOF\n").encode("latin-1")


def locked_pdf() -> bytes:
    """Return a PDF encrypted as Acrobat does today (AES-256)."""
    blank = {name: f"<{'00' * length}>" for name, length in (("O", 48), ("U", 48), ("P", 16))}
    encryption = (
        "<< /Filter /Standard /V 5 /R 6 /Length 256 /P -4 "
        f"/O {blank['O']} /U {blank['U']} /OE <{'00' * 32}> /UE <{'00' * 32}> "
        f"/Perms {blank['P']} /StmF /StdCF /StrF /StdCF "
        "/CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length 32 >> >> >>"
    )
    trailer = "/Encrypt 7 0 R /ID [<00> <00>]"
    return pdf(["secret"], extra=encryption, trailer=trailer)
