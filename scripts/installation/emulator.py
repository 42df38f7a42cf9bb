"""The official Firestore emulator, which the tests use where the machine has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .words import Missing, Words

_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"


def there() -> bool:
    """Whether a Google Cloud SDK with the emulator, and a Java to run it, are on the path."""
    gcloud = shutil.which("gcloud")
    return bool(gcloud and shutil.which("java") and (Path(gcloud).resolve().parent.parent / _JAR).exists())


def notices() -> Sequence[Words]:
    """What to say when it is not there; raises Missing where REQUIRE_EMULATOR=1 asks for it."""
    if there():
        return []
    en = "install the Google Cloud SDK and Java, then:  gcloud components install cloud-firestore-emulator"
    ko = "Google Cloud SDK와 Java를 설치한 뒤:  gcloud components install cloud-firestore-emulator"
    if os.environ.get("REQUIRE_EMULATOR") == "1":
        raise Missing(f"The Firestore emulator is missing; {en}", f"Firestore 에뮬레이터가 없습니다. {ko}")
    return [
        Words(
            f"Note: the Firestore emulator is missing, so the tests that need it are skipped; {en}",
            f"알림: Firestore 에뮬레이터가 없어 그것이 필요한 시험을 건너뜁니다. {ko}",
        )
    ]
