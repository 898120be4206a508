from core.models.clock import MarketClock
from core.models.event import Delivery, Event
from core.models.mail import SentMail

__all__ = ["Delivery", "Event", "MarketClock", "SentMail"]
