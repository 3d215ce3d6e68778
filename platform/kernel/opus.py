"""Opus sound from a browser's WebM file into an Ogg file, packet by packet: nothing is encoded anew.

Formats: WebM is a subset of Matroska (RFC 9559) in EBML (RFC 8794); Ogg is RFC 3533, Opus in it RFC 7845, and the
length of a packet RFC 6716 §3.1.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

SAMPLES_PER_SECOND = 48_000
PAGE_SECONDS = 1
SERIAL = 0x57425631
SEGMENTS_MAX = 255

_ENTERED = frozenset({0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xA0})  # Segment, Cluster, Tracks, TrackEntry, group
_TRACK_ENTRY, _TRACK_NUMBER, _CODEC_ID, _CODEC_PRIVATE = 0xAE, 0xD7, 0x86, 0x63A2
_BLOCKS = (0xA3, 0xA1)
_LACING = 0x06
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FRAME_SAMPLES = (
    *((480, 960, 1920, 2880) * 3),
    *((480, 960) * 2),
    *((120, 240, 480, 960) * 4),
)
"""Of each of the 32 configurations in a packet's first byte, at 48 kHz."""


class NotOpus(ValueError):
    """The file is no WebM file with Opus sound, or it is cut off in the middle of its head."""


@dataclass
class _Track:
    number: int = 0
    codec: bytes = b""
    head: bytes = b""


@dataclass
class _Sound:
    head: bytes = b""
    packets: list[bytes] = field(default_factory=list)


def ogg_of_webm(webm: bytes) -> tuple[bytes, float]:
    """The same sound as an Ogg file, and its length in seconds. Raises NotOpus."""
    sound = _sound_of(webm)
    if len(sound.head) < 19 or not sound.head.startswith(b"OpusHead") or not sound.packets:
        raise NotOpus("There is no Opus sound in it.")
    ahead = struct.unpack_from("<H", sound.head, 10)[0]  # samples at the start that are not to be heard
    pages = [_page(0x02, 0, 0, [sound.head]), _page(0, 0, 1, [_tags()])]
    total, waiting, waiting_samples = 0, [], 0
    for packet in sound.packets:
        samples = _samples_in(packet)
        if waiting and (
            waiting_samples >= PAGE_SECONDS * SAMPLES_PER_SECOND or _segments([*waiting, packet]) > SEGMENTS_MAX
        ):
            pages.append(_page(0, total, len(pages), waiting))
            waiting, waiting_samples = [], 0
        waiting.append(packet)
        waiting_samples += samples
        total += samples
    pages.append(_page(0x04, total, len(pages), waiting))
    return b"".join(pages), max(0, total - ahead) / SAMPLES_PER_SECOND


def _sound_of(webm: bytes) -> _Sound:
    """Packets of the first Opus track. Sizes of what is entered do not matter: live recordings leave them open."""
    sound, tracks, chosen = _Sound(), [], None
    for name, content in _elements(webm):
        if name == _TRACK_ENTRY:
            tracks.append(_Track())
        elif name == _TRACK_NUMBER and tracks:
            tracks[-1].number = int.from_bytes(content, "big")
        elif name == _CODEC_ID and tracks:
            tracks[-1].codec = bytes(content)
        elif name == _CODEC_PRIVATE and tracks:
            tracks[-1].head = bytes(content)
        elif name in _BLOCKS:
            chosen = chosen or next((track for track in tracks if track.codec == b"A_OPUS"), None)
            if chosen is None:
                raise NotOpus("Its sound is not Opus.")
            _take(sound, chosen, content)
    return sound


def _take(sound: _Sound, track: _Track, block: memoryview) -> None:
    number, at = _size(block, 0)
    if number != track.number:
        return
    if len(block) < at + 4 or block[at + 2] & _LACING:
        raise NotOpus("Its blocks hold several packets each.")
    sound.head = track.head
    sound.packets.append(bytes(block[at + 3 :]))


def _elements(webm: bytes) -> Iterator[tuple[int, memoryview]]:
    """(id, content) in order; of an element that is entered the content is empty and its own elements follow."""
    data, at = memoryview(webm), 0
    if webm[:4] != b"\x1a\x45\xdf\xa3":
        raise NotOpus("It is no WebM file.")
    while at < len(data):
        try:
            name, at = _identifier(data, at)
            size, at = _size(data, at)
        except IndexError:
            return  # cut off: what came before is whole
        if name in _ENTERED:
            yield name, data[:0]
        elif at + size > len(data):
            return
        else:
            yield name, data[at : at + size]
            at += size


def _identifier(data: memoryview, at: int) -> tuple[int, int]:
    length = _length(data[at])
    if length > 4:
        raise NotOpus("It holds something that is no element.")
    return int.from_bytes(data[at : at + length], "big"), at + length


def _size(data: memoryview, at: int) -> tuple[int, int]:
    length = _length(data[at])
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return value, at + length


def _length(first: int) -> int:
    if first == 0:
        raise NotOpus("It holds a number that is too long.")
    return 9 - first.bit_length()


def _samples_in(packet: bytes) -> int:
    if not packet:
        return 0
    frames = (1, 2, 2, 0)[packet[0] & 3] or (packet[1] & 63 if len(packet) > 1 else 0)
    return _FRAME_SAMPLES[packet[0] >> 3] * frames


def _segments(packets: list[bytes]) -> int:
    return sum(len(packet) // 255 + 1 for packet in packets)


def _page(kind: int, position: int, number: int, packets: list[bytes]) -> bytes:
    table = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    if len(table) > SEGMENTS_MAX:
        raise NotOpus("A packet is too long.")
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, SERIAL, number, 0, len(table)) + table
    page = head + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(page: bytes) -> int:
    """CRC-32 of Ogg: zlib's polynomial with the bits the other way round and nothing added before or after."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _tags() -> bytes:
    vendor = b"Waybill"
    return b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
