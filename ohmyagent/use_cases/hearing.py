"""What people say to those who run the platform."""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import RateLimited
from ohmyagent.domain.platform import Feedback, FeedbackRequest
from ohmyagent.ports import Store, Where

MOST_A_DAY = 20


def give(store: Store, user: User, said: FeedbackRequest, now: datetime) -> Feedback:
    """Keep it; raises RateLimited beyond so many in a day."""
    since = now - timedelta(days=1)
    recent = Where("userId", "==", user.id), Where("createdAt", ">=", since)
    found, _ = records.feedback.page(store, *recent, newest="createdAt", limit=MOST_A_DAY)
    if len(found) >= MOST_A_DAY:
        raise RateLimited((found[-1].created_at - since).total_seconds())
    given = Feedback.given(said, user.id, now)
    return records.feedback.create(store, given.id, given)
