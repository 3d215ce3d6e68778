"""Files are what their first bytes say."""

import pytest

from kernel.sniffing import sniffed_type


@pytest.mark.parametrize(
    ("head", "claimed", "told"),
    [
        (b"\xff\xd8\xff\xe0....JFIF", "image/png", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "", "image/png"),
        (b"GIF89a..", "", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "", "audio/wav"),
        (b"RIFF\x10\0\0\0AVI LIST", "", ""),
        (b"\0\0\0\x18ftypmp42", "", "video/mp4"),
        (b"\0\0\0\x18ftypmp42", "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x18ftypM4A ", "", "audio/mp4"),
        (b"\0\0\0\x18ftyp3gp5", "", "video/3gpp"),
        (b"\0\0\0\x18ftypheic", "image/jpeg", "image/heic"),
        (b"\x1a\x45\xdf\xa3....", "audio/webm", "audio/webm"),
        (b"\x1a\x45\xdf\xa3....", "image/png", "video/webm"),
        (b"OggS\0", "audio/ogg", "audio/ogg"),
        (b"ID3\x04", "", "audio/mpeg"),
        (b"%PDF-1.7", "text/html", "application/pdf"),
        (b"<svg onload=alert(1)>", "image/png", ""),
        (b"<!doctype html>", "image/jpeg", ""),
        (b"", "image/png", ""),
    ],
)
def test_the_bytes_count_and_not_what_somebody_called_them(head, claimed, told):
    assert sniffed_type(head, claimed) == told
