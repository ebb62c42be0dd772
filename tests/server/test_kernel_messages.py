"""What may pass from a page to its kernel, in every way a message can be written."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.server.page_messages import MALFORMED, SAID, in_every_way, whole, written
from workbench.server.kernel_messages import MAX_NAME, STATES, V1, for_page, is_look, may_pass

PASS = [
    ("comm_msg", {"comm_id": "x", "data": {"method": "custom"}}),
    ("comm_open", {"comm_id": "x", "target_name": STATES}),
    ("comm_close", {"comm_id": "x"}), ("comm_info_request", {}), ("kernel_info_request", {}),
]  # fmt: skip
DROP = [
    ("execute_request", {"code": "1"}), ("complete_request", {}), ("inspect_request", {}),
    ("history_request", {}), ("is_complete_request", {}), ("shutdown_request", {}),
    ("interrupt_request", {}), ("debug_request", {}), ("input_reply", {"value": "1"}),
    ("create_subshell_request", {}), ("comm_open", {"target_name": "jupyter.widget"}),
    ("comm_open", {}), ("comm_open", []), ("COMM_MSG", {}), (None, {}), (["comm_msg"], {}),
    ("comm_open", {"target_name": STATES}), ("comm_msg", {"data": {"method": "custom"}}),
    ("comm_msg", {"comm_id": "x"}), ("comm_msg", {"comm_id": "x", "data": []}),
    ("comm_msg", {"comm_id": "x", "data": {}}), ("comm_msg", {"comm_id": "x", "data": "custom"}),
    ("comm_msg", {"comm_id": "x", "data": {"method": "echo"}}),
    ("comm_msg", {"comm_id": "x", "data": {"method": ["custom"]}}),
    ("comm_msg", {"comm_id": "x", "data": {"method": "update", "state": "x"}}),
    ("comm_msg", {"comm_id": 7, "data": {"method": "custom"}}),
    ("comm_msg", {"comm_id": "x" * (MAX_NAME + 1), "data": {"method": "custom"}}),
    ("comm_close", {}), ("comm_close", {"comm_id": None}), ("comm_close", {"comm_id": ""}),
    ("comm_info_request", {"target_name": 7}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content"), PASS)
def test_messages_of_widgets_pass(kind: str, content: dict[str, Any]) -> None:
    assert [may_pass(*way) for way in written(kind, content, "shell")] == [True] * 3
    for channel in ("control", "stdin", "iopub", "", "Shell"):
        assert not any(may_pass(*way) for way in written(kind, content, channel))


@pytest.mark.parametrize(
    ("asked", "by_itself"),
    [({"ask": "look", "values": {}, "number": 3}, True), ({"ask": "show", "values": {}}, False),
     ({"ask": "add", "values": {"patients": '"ask":"look"'}}, False)],
)  # fmt: skip
def test_a_page_that_asks_by_itself_is_told_from_somebody(
    asked: dict[str, Any], by_itself: bool
) -> None:
    content = {"comm_id": "x", "data": {"method": "custom", "content": asked}}
    for message, _ in written("comm_msg", content, "shell"):
        compact = message if isinstance(message, bytes) else message.encode()
        assert is_look(compact.replace(b'": ', b'":')) is by_itself  # as browsers write it
    text = json.dumps(content, separators=(",", ":"))
    assert is_look(text) is by_itself


@pytest.mark.parametrize(("kind", "content"), DROP)
def test_nothing_else_passes(kind: Any, content: Any) -> None:
    assert not any(may_pass(*way) for way in written(kind, content, "shell"))


@given(
    some.one_of(some.binary(max_size=200), some.text(max_size=200)), some.sampled_from([V1, None])
)
def test_no_rubbish_passes_or_raises(message: str | bytes, protocol: str | None) -> None:
    assert may_pass(message, protocol) is False


@pytest.mark.parametrize("name", MALFORMED)
def test_nothing_malformed_passes(name: str) -> None:
    messages = MALFORMED[name]
    assert messages
    assert not any(may_pass(*message) for message in messages)


def test_parts_that_overlap_are_not_copied_again_and_again() -> None:
    size, number = 1 << 20, 999
    for width, order, protocol in ((8, "little", V1), (4, "big", None)):
        end = size if order == "little" else size - 1
        places = [number, *([0, end] * number)[:number]]
        head = b"".join(place.to_bytes(width, order) for place in places)  # type: ignore[arg-type]
        message = head.ljust(size, b"\0")
        tracemalloc.start()
        assert not may_pass(message, protocol)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < size


def test_binary_values_of_a_message_pass() -> None:
    content = {"comm_id": "x", "data": {"method": "custom", "content": {"ask": "measure"}}}
    for message, protocol in written("comm_msg", content, "shell", values=(b"\0" * 99, b"")):
        if isinstance(message, bytes):
            assert may_pass(message, protocol)


@pytest.mark.parametrize(("kind", "content", "shown"), [
    ("error", {"ename": "KeyError", "evalue": SAID, "traceback": [SAID]}, False),
    ("stream", {"name": "stderr", "text": SAID}, False),
    ("stream", {"name": "stdout", "text": "3 rows"}, True),
    ("comm_msg", {"comm_id": "x", "data": {"method": "custom"}}, True),
    ("status", {"execution_state": "idle"}, True), ("display_data", {"data": {}}, True),
])  # fmt: skip
def test_a_page_is_not_told_the_words_of_errors(
    kind: str, content: dict[str, Any], shown: bool
) -> None:
    told = whole(kind, content, "iopub")
    for message, protocol in in_every_way(told, (b"\0" * 99,)):
        if protocol == V1 or isinstance(message, str):
            assert for_page(message, protocol) == shown
    assert for_page(told, None)  # what Jupyter itself says, as of a kernel that ended
    assert for_page(written("comm_msg", {}, "iopub")[1][0], None)
