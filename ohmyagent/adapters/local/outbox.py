"""Mail without a mail server: what is written stays in the outbox, where it can be read."""

from ohmyagent.ports import Letter, Posted


class KeepingMail:
    """Keeps every letter and sends none."""

    domain = "localhost"

    def send(self, letter: Letter) -> tuple[Posted, str | None]:
        return Posted.KEPT, None

    def close(self) -> None:
        """Nothing is kept open."""
