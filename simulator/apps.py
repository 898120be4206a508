"""Makes ``manage.py phone_simulator`` known to Django; there is nothing else of Django in this package."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "simulator"
