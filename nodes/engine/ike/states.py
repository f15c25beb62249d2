"""The state machines of both phases. What decides a transition is in this file.

Theory of operation
-------------------

A record (ISAKMP SA or quick mode exchange) waits in one of the states below. A message or a decision of ours is an
event. The table gives for (state, event) the step to run, the state that the machine passes through while the step
runs (IOS shows it in its debug lines), and the state in which it waits afterwards. A pair that is not in the table is
an illegal event: :class:`IllegalEventError`, and nothing has changed. A step that raises leaves the record in its old
state; every step looks at the whole message before it changes anything.

Which event a message is follows from the role and from what it carries, not from the state, so a message that is out of
place meets the table and fails there.

Main mode with pre-shared keys, RFC 2409 §5.4::

    initiator                                      responder
    HDR, SA                      MM1 -->
                                 <-- MM2           HDR, SA
    HDR, KE, Ni                  MM3 -->
                                 <-- MM4           HDR, KE, Nr
    HDR*, IDii, HASH_I           MM5 -->
                                 <-- MM6           HDR*, IDir, HASH_R

Aggressive mode with pre-shared keys, RFC 2409 §5.4::

    HDR, SA, KE, Ni, IDii        AM1 -->
                                 <-- AM2           HDR, SA, KE, Nr, IDir, HASH_R
    HDR*, HASH_I                 AM3 -->

Quick mode, RFC 2409 §5.5::

    HDR*, HASH(1), SA, Ni, [KE], [IDci, IDcr]      QM1 -->
                                                   <-- QM2   HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr]
    HDR*, HASH(3)                                  QM3 -->
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from nodes.base.errors import WirelabError


class IllegalEventError(WirelabError):
    """The machine does not know this event in its state. Nothing was changed."""


class Role(Enum):
    INITIATOR = "I"
    RESPONDER = "R"


class State(Enum):
    """Phase 1, with the names that IOS prints."""

    READY = "IKE_READY"
    I_MM1 = "IKE_I_MM1"
    I_MM2 = "IKE_I_MM2"
    I_MM3 = "IKE_I_MM3"
    I_MM4 = "IKE_I_MM4"
    I_MM5 = "IKE_I_MM5"
    I_MM6 = "IKE_I_MM6"
    R_MM1 = "IKE_R_MM1"
    R_MM2 = "IKE_R_MM2"
    R_MM3 = "IKE_R_MM3"
    R_MM4 = "IKE_R_MM4"
    R_MM5 = "IKE_R_MM5"
    I_AM1 = "IKE_I_AM1"
    I_AM2 = "IKE_I_AM2"
    R_AM1 = "IKE_R_AM_AAA_AWAIT"
    R_AM2 = "IKE_R_AM2"
    R_AM3 = "IKE_R_AM3"
    COMPLETE = "IKE_P1_COMPLETE"
    DELETED = "IKE_DEST_SA"


class Event(Enum):
    START = "IKE_SA_REQ_MM"
    MM1 = "IKE_MM1"
    MM2 = "IKE_MM2"
    MM3 = "IKE_MM3"
    MM4 = "IKE_MM4"
    MM5 = "IKE_MM5"
    MM6 = "IKE_MM6"
    START_AM = "IKE_SA_REQ_AM"
    AM1 = "IKE_AM1"
    AM2 = "IKE_AM2"
    AM3 = "IKE_AM3"
    DELETE = "IKE_PHASE1_DEL"


class Transition(NamedTuple):
    """``step`` is a key of the steps of main_mode, aggressive_mode or quick_mode."""

    step: str
    passing: State
    next: State


PHASE_1: Final[Mapping[tuple[State, Event], Transition]] = {
    (State.READY, Event.START): Transition("offer", State.READY, State.I_MM1),
    (State.READY, Event.MM1): Transition("choose", State.R_MM1, State.R_MM2),
    (State.I_MM1, Event.MM2): Transition("agreed", State.I_MM2, State.I_MM3),
    (State.R_MM2, Event.MM3): Transition("exchange_keys", State.R_MM3, State.R_MM4),
    (State.I_MM3, Event.MM4): Transition("identify", State.I_MM4, State.I_MM5),
    (State.R_MM4, Event.MM5): Transition("verify_initiator", State.R_MM5, State.COMPLETE),
    (State.I_MM5, Event.MM6): Transition("verify_responder", State.I_MM6, State.COMPLETE),
    (State.READY, Event.START_AM): Transition("offer", State.READY, State.I_AM1),
    (State.READY, Event.AM1): Transition("answer", State.R_AM1, State.R_AM2),
    (State.I_AM1, Event.AM2): Transition("verify_responder", State.I_AM2, State.COMPLETE),
    (State.R_AM2, Event.AM3): Transition("verify_initiator", State.R_AM3, State.COMPLETE),
} | {
    (state, Event.DELETE): Transition("delete", state, State.DELETED)
    for state in (
        State.READY,
        State.I_MM1,
        State.I_MM3,
        State.I_MM5,
        State.R_MM2,
        State.R_MM4,
        State.I_AM1,
        State.R_AM2,
        State.COMPLETE,
    )
}

#: What ``show crypto isakmp sa`` says.
WORDS: Final[Mapping[State, str]] = {
    State.READY: "MM_NO_STATE",
    State.I_MM1: "MM_NO_STATE",
    State.I_MM2: "MM_NO_STATE",
    State.I_MM3: "MM_SA_SETUP",
    State.I_MM4: "MM_SA_SETUP",
    State.I_MM5: "MM_KEY_EXCH",
    State.I_MM6: "MM_KEY_AUTH",
    State.R_MM1: "MM_NO_STATE",
    State.R_MM2: "MM_SA_SETUP",
    State.R_MM3: "MM_SA_SETUP",
    State.R_MM4: "MM_KEY_EXCH",
    State.R_MM5: "MM_KEY_AUTH",
    State.I_AM1: "AG_INIT_EXCH",
    State.I_AM2: "AG_AUTH",
    State.R_AM1: "AG_NO_STATE",
    State.R_AM2: "AG_INIT_EXCH",
    State.R_AM3: "AG_AUTH",
    State.COMPLETE: "QM_IDLE",
    State.DELETED: "MM_NO_STATE",
}
#: What it says of aggressive mode where the state is one of both ways.
AGGRESSIVE_WORDS: Final[Mapping[State, str]] = {State.READY: "AG_NO_STATE", State.DELETED: "AG_NO_STATE"}


class QuickState(Enum):
    """Phase 2, with the names that IOS prints."""

    READY = "IKE_QM_READY"
    I_QM1 = "IKE_QM_I_QM1"
    R_QM2 = "IKE_QM_R_QM2"
    COMPLETE = "IKE_QM_PHASE2_COMPLETE"
    DEAD = "IKE_QM_DEAD"


class QuickEvent(Enum):
    START = "IKE_INIT_QM"
    QM1 = "IKE_QM1"
    QM2 = "IKE_QM2"
    QM3 = "IKE_QM3"
    DELETE = "IKE_QM_DEL"


class QuickTransition(NamedTuple):
    step: str
    next: QuickState


PHASE_2: Final[Mapping[tuple[QuickState, QuickEvent], QuickTransition]] = {
    (QuickState.READY, QuickEvent.START): QuickTransition("offer", QuickState.I_QM1),
    (QuickState.READY, QuickEvent.QM1): QuickTransition("choose", QuickState.R_QM2),
    (QuickState.I_QM1, QuickEvent.QM2): QuickTransition("agreed", QuickState.COMPLETE),
    (QuickState.R_QM2, QuickEvent.QM3): QuickTransition("confirmed", QuickState.COMPLETE),
    (QuickState.READY, QuickEvent.DELETE): QuickTransition("delete", QuickState.DEAD),
    (QuickState.I_QM1, QuickEvent.DELETE): QuickTransition("delete", QuickState.DEAD),
    (QuickState.R_QM2, QuickEvent.DELETE): QuickTransition("delete", QuickState.DEAD),
}


def phase_1(state: State, event: Event) -> Transition:
    try:
        return PHASE_1[state, event]
    except KeyError:
        raise IllegalEventError(f"{event.name} in {state.name}") from None


def phase_2(state: QuickState, event: QuickEvent) -> QuickTransition:
    try:
        return PHASE_2[state, event]
    except KeyError:
        raise IllegalEventError(f"{event.name} in {state.name}") from None
