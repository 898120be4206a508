from calling.models.call import Call, CallEvent, Leg
from calling.models.incident import Incident
from calling.models.mask import MaskNumber, MaskSlot

__all__ = ["Call", "CallEvent", "Incident", "Leg", "MaskNumber", "MaskSlot"]
