"""The character encoding of a file: its byte-order mark, else strict UTF-8, else one of two legacy candidates."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple


class Encoding(NamedTuple):
    """What the creditor is shown, and Python's name for it."""

    label: str
    codec: str


UTF8 = Encoding("UTF-8", "utf-8")
GB18030 = Encoding("GB18030", "gb18030")
WINDOWS_1252 = Encoding("Windows-1252", "cp1252")

# UTF-32 before UTF-16: its little-endian mark begins with the shorter one.
_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, Encoding("UTF-8 with byte-order mark", "utf-8-sig")),
    (codecs.BOM_UTF32_LE, Encoding("UTF-32", "utf-32")),
    (codecs.BOM_UTF32_BE, Encoding("UTF-32", "utf-32")),
    (codecs.BOM_UTF16_LE, Encoding("UTF-16", "utf-16")),
    (codecs.BOM_UTF16_BE, Encoding("UTF-16", "utf-16")),
)
_CHUNK = 1 << 20
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


def candidates(data: bytes) -> list[Encoding]:
    """Encodings the whole file decodes in, best first; empty when it is not text.

    Two candidates are left only when the file is neither marked nor UTF-8; the headings then decide between them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return [encoding] if _decodes(data, encoding.codec) else []
    if _decodes(data, UTF8.codec):
        return [UTF8]
    legacy = [GB18030, WINDOWS_1252] if _looks_double_byte(data) else [WINDOWS_1252, GB18030]
    return [encoding for encoding in legacy if _decodes(data, encoding.codec)]


def _decodes(data: bytes, codec: str) -> bool:
    """Whether all of it is text in this encoding. A zero character stands in no text, and the database takes none."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    view = memoryview(data)
    try:
        for start in range(0, len(data), _CHUNK):
            if "\0" in decoder.decode(bytes(view[start : start + _CHUNK])):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _looks_double_byte(data: bytes) -> bool:
    """Chinese text is written in pairs of high bytes; accented Latin letters mostly stand alone."""
    runs = [len(match.group()) for match in _HIGH_BYTES.finditer(data[:_CHUNK])]
    return sum(length % 2 == 0 for length in runs) * 2 > len(runs)
