"""Languages as containers name them: two spellings of one language, and QuickTime's own list.

Pure data, and two look-ups.
"""

from __future__ import annotations

_TWINS = {
    "sqi": "alb",
    "hye": "arm",
    "eus": "baq",
    "mya": "bur",
    "zho": "chi",
    "ces": "cze",
    "nld": "dut",
    "fra": "fre",
    "kat": "geo",
    "deu": "ger",
    "ell": "gre",
    "isl": "ice",
    "mkd": "mac",
    "mri": "mao",
    "msa": "may",
    "fas": "per",
    "ron": "rum",
    "slk": "slo",
    "bod": "tib",
    "cym": "wel",
    # How libav reads and writes some of QuickTime's.
    "swe": "sve",
    "hrv": "hr",
    "srp": "sr",
    "pan": "pa",
    "gle": "iri",
    "fao": "fo",
}
"""ISO 639-2's terminological code → another code for the same language."""

_CANONICAL = {twin: code for code, twin in _TWINS.items()}

_QUICKTIME_LIST = """
eng fra ger ita dut sve spa dan por nor heb jpn ara fin gre ice mlt tur chi urd hin tha kor lit pol
hun est lav rus iri alb ron ces slk slv yid mac bul ukr bel uzb kaz aze arm geo mol kir tgk tuk mon
pus kur kas snd tib nep san mar ben asm guj ori mal kan tam tel bur khm lao vie ind tgl may amh tir
orm som swa run mlg epo wel baq cat lat que grn aym tat uig dzo jav per kin nya
"""
_QUICKTIME = frozenset(_QUICKTIME_LIST.split())
_PADDED = frozenset({"hr", "sr", "pa", "fo"})
"""These have a blank behind them in QuickTime's list."""


def canonical(code: str | None) -> str | None:
    """One spelling for each language; None where it is not said."""
    bare = (code or "").strip().lower()
    # MP4 with all bits set makes libav say three DEL characters.
    said = bare not in ("", "und") and bare.isprintable()
    return _CANONICAL.get(bare, bare) if said else None


def quicktime(code: str) -> str | None:
    """How QuickTime's list of languages spells this one; None where it does not have it."""
    known = canonical(code) or ""
    for spelling in (known, _TWINS.get(known, "")):
        if spelling in _QUICKTIME:
            return spelling
        if spelling in _PADDED:
            return f"{spelling} "
    return None
