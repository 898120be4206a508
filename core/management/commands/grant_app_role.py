"""`manage.py grant_app_role NAME`: the database role under which the application runs on a server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

# Triggers of core.triggers: rows that never change, and rows that are never deleted.
_GUARDED = """
SELECT c.relname, bool_or(t.tgname = c.relname || '_append_only')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname IN (c.relname || '_append_only', c.relname || '_frozen') GROUP BY c.relname ORDER BY c.relname
"""


class Command(BaseCommand):
    help = (
        "Give an existing role the rights the application needs and no more: no UPDATE or DELETE where rows never "
        "change, TRUNCATE and schema changes nowhere. Run it as the tables' owner, after every migrate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="made before by CREATE ROLE name LOGIN PASSWORD '…'")

    def handle(self, *_args: object, **options: Any) -> None:
        role = options["role"]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolname = current_user FROM pg_roles WHERE rolname = %s", [role])
            found = cursor.fetchone()
            if found is None:
                raise CommandError(f"There is no role {role}. Make it first: CREATE ROLE {role} LOGIN PASSWORD '…'")
            if any(found):
                raise CommandError(f"{role} owns the tables or is a superuser, whom no right can bind. Name another.")
            cursor.execute(_GUARDED)
            guarded = cursor.fetchall()
            self._grant(cursor.connection, role, guarded)
        never = sum(is_append_only for _table, is_append_only in guarded)
        self.stdout.write(
            f"{role} may read and write; {never} tables cannot be changed by it, {len(guarded)} not be deleted from."
        )

    def _grant(self, session: Any, role: str, guarded: list[tuple[str, bool]]) -> None:
        name = sql.Identifier(role)
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            session.execute(sql.SQL(statement).format(name))
        for table, is_append_only in guarded:
            rights = "UPDATE, DELETE" if is_append_only else "DELETE"
            session.execute(sql.SQL(f"REVOKE {rights} ON {{}} FROM {{}}").format(sql.Identifier(table), name))
