"""Which account references a file has already held, in a few bytes each so that memory stays flat on large files."""

from __future__ import annotations

from array import array

_EMPTY = 0
_MASK = (1 << 64) - 1


class SeenRefs:
    """Account reference -> line it was first accepted on.

    Keeps a 64-bit hash and a line in two flat arrays (open addressing, at most half full): about 24 bytes a
    reference where a dict of strings takes 150. Two references of a million share a hash with probability 3e-8.
    """

    def __init__(self) -> None:
        self._size = 1 << 12
        self._count = 0
        self._keys = array("Q", bytes(8 * self._size))
        self._lines = array("L", bytes(array("L").itemsize * self._size))

    def first_line(self, ref: str, line: int) -> int | None:
        """The line `ref` was seen on before, or None; then it is remembered as standing on `line`."""
        key = hash(ref) & _MASK or 1
        place = self._place(key)
        if self._keys[place] == key:
            return self._lines[place]
        self._keys[place] = key
        self._lines[place] = line
        self._count += 1
        if self._count * 2 >= self._size:
            self._grow()
        return None

    def _place(self, key: int) -> int:
        mask = self._size - 1
        place = key & mask
        keys = self._keys
        while keys[place] not in (_EMPTY, key):
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        keys, lines = self._keys, self._lines
        self._size *= 2
        self._keys = array("Q", bytes(8 * self._size))
        self._lines = array("L", bytes(array("L").itemsize * self._size))
        for key, line in zip(keys, lines, strict=True):
            if key != _EMPTY:
                place = self._place(key)
                self._keys[place] = key
                self._lines[place] = line
