"""Owns the writing of byte strings as a bag of cells; must not know what the bytes mean."""

_MAGIC = bytes.fromhex("b5ee9c72")
_CELL_BYTES = 127
_SHORT_OFFSETS = 0x100


def snake(payload: bytes) -> str:
    """Return the hex of a bag of cells holding the payload, continued in the only reference of each full cell."""
    chunks = [payload[start : start + _CELL_BYTES] for start in range(0, len(payload), _CELL_BYTES)] or [b""]
    cells = b"".join(_cell(chunk, place, len(chunks)) for place, chunk in enumerate(chunks))
    offset_bytes = 1 if len(cells) < _SHORT_OFFSETS else 2
    # No index, no checksum, one byte for a cell's number; then how many cells, roots, absent; size; the root's number.
    header = bytes([1, offset_bytes, len(chunks), 1, 0]) + len(cells).to_bytes(offset_bytes, "big") + b"\x00"
    return (_MAGIC + header + cells).hex()


def _cell(chunk: bytes, place: int, total: int) -> bytes:
    reference = bytes([place + 1]) if place + 1 < total else b""
    # The second descriptor counts half bytes, for cells end on any bit; ours are whole bytes.
    return bytes([len(reference), 2 * len(chunk)]) + chunk + reference
