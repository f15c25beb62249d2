"""What the boxes and their software images are called: ``show version`` says it, and so does CDP to the neighbours.

A version names one image and one box. Of the image only its habits are here (:mod:`nodes.show.personality`), none of
its code, and every place that names it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The version of wirelab that ``show version`` names; the distribution's own.
WIRELAB: Final = "0.1.0"


@dataclass(frozen=True, slots=True)
class Image:
    """A software image and the box that it runs on."""

    platform: str
    """The box, as it introduces itself to others."""
    software: str
    """The product in ``show version``'s first line."""
    release: str
    flash: str
    """Where the image lies; octets of it, and of the flash memory. It is listed, but it is not there."""
    octets: int
    flash_octets: int
    product: str
    """The box as one orders it, what it is, and which revision."""
    description: str
    revision: str
    sensors: tuple[str, ...] = ()
    """What such a box watches for its health. None of it is here."""
    classic: bool = False
    """Whether the software is of the time before 12.3, which had a longer name on a line of its own."""


IMAGES: Final = {
    "15.1(4)M12a": Image(
        platform="Cisco 1841",
        software="Cisco IOS Software, 1841 Software (C1841-ADVIPSERVICESK9-M)",
        release="(fc1)",
        flash="flash:c1841-advipservicesk9-mz.151-4.M12a.bin",
        octets=33591768,
        flash_octets=64016384,
        product="CISCO1841",
        description="1841 chassis",
        revision="7.0",
        sensors=("FAN", "TEMPERATURE", "POWER"),
    ),
    "12.4(15)T1": Image(
        platform="Cisco 1841",
        software="Cisco IOS Software, 1841 Software (C1841-ADVIPSERVICESK9-M)",
        release="(fc2)",
        flash="flash:c1841-advipservicesk9-mz.124-15.T1.bin",
        octets=33591768,
        flash_octets=64016384,
        product="CISCO1841",
        description="1841 chassis",
        revision="7.0",
        sensors=("FAN", "TEMPERATURE", "POWER"),
    ),
    "12.1(22)EA4": Image(
        platform="cisco WS-C2950-24",
        software="IOS (tm) C2950 Software (C2950-I6Q4L2-M)",
        release="(fc1)",
        flash="flash:/c2950-i6q4l2-mz.121-22.EA4.bin",
        octets=3058048,
        flash_octets=7741440,
        product="WS-C2950-24",
        description="Catalyst 2950 chassis",
        revision="G0",
        sensors=("FAN", "TEMPERATURE", "POWER", "RPS"),
        classic=True,
    ),
}


def of(version: str) -> Image:
    """The image of a software version; versions come checked from the lab file."""
    return IMAGES[version]


def banner(version: str, wirelab: str = WIRELAB) -> list[str]:
    """The lines by which the software names itself."""
    image = of(version)
    lines = ["Cisco Internetwork Operating System Software "] if image.classic else []
    lines.append(f"{image.software}, Version {version}, RELEASE SOFTWARE {image.release}")
    # By a copyright, or else by the address of the vendor's support, parsers (genie) know that this is an image at all.
    # The vendor's stand for code that is not in here: this one is wirelab's own, and true.
    lines.append("Copyright (c) 2026-2026 by the authors of wirelab")
    lines.append(f"Emulated by wirelab {wirelab}: the habits of this image, none of its code")
    return lines
