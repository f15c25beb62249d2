"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A machine that is busy with something else is no fault of what is tested.
settings.register_profile("wirelab", deadline=None)
settings.load_profile("wirelab")
