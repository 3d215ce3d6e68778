"""What a file is by its first bytes, because its name and its sender may say anything."""

HEAD_BYTES = 64

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS = {b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"avif": "image/avif"}
"""Of an ISO container (ISO/IEC 14496-12, `ftyp`); every other brand that is read here is video."""

_SAME_CONTAINER = {
    "video/webm": frozenset({"audio/webm"}),
    "video/mp4": frozenset({"audio/mp4", "video/3gpp"}),
    "audio/ogg": frozenset({"video/ogg"}),
}
"""What the first bytes do not tell apart: here the sender's word counts."""


def sniffed_type(head: bytes, claimed: str = "") -> str:
    """The MIME type that the bytes prove, "" when they prove none. `claimed` decides within one container."""
    seen = _seen(head)
    return claimed if claimed in _SAME_CONTAINER.get(seen, ()) else seen


def _seen(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "image/heic" if brand[:3] in (b"hei", b"hev", b"mif") else _brand(brand)
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def _brand(brand: bytes) -> str:
    return "video/3gpp" if brand.startswith(b"3g") else _BRANDS.get(brand, "video/mp4")
