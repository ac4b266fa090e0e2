"""A session's owner says on the page who may read it, and takes it back."""

import pytest

from ps_analytics.errors import NotFound
from ps_analytics.ui.rows import session_choices
from ps_analytics.ui.sharing import answer_shares
from ps_analytics.ui.state import ReviewState


def test_sharing_and_revoking_say_who_may_read(store, weekend: str) -> None:
    assert answer_shares(store, {"session": weekend})["readers"] == []
    shared = answer_shares(store, {"session": weekend, "do": "share", "reader": " bert "})
    assert ([row["name"] for row in shared["readers"]], shared["done"], shared["problem"]) == (["bert"], "share", "")
    assert shared["readers"][0]["since"]
    assert store.for_user("bert").find_sessions(shared=True)["session_id"].to_list() == [weekend]
    revoked = answer_shares(store, {"session": weekend, "do": "revoke", "reader": "bert"})
    assert (revoked["readers"], revoked["done"]) == ([], "revoke")
    assert store.for_user("bert").find_sessions(shared=True).is_empty()


@pytest.mark.parametrize(
    ("reader", "why"), [("anna", "it is yours"), ("", "the name of a user"), ("b" * 65, "at most 64 characters")]
)
def test_what_cannot_be_shared_is_one_sentence(store, weekend: str, reader: str, why: str) -> None:
    answer = answer_shares(store, {"session": weekend, "do": "share", "reader": reader})
    assert why in answer["problem"]
    assert (answer["readers"], answer["done"]) == ([], "")


def test_a_reader_can_neither_share_nor_see_who_else_reads(store, weekend: str) -> None:
    store.share_session(weekend, "bert")
    for given in ({}, {"do": "share", "reader": "carl"}, {"do": "revoke", "reader": "bert"}):
        with pytest.raises(NotFound):
            answer_shares(store.for_user("bert"), {"session": weekend, **given})


def test_the_list_of_sessions_says_whose_a_shared_one_is(store, weekend: str) -> None:
    store.share_session(weekend, "bert")
    for user, owner in (("anna", ""), ("bert", "anna")):
        state = ReviewState(lambda user=user: store.for_user(user))
        state.refresh()
        assert [row["owner"] for row in session_choices(state)["sessions"]] == [owner]
