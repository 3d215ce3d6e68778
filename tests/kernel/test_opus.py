"""A recording keeps its sound, packet by packet, on its way from WebM to Ogg."""

import struct
from collections.abc import Iterator

import pytest

from kernel.opus import NotOpus, ogg_of_webm

HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
PACKET = bytes([15 << 3]) + b"\x11" * 30  # configuration 15: one frame of 20 ms


def element(name: int, content: bytes, *, open_end: bool = False) -> bytes:
    """An EBML element; with `open_end` of unknown size, as live recordings write their clusters."""
    size = b"\x01\xff\xff\xff\xff\xff\xff\xff" if open_end else struct.pack(">Q", len(content) | 1 << 56)
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + size + content


def block(packet: bytes, *, track: int = 1, flags: int = 0x80) -> bytes:
    return element(0xA3, bytes([0x80 | track]) + b"\0\0" + bytes([flags]) + packet)


def webm(packets: list[bytes], *, codec: bytes = b"A_OPUS", head: bytes = HEAD, **how) -> bytes:
    entry = element(0xD7, b"\x01") + element(0x86, codec) + element(0x63A2, head)
    cluster = element(0xE7, b"\0") + b"".join(block(packet, **how) for packet in packets)
    body = element(0x1654AE6B, element(0xAE, entry)) + element(0x1F43B675, cluster, open_end=True)
    return element(0x1A45DFA3, b"") + element(0x18538067, body, open_end=True)


def pages(ogg: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
    """(kind, position, packets) of each page, after its checksum was looked at the slow way."""
    at = 0
    while at < len(ogg):
        magic, _, kind, position, _, _, check, count = struct.unpack_from("<4sBBqIIIB", ogg, at)
        table = ogg[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(table)
        assert magic == b"OggS"
        assert slow_checksum(ogg[at : at + 22] + b"\0\0\0\0" + ogg[at + 26 : end]) == check
        packets, packet, read = [], b"", at + 27 + count
        for size in table:
            packet, read = packet + ogg[read : read + size], read + size
            if size < 255:
                packets.append(packet)
                packet = b""
        yield kind, position, packets
        at = end


def slow_checksum(page: bytes) -> int:
    """RFC 3533 §6: polynomial 0x04c11db7, bit by bit."""
    check = 0
    for byte in page:
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ 0x04C11DB7 if check & 0x80000000 else check << 1) & 0xFFFFFFFF
    return check


def test_every_packet_arrives_in_order_and_the_length_is_told():
    packets = [PACKET[:-1] + bytes([number]) for number in range(120)]
    ogg, seconds = ogg_of_webm(webm(packets))
    found = list(pages(ogg))
    assert [kind for kind, _, _ in found] == [2, 0, 0, 0, 4]
    assert found[0][2] == [HEAD]
    assert found[1][2][0].startswith(b"OpusTags")
    assert [packet for _, _, each in found[2:] for packet in each] == packets
    assert [position for _, position, _ in found[2:]] == [48_000, 96_000, 115_200]
    assert seconds == pytest.approx(2.4 - 312 / 48_000)


def test_long_packets_are_cut_into_segments_and_back():
    packets = [PACKET[:1] + bytes(length) for length in (254, 509, 255, 1200)]
    ogg, _ = ogg_of_webm(webm(packets))
    assert [packet for _, _, each in list(pages(ogg))[2:] for packet in each] == packets


@pytest.mark.parametrize(
    ("first_bytes", "samples"),
    [
        (bytes([0 << 3]), 480),
        (bytes([3 << 3 | 1]), 5760),
        (bytes([13 << 3 | 2]), 1920),
        (bytes([16 << 3]), 120),
        (bytes([31 << 3 | 3, 3]), 2880),
    ],
)
def test_a_packet_says_how_long_it_is(first_bytes, samples):
    ogg, _ = ogg_of_webm(webm([first_bytes + b"\0" * 10]))
    assert list(pages(ogg))[-1][1] == samples


def test_a_recording_that_is_cut_off_keeps_what_came_before():
    whole = webm([PACKET] * 10)
    ogg, _ = ogg_of_webm(whole[:-20])
    assert len(list(pages(ogg))[-1][2]) == 9


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"OggS and so on",
        b"\x1a\x45\xdf\xa3",
        webm([]),
        webm([PACKET], codec=b"A_VORBIS"),
        webm([PACKET], head=b"nothing"),
        webm([PACKET], flags=0x82),
        webm([PACKET], track=2),
        webm([PACKET * 3000]),
        b"\x1a\x45\xdf\xa3" + b"\0" * 40,
        b"\x1a\x45\xdf\xa3" + b"\xff" * 40,
    ],
)
def test_what_is_no_opus_recording_is_refused(broken):
    with pytest.raises(NotOpus):
        ogg_of_webm(broken)
