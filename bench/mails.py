"""From a cause to "accepted by SMTP": an application is written, its event makes the mails, a real server takes them.

    python -m bench.mails [--applications 60] [--delay 0.05]

`--delay` is how long the mail server thinks before it takes a letter.
"""

import argparse
import logging
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import structlog

from ohmyagent import records, wiring
from ohmyagent.cli.clockwork import Clockwork
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.beta import BetaRequest
from ohmyagent.ports import Where
from ohmyagent.settings import Settings
from ohmyagent.use_cases import joining
from tests.mail_server import MailServer


def main(applications: int = 60, delay: float = 0.05) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, MailServer() as server:
        server.post.slow = delay
        env = {
            "OMA_DATA": str(Path(folder) / "data"), "SMTP_URL": server.url, "MAIL_FROM": "agent@example.com",
            "ADMIN_EMAILS": "boss@example.com",
        }  # fmt: skip
        app = wiring.local(Settings.from_env(env))
        clockwork = Clockwork(app)
        clockwork.start()
        try:
            for number in range(applications):
                now = datetime.now(UTC)
                user = User(
                    id=f"u_{number}", kind=UserKind.GOOGLE, email=f"user{number}@example.com", verified_email=True,
                    name="Kim", created_at=now,
                )  # fmt: skip
                records.users.put(app.store, user.id, user)
                joining.apply(app.store, user, BetaRequest(purpose="report", consent=True), now)
                time.sleep(0.1)
            _show(app, applications * 2)
        finally:
            clockwork.stop()
            app.store.close()


def _show(app: wiring.Local, expected: int) -> None:
    deadline = time.monotonic() + 60
    sent = Where("state", "==", "sent")
    while len(found := records.outbox.page(app.store, sent, limit=1000)[0]) < expected:
        assert time.monotonic() < deadline, f"{len(found)} of {expected} sent"
        time.sleep(0.1)
    took = [
        (mail.ended_at - cause(app, mail.user_id, mail.subject_id)).total_seconds() for mail in found if mail.ended_at
    ]
    cuts = quantiles(took, n=100)
    print(f"{len(took)} mails, from the application to accepted by SMTP: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s")


def cause(app: wiring.Local, user_id: str, subject_id: str | None) -> datetime:
    """When the application was written that the mail is about."""
    user = records.users.get(app.store, subject_id or user_id)
    return joining.of_user(app.store, user).created_at


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=60)
    parser.add_argument("--delay", type=float, default=0.05)
    main(**vars(parser.parse_args()))
