"""Conduct for staff: what the gate decided and why, what left, what came back, and the holds that people may lift."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import (
    AttemptOutcome,
    Consent,
    ContactAttempt,
    Dispute,
    Hold,
    InboundContact,
    PackVersion,
    Permit,
    Preference,
    Refusal,
    SlotRelease,
    ValidationNotice,
)
from compliance.services.holds import close_hold
from core import clock
from core.admin import ReadOnly
from core.errors import NotAllowed, NotFound


@admin.register(Permit)
class PermitAdmin(ReadOnly[Permit]):
    list_display = ["ref", "case", "channel", "purpose", "actor", "at", "expires_at", "redeemed_at"]
    list_filter = ["channel", ("redeemed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref", "=actor"]
    ordering = ["-id"]


@admin.register(Refusal)
class RefusalAdmin(ReadOnly[Refusal]):
    """Every contact that was not allowed, with each rule that said no in the words its asker read."""

    list_display = ["ref", "case", "channel", "verdict", "rule", "actor", "at", "retry_at"]
    list_filter = ["verdict", "channel", "rule"]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref", "=actor", "rule"]
    ordering = ["-id"]
    exclude = ["denials"]
    readonly_fields = ["reasons"]

    @admin.display(description=gettext_lazy("reasons"))
    def reasons(self, refusal: Refusal) -> SafeString:
        rows = ((d["rule"], _(d["say"]), _(d["advice"]) if d["advice"] else "", d["source"]) for d in refusal.denials)
        return format_html("<ul>{}</ul>", format_html_join("", "<li><b>{}</b>: {} {} ({})</li>", rows))


class Outcomes(admin.TabularInline[AttemptOutcome, ContactAttempt]):
    model = AttemptOutcome
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(ContactAttempt)
class ContactAttemptAdmin(ReadOnly[ContactAttempt]):
    list_display = ["id", "case", "channel", "at", "permit", "collector_ref", "ended", "requested_by_debtor"]
    list_filter = ["channel"]
    list_select_related = ["case", "permit"]
    search_fields = ["=case__ref", "=permit__ref", "=collector_ref"]
    ordering = ["-id"]
    inlines = [Outcomes]

    @admin.display(description=gettext_lazy("ended as"))
    def ended(self, attempt: ContactAttempt) -> str:
        last = attempt.outcomes.last()
        return last.outcome if last else ""


@admin.register(SlotRelease)
class SlotReleaseAdmin(ReadOnly[SlotRelease]):
    list_display = ["attempt", "reason", "at"]
    list_select_related = ["attempt"]


@admin.register(InboundContact)
class InboundContactAdmin(ReadOnly[InboundContact]):
    list_display = ["id", "person", "case", "channel", "at", "outcome"]
    list_filter = ["channel"]
    list_select_related = ["person", "case"]
    search_fields = ["=case__ref", "=person__ref"]
    ordering = ["-id"]


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    reason = forms.CharField(
        label=gettext_lazy("Why it may be lifted"), max_length=200, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": gettext_lazy("Say why this hold may be lifted; it is kept with your name.")},
    )  # fmt: skip


@admin.register(Hold)
class HoldAdmin(ReadOnly[Hold]):
    """Holds; whoever may change them may lift one, with a reason."""

    list_display = ["lift_link", "reason", "scope", "case", "person", "from_at", "to_at", "opened_by", "closed_at"]
    list_display_links = None
    list_filter = ["reason", "scope", ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["case", "person"]
    search_fields = ["=case__ref", "=person__ref"]
    ordering = ["-id"]

    @admin.display(description=gettext_lazy("hold"), ordering="id")
    def lift_link(self, hold: Hold) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:compliance_hold_lift", args=[hold.pk]), hold.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.lift)
        return [path("<int:hold_id>/lift/", view, name="compliance_hold_lift"), *super().get_urls()]

    def lift(self, request: HttpRequest, hold_id: int) -> HttpResponse:
        """One hold, and the form that lifts it."""
        if not self.has_view_permission(request):
            raise NotAllowed()
        hold = Hold.objects.select_related("case", "person").filter(pk=hold_id).first()
        if hold is None:
            raise NotFound()
        may_lift = request.user.has_perm("compliance.change_hold")
        form = LiftForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_lift:
                raise NotAllowed()
            if form.is_valid():
                why = form.cleaned_data["reason"]
                close_hold(hold=hold, actor=f"user:{request.user.pk}", at=clock.now(), reason=why)
                messages.success(request, _("The hold is lifted. Work goes on unless another hold stands."))
                return HttpResponseRedirect(reverse("admin:compliance_hold_changelist"))
        is_open = hold.closed_at is None
        return self.act_page(
            request, title=_("Hold %(id)d: %(reason)s") % {"id": hold.pk, "reason": hold.get_reason_display()},
            list_url=reverse("admin:compliance_hold_changelist"), facts=_hold_facts(hold),
            form=form if is_open and may_lift else None, button=_("Lift this hold"),
            why_not=_("This hold was lifted already.") if not is_open else _("Your rights let you read holds."),
        )  # fmt: skip


def _hold_facts(hold: Hold) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        (_("Covers"), hold.get_scope_display()), (_("Case"), hold.case), (_("Person"), hold.person),
        (_("From"), hold.from_at), (_("To"), hold.to_at), (_("Opened by"), hold.opened_by),
        (_("Evidence"), hold.evidence), *((key, value) for key, value in hold.detail.items()),
    ]  # fmt: skip
    if hold.closed_at is not None:
        facts += [(_("Lifted"), hold.closed_at), (_("By"), hold.closed_by), (_("Why"), hold.close_reason)]
    return facts


@admin.register(Preference)
class PreferenceAdmin(ReadOnly[Preference]):
    list_display = ["person", "kind", "set_by", "set_at", "lifted_at"]
    list_filter = ["kind"]
    list_select_related = ["person"]


@admin.register(Consent)
class ConsentAdmin(ReadOnly[Consent]):
    list_display = ["person", "kind", "at", "days", "org", "revoked_at"]
    list_filter = ["kind"]
    list_select_related = ["person", "org"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnly[Dispute]):
    list_display = ["ref", "case", "kind", "state", "channel", "received_at", "answer_due_date", "answered_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref"]
    ordering = ["-id"]


@admin.register(ValidationNotice)
class ValidationNoticeAdmin(ReadOnly[ValidationNotice]):
    list_display = ["ref", "case", "delivery", "sent_at", "period_ends_on", "print_date", "printed_at"]
    list_filter = ["delivery", ("printed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref"]
    ordering = ["-id"]


@admin.register(PackVersion)
class PackVersionAdmin(ReadOnly[PackVersion]):
    list_display = ["pack_id", "version", "sha256", "first_used_at"]
    list_filter = ["pack_id"]
    ordering = ["-id"]
