"""Small real files, drawn here: what a customer sends when nobody says what."""

import struct
import zlib


def sample_file(kind: str) -> tuple[str, bytes, str]:
    """(MIME type, bytes, name) of a small real file of the kind, drawn here."""
    if kind in ("audio", "voice"):
        return "audio/wav", _tone(), "tone.wav"
    if kind == "document":
        return "application/pdf", _page(), "Offer.pdf"
    if kind in ("video", "gif", "short"):
        return "video/mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "clip.mp4"
    return "image/png", _picture(), "picture.png"


def _picture(width: int = 320, height: int = 200) -> bytes:
    rows = b"".join(
        b"\x00" + bytes(v for x in range(width) for v in (60 + x // 2, 120 + y // 2, 150 - x // 8))
        for y in range(height)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _tone(seconds: int = 2, rate: int = 8000) -> bytes:
    samples = bytes(128 + (40 if (n * 440 // rate) % 2 else -40) for n in range(seconds * rate))
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            36 + len(samples),
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            rate,
            rate,
            1,
            8,
            b"data",
            len(samples),
        )
        + samples
    )


def _page() -> bytes:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length 44>>stream\nBT /F1 18 Tf 40 100 Td (A demo document) Tj ET \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    page, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return page + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(page),
    )
