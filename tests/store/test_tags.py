"""Any element of a header as a column: exactly the header's own, typed, lazily, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dicom.record import as_text, dicom_json, instance_row, lines
from workbench.errors import SettingsError
from workbench.schema import INSTANCE
from workbench.simulate.hospital import simulate_hospital
from workbench.store.tagpath import TagPath
from workbench.store.tags import KEYS, KINDS, tag_column, tag_frame
from workbench.survey.questions import TableSource
from workbench.survey.questions import asked as answered

SIEMENS = "SIEMENS CT VA0  COAD"
Header = dict[str, Any]


def stored(header: Header) -> str:
    return lines(as_text({key: header[key]})[1:-1] for key in sorted(header))


def instances(*headers: Header) -> pl.LazyFrame:
    return INSTANCE.frame(
        [{"object_number": i, "header": stored(one)} for i, one in enumerate(headers)]
    ).lazy()


def asked(text: str, *headers: Header, creator: str | None = None, kind: str | None = None):
    """Return (present, vr, value, bad) of each header."""
    path = TagPath.parse(text, creator)
    frame = tag_frame(instances(*headers), path, kind).collect()
    return frame.select("present", "vr", path.name, "bad").rows()


def element(vr: str, *values: object) -> Header:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def reserved(block: str = "10", name: str = SIEMENS, **elements: Header) -> Header:
    """Return a block of group 0019 with its elements by low byte (``_92``)."""
    return {
        f"001900{block}": element("LO", name),
        **{f"0019{block}{low[1:]}": value for low, value in elements.items()},
    }


# --- values ---------------------------------------------------------------------------------


def test_absent_empty_and_filled_are_three_things() -> None:
    headers = ({}, {"00180060": element("DS")}, {"00180060": element("DS", 120.0)})
    assert asked("KVP", *headers) == [
        (False, None, None, 0), (True, "DS", None, 0), (True, "DS", 120.0, 0),
    ]  # fmt: skip
    assert [row[2] for row in asked("KVP", *headers, kind="reals")] == [None, [], [120.0]]
    assert [row[2] for row in asked("KVP", *headers, kind="texts")] == [None, [], ["120.0"]]


def test_what_is_not_of_the_kind_is_null_and_counted() -> None:
    def kvp(*values: object, kind: str = "real"):
        return asked("KVP", {"00180060": element("DS", *values)}, kind=kind)[0][2:]

    assert kvp("12,5") == (None, 1)
    assert kvp("nan") == (None, 1)
    assert kvp(1.5, None, "12,5") == (None, 2)
    assert kvp(1.5, None, "12,5", kind="reals") == ([1.5, None, None], 1)
    assert kvp(1.5, kind="integer") == (None, 1)
    assert kvp(2.0, kind="integer") == (2, 0)
    assert kvp(" -2.5e1 ") == (-25.0, 0), "text that is a decimal string"
    assert kvp(None) == (None, 0)
    assert kvp("") == (None, 0)


def test_whole_numbers_are_never_rounded() -> None:
    def value(number: object, kind: str):
        return asked("0018,9999", {"00189999": element("UV", number)}, kind=kind)[0][2:]

    odd = 2**53 + 1
    assert value(odd, "integer") == (odd, 0)
    assert value(str(odd), "integer") == (odd, 0)
    assert value(odd, "real") == (None, 1)
    assert value(odd, "reals") == ([None], 1)
    assert value(odd - 1, "real") == (float(odd - 1), 0)
    assert value(2**63, "integer") == (None, 1)
    for kind in ("real", "integer"):
        assert value(10**400, kind) == (None, 1)
        assert value("1e400", kind) == (None, 1)
        assert value("9" * 5_000, kind) == (None, 1)


def test_dates_names_bytes_and_sequences_keep_what_they_hold() -> None:
    header = {
        "00080020": element("DA", "20240231"),
        "00080021": element("DA", "20240229"),
        "00100010": element("PN", {"Alphabetic": "Yamada^Taro", "Ideographic": "山田^太郎"}),
        "00291010": {"vr": "OB", "InlineBinary": "AAEC"},
        "00290010": element("LO", "A"),
        "00081140": element("SQ", {"00081155": element("UI", "1.2")}),
    }
    assert asked("StudyDate", header)[0][2:] == (None, 1)
    assert str(asked("SeriesDate", header)[0][2]) == "2024-02-29"
    assert asked("PatientName", header)[0][2] == "Yamada^Taro=山田^太郎"
    assert asked("0029,1010", header, creator="A", kind="text")[0] == (True, "OB", "AAEC", 0)
    assert asked("0029,1010", header, creator="A", kind="real")[0] == (True, "OB", None, 1)
    sequence = asked("ReferencedImageSequence", header)[0]
    assert sequence == (True, "SQ", as_text(header["00081140"]), 0)
    assert asked("ReferencedImageSequence", header, kind="text")[0][2:] == (None, 1)


def test_several_values_in_a_text_have_backslashes_between() -> None:
    header = {"00080008": element("CS", "ORIGINAL", "", "AXIAL")}
    assert asked("ImageType", header, kind="text")[0][2] == "ORIGINAL\\\\AXIAL"
    assert asked("ImageType", header)[0][2] == ["ORIGINAL", None, "AXIAL"]


# --- private blocks and sequences ---------------------------------------------------------------


def test_the_block_is_that_of_the_creator_in_each_row() -> None:
    wanted, other = element("DS", 1.0), element("DS", 2.0)
    rows = asked(
        "0019,1092",
        reserved("10", _92=wanted),
        reserved("10", "OTHER", _92=other) | reserved("E1", SIEMENS + " ", _92=wanted),
        reserved("10", "OTHER", _92=other),
        reserved("10", "SIEMENS CT VA0 COAD", _92=other),
        reserved("10", " " + SIEMENS, _92=other),
        {"00191092": other},
        reserved("10", _93=other),
        reserved("10", _92=element("DS")),
        creator=SIEMENS,
    )
    nothing = (False, None, None, 0)
    assert rows == [
        (True, "DS", 1.0, 0), (True, "DS", 1.0, 0), nothing, nothing, nothing, nothing, nothing,
        (True, "DS", None, 0),
    ]  # fmt: skip


def test_of_two_blocks_of_one_creator_the_first_counts_that_has_the_element() -> None:
    one, two = element("DS", 1.0), element("DS", 2.0)
    rows = asked(
        "0019,1092",
        reserved("10", _91=two) | reserved("11", _92=one),
        reserved("10", _92=one) | reserved("11", _92=two),
        reserved("10", "OTHER", _92=two) | reserved("11") | reserved("12", _92=one),
        creator=SIEMENS,
    )
    assert [row[2] for row in rows] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("creator", ["A.*B", "A(", "A[1]", 'say "so"', "日本 α", "a\\b", "^$|"])
def test_a_creator_is_text_and_no_pattern(creator: str) -> None:
    header = reserved("10", creator, _92=element("LO", "mine"))
    assert asked("0019,1092", header, creator=creator)[0][2] == ["mine"]
    assert not asked("0019,1092", reserved("10", "AxxB", _92=element("LO")), creator=creator)[0][0]


def test_inside_sequences_all_items_count_in_their_order() -> None:
    def exposure(*items: Header) -> Header:
        return {"00189321": element("SQ", *items) if items else {"vr": "SQ", "Value": []}}

    dose = "00189345"
    path = "CTExposureSequence/CTDIvol"
    header = exposure({dose: element("FD", 1.5)}, {}, {dose: element("FD", 2.5, 3.5)})
    assert asked(path, header) == [(True, "FD", [1.5, None, 2.5, 3.5], 0)]
    assert asked(path, header, kind="real") == [(True, "FD", None, 3)]
    assert asked(path, exposure({dose: element("FD", 2.5)}, {}), kind="real")[0][2:] == (2.5, 0)
    assert (
        asked(path, {dose: element("FD", 9.0)}, exposure(), exposure({}))
        == [(False, None, None, 0)] * 3
    )
    mixed = exposure({dose: element("FD")}, {dose: element("DS", "x")})
    assert asked(path, mixed) == [(True, "FD, DS", [None, None], 1)]
    as_json = asked(path, mixed, kind="json")[0][2]
    assert json.loads(as_json) == [element("FD"), element("DS", "x")]


def test_a_private_element_in_an_item_has_the_item_s_own_block() -> None:
    item = reserved("10", "OTHER", _92=element("DS", 9.0)) | reserved("11", _92=element("DS", 1.0))
    header = {"00081140": element("SQ", item)} | reserved("10", _92=element("DS", 7.0))
    path = f"ReferencedImageSequence/0019,1092[{SIEMENS}]"
    assert asked(path, header, kind="reals")[0][2] == [1.0]


def test_a_sequence_kept_as_bytes_is_told() -> None:
    header = {"00081140": {"vr": "UN", "InlineBinary": "AAEC"}}
    path = "ReferencedImageSequence/ReferencedSOPInstanceUID"
    assert asked(path, header) == [(False, None, None, 1)]


# --- any header at all, beside a plain JSON reader -----------------------------------------------

HOSTILE = [
    '\n"00180060":{"vr":"DS","Value":[9]}',
    '"00191092":{',
    "\\",
    '"',
    "]}",
    "日本語",
    "\x07\u2028",
]
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"])))
NUMBER = st.one_of(st.integers(-(2**64), 2**64), st.floats(allow_nan=False, allow_infinity=False))
SCALAR = st.one_of(st.none(), TEXT, NUMBER)
KEY = ["00180060", "00081140", "00189321", "00190010", "00190011", "00191092", "00191192"]


def _filled(values: st.SearchStrategy[Any], vrs: list[str]) -> st.SearchStrategy[Header]:
    return st.builds(
        lambda vr, held: element(vr, *held), st.sampled_from(vrs), st.lists(values, max_size=3)
    )


def _header(leaf: st.SearchStrategy[Header]) -> st.SearchStrategy[Header]:
    creators = _filled(st.sampled_from([SIEMENS, SIEMENS + "  ", "OTHER"]), ["LO"])
    return st.fixed_dictionaries(
        {}, optional={key: creators if key.startswith("001900") else leaf for key in KEY}
    )


LEAF = st.one_of(
    _filled(SCALAR, ["DS", "IS", "LO", "UN"]),
    _filled(NUMBER, ["DS", "FD"]),
    _filled(TEXT, ["LO"]),
    st.builds(lambda data: {"vr": "OB", "InlineBinary": data}, st.just("AAEC")),
)
HEADER = _header(
    st.one_of(LEAF, _filled(_header(st.one_of(LEAF, _filled(_header(LEAF), ["SQ"]))), ["SQ"]))
)


def oracle_element(item: Header, key: str, creator: str | None) -> Header | None:
    if creator is None:
        return item.get(key)
    for block in range(0x10, 0x100):
        names = item.get(f"{key[:4]}00{block:02X}", {}).get("Value", [])
        mine = len(names) == 1 and names[0].rstrip(" ") == creator
        if mine and f"{key[:4]}{block:02X}{key[6:]}" in item:
            return item[f"{key[:4]}{block:02X}{key[6:]}"]
    return None


def oracle(header: Header, steps: list[tuple[str, str | None]]) -> list[Header | None]:
    """Return the element at a path of every item; ``None`` where an item has it not."""
    here = oracle_element(header, *steps[0])
    if here is None or len(steps) == 1:
        return [here]
    items = here.get("Value", []) if here["vr"] == "SQ" else [{}] * len(here.get("Value", []))
    if "InlineBinary" in here:
        items = [{}]
    return [found for item in items for found in oracle(item, steps[1:])]


def oracle_values(found: Header, nested: bool) -> list[object]:
    if "InlineBinary" in found:
        return [found["InlineBinary"]]
    return found.get("Value", []) or [None] * nested


PATHS = {
    "KVP": [("00180060", None)],
    f"0019,1092[{SIEMENS}]": [("00190092", SIEMENS)],
    "0019,0011": [("00190011", None)],
    "CTExposureSequence": [("00189321", None)],
    "CTExposureSequence/KVP": [("00189321", None), ("00180060", None)],
    f"ReferencedImageSequence/0019,1092[{SIEMENS}]": [("00081140", None), ("00190092", SIEMENS)],
    "CTExposureSequence/ReferencedImageSequence/KVP": [
        ("00189321", None), ("00081140", None), ("00180060", None),
    ],
}  # fmt: skip


@given(headers=st.lists(HEADER, min_size=1, max_size=4), path=st.sampled_from(sorted(PATHS)))
def test_every_path_has_what_a_plain_json_reader_finds(headers: list[Header], path: str) -> None:
    steps = PATHS[path]
    rows = {kind: asked(path, *headers, kind=kind) for kind in KINDS}
    for number, header in enumerate(headers):
        reached = oracle(json.loads(stored(header)), steps)
        found = [one for one in reached if one is not None]
        got = {kind: rows[kind][number] for kind in KINDS}
        vr = ", ".join(dict.fromkeys(one["vr"] for one in found)) or None
        assert {row[:2] for row in got.values()} == {(bool(found), vr)}
        if not found:
            assert {row[2] for row in got.values()} == {None}
            continue
        nested = len(steps) > 1
        assert json.loads(got["json"][2]) == (reached if nested else found[0])
        held = [value for one in reached for value in oracle_values(one or {}, nested)]
        assert got["texts"][2] == [
            None if value in (None, "") or isinstance(value, dict) else str(value) for value in held
        ]
        numbers = [oracle_real(value) for value in held]
        assert got["reals"][2] == numbers
        lost = sum(oracle_real(v) is None and v not in (None, "") for v in held)
        if not nested:
            assert got["reals"][3] == lost
            assert got["real"][2] == (numbers[0] if len(held) == 1 else None)


def oracle_real(value: object) -> float | None:
    if isinstance(value, str):
        try:
            number = float(value) if value.strip(" ").isascii() and "_" not in value else None
        except ValueError:
            return None
        return number if number is not None and abs(number) < float("inf") else None
    if value is None or isinstance(value, dict):
        return None
    return float(value) if float(value) == value else None  # type: ignore[arg-type]


def test_a_written_header_has_each_of_its_elements_in_its_column() -> None:
    dataset = next(one for one in simulate_hospital(patients=1).objects() if "CTDIvol" in one)
    header, _ = dicom_json(dataset)
    text = instance_row(header)[0]["header"]
    frame = pl.LazyFrame({"header": [text]})
    for key, own in header.items():
        block = int(key[:4], 16) % 2 and key[4:6] != "00"
        creator = header[f"{key[:4]}00{key[4:6]}"]["Value"][0] if block else None
        path = TagPath.parse(key, creator)
        columns = {
            kind: tag_column(path, kind).struct.field(path.name).alias(kind)
            for kind in ("json", "texts")
        }
        ((as_json, texts),) = frame.select(**columns).collect().rows()
        assert json.loads(as_json) == own
        if own["vr"] not in ("SQ", "PN") and "InlineBinary" not in own:
            assert texts == [str(value) for value in own.get("Value", [])]


# --- lazily -------------------------------------------------------------------------------------


def test_nothing_is_read_but_the_header_and_the_keys_and_filters_reach_the_file(
    tmp_path: Path,
) -> None:
    INSTANCE.frame([{"object_number": 1, "header": "{\n\n}"}]).write_parquet(tmp_path / "a.parquet")
    lazy = pl.scan_parquet(tmp_path / "a.parquet")
    frame = tag_frame(lazy, TagPath.parse("0019,1092", SIEMENS))
    assert isinstance(frame, pl.LazyFrame)
    plan = frame.filter(pl.col("SeriesInstanceUID") == "1.2").explain()
    scan = plan[plan.index("SCAN") :]
    assert "SELECTION" in scan
    assert f"PROJECT {len(KEYS) + 1}/" in scan
    of_one = frame.filter(pl.col("patient") == "P").select("0019,1092").explain()
    assert "PROJECT 2/" in of_one[of_one.index("SCAN") :]
    assert frame.collect().height == 1, "a header without the element keeps its row"


def test_a_question_in_sql_reaches_into_headers_as_the_page_says() -> None:
    rows = [
        {"object_number": number, "header": stored({"00180060": element("DS", kv)})}
        for number, kv in enumerate((80.0, 120.0))
    ]
    page = (Path(__file__).parents[2] / "docs" / "tags.md").read_text(encoding="utf-8")
    question = page.partition('survey.sql("""')[2].partition('"""')[0]
    source = TableSource([], INSTANCE.frame(rows).lazy(), INSTANCE.names)
    assert answered(question, {"instance": source}).rows() == [(100.0,)]


def test_an_element_that_is_a_key_is_asked_for_like_any_other() -> None:
    frame = tag_frame(instances({"00080060": element("CS", "CT")}), TagPath.parse("Modality"))
    assert frame.collect()["Modality"].to_list() == ["CT"]


def test_types_are_known_before_and_hold_without_rows() -> None:
    for kind in KINDS:
        frame = tag_frame(INSTANCE.empty().lazy(), TagPath.parse("KVP"), kind)
        assert frame.collect().schema == frame.collect_schema()
        filled = tag_frame(
            instances({}, {"00180060": element("DS", 1.0)}), TagPath.parse("KVP"), kind
        )
        assert filled.collect().schema == frame.collect_schema()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="real"):
        tag_column(TagPath.parse("KVP"), "decimal")


def test_the_expression_stands_beside_other_columns() -> None:
    rows = instances({"00180060": element("DS", 120.0)})
    frame = rows.with_columns(tag=tag_column(TagPath.parse("KVP"))).unnest("tag", separator=" ")
    assert frame.select("object_number", "tag KVP").collect().rows() == [(0, 120.0)]
