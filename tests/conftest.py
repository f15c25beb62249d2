"""What holds for all tests."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("hypothesis") is not None:  # the judges of tests/automation do without
    from hypothesis import settings

    # A machine that is busy with something else is no fault of what is tested.
    settings.register_profile("wirelab", deadline=None)
    settings.load_profile("wirelab")
