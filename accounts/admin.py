"""People and organisations for staff: registers to read, and the queue of applications with its decision page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import states
from accounts.forms import ReviewForm, end_of
from accounts.models import (
    Agency,
    ApiToken,
    Application,
    ApplicationDocument,
    Collector,
    CreditorOrg,
    Membership,
    Qualification,
    User,
    VettingReview,
)
from accounts.selectors import phone_ending, read_address, waiting_applications
from accounts.services.vetting import open_document, review_application
from accounts.vetting import WAIT_TARGET, age_on, reason_words
from core import clock
from core.admin import ReadOnly
from core.errors import DomainError, NotAllowed, NotFound

# A second step is turned off by its owner, and an address confirmed by its own mail: neither from here.
admin.site.unregister(Authenticator)
admin.site.unregister(EmailAddress)


@admin.register(User)
class UserAdmin(ReadOnly[User]):
    list_display = ["email", "name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fields = [
        "email",
        "name",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "last_login",
        "date_joined",
    ]


class MembershipInline(admin.TabularInline[Membership, CreditorOrg]):
    model = Membership
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False


@admin.register(CreditorOrg)
class CreditorOrgAdmin(ReadOnly[CreditorOrg]):
    list_display = ["name", "slug", "legal_name", "country", "created_at"]
    search_fields = ["name", "slug", "legal_name"]
    inlines = [MembershipInline]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly[ApiToken]):
    list_display = ["label", "org", "role", "created_at", "revoked_at"]
    list_select_related = ["org"]


@admin.register(Agency)
class AgencyAdmin(ReadOnly[Agency]):
    list_display = ["name", "country"]


class QualificationInline(admin.TabularInline[Qualification, Collector]):
    model = Qualification
    extra = 0
    can_delete = False
    fields = ["kind", "jurisdiction", "number", "valid_from", "valid_to", "verified_by", "revoked_at"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False


@admin.register(Collector)
class CollectorAdmin(ReadOnly[Collector]):
    list_display = ["ref", "alias", "status", "tier", "live_claims", "live_limit", "conduct_score"]
    list_filter = ["status", "tier"]
    search_fields = ["ref", "alias", "user__email"]
    ordering = ["ref"]
    inlines = [QualificationInline]


@admin.register(VettingReview)
class VettingReviewAdmin(ReadOnly[VettingReview]):
    list_display = ["application", "decision", "reason_code", "reviewer", "valid_to", "at"]
    list_filter = ["decision", "reason_code"]
    list_select_related = ["application", "reviewer"]
    ordering = ["-at"]


class WaitingFilter(admin.SimpleListFilter):
    """The queue unless somebody asks for another state."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        del request, model_admin
        others = [state for state in sorted(states.APPLICATION.states) if state != states.SUBMITTED]
        return [("all", _("All")), *((state, state.replace("_", " ").capitalize()) for state in others)]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        waiting = {
            "selected": self.value() is None, "display": _("Waiting"),
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
        }  # fmt: skip
        yield waiting
        for value, words in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": query, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        del request
        value = self.value()
        return queryset if value == "all" else queryset.filter(state=value or states.SUBMITTED)


@admin.register(Application)
class ApplicationAdmin(ReadOnly[Application]):
    """The queue, oldest first, and the page on which an application is decided."""

    list_display = ["review_link", "collector", "asked", "submitted_at", "waiting", "state"]
    list_display_links = None
    list_filter = [WaitingFilter]
    list_select_related = ["collector"]
    search_fields = ["ref", "legal_name", "collector__ref"]
    ordering = ["submitted_at", "pk"]

    @admin.display(description=gettext_lazy("application"), ordering="ref")
    def review_link(self, application: Application) -> SafeString:
        return format_html('<a href="{}">{}</a>', _review_url(application), application.ref)

    @admin.display(description=gettext_lazy("states asked for"))
    def asked(self, application: Application) -> str:
        return ", ".join(licence["region"] for licence in application.licences)

    @admin.display(description=gettext_lazy("waits"))
    def waiting(self, application: Application) -> str:
        if application.state != states.SUBMITTED or application.submitted_at is None:
            return ""
        since = clock.now() - application.submitted_at
        words = _("%(days)d d %(hours)d h") % {"days": since.days, "hours": since.seconds // 3600}
        return _("%(wait)s, over the target") % {"wait": words} if since > WAIT_TARGET else words

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Applications, oldest first"), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:application_id>/review/", view(self.review), name="accounts_application_review"),
            path("document/<int:document_id>/", view(self.document), name="accounts_application_document"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        del request, form_url, extra_context
        if not object_id.isdecimal():
            raise NotFound()
        return HttpResponseRedirect(reverse("admin:accounts_application_review", args=[int(object_id)]))

    def review(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Documents on one side, the decision on the other."""
        if not self.has_view_permission(request):
            raise NotAllowed()
        application = Application.objects.filter(pk=application_id).select_related("collector__user").first()
        if application is None or application.state == states.DRAFT:
            raise NotFound()
        at, may_decide = clock.now(), request.user.has_perm("accounts.add_vettingreview")
        form = ReviewForm(request.POST if request.method == "POST" else None, application=application, at=at)
        if request.method == "POST":
            if not may_decide:
                raise NotAllowed()
            if form.is_valid() and (review := _decide(form, application, reviewer=cast(User, request.user))):
                words = _("%(ref)s: %(decision)s. The applicant can read your reason now.")
                messages.success(request, words % {"ref": application.ref, "decision": review.get_decision_display()})
                return HttpResponseRedirect(reverse("admin:accounts_application_changelist"))
        context = {
            **self.admin_site.each_context(request), **_facts(application, request.GET.get("document", ""), at),
            "form": form, "may_decide": may_decide and application.state == states.SUBMITTED, "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/accounts/application/review.html", context)

    def document(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """One document's bytes: an image to look at, a PDF to download. Who opened it is kept."""
        if not self.has_view_permission(request):
            raise NotAllowed()
        rows = ApplicationDocument.objects.select_related("application__collector")
        document = rows.filter(pk=document_id).exclude(application__state=states.DRAFT).first()
        if document is None:
            raise NotFound()
        body = open_document(document=document, reader=cast(User, request.user), at=clock.now())
        kind = "inline" if document.mime.startswith("image/") else "attachment"
        extension = document.mime.rsplit("/", 1)[-1]
        return HttpResponse(
            body,
            content_type=document.mime,
            headers={
                "Content-Disposition": f'{kind}; filename="{document.application.ref}-{document.pk}.{extension}"',
                "Cache-Control": "no-store",
            },
        )


def _review_url(application: Application) -> str:
    return reverse("admin:accounts_application_review", args=[application.pk])


def _decide(form: ReviewForm, application: Application, *, reviewer: User) -> VettingReview | None:
    """The decision, or None with the refusal in the form."""
    values = form.cleaned_data
    last_day = values["valid_to"]
    try:
        return review_application(
            application=application, reviewer=reviewer, decision=values["decision"],
            reason_code=values["reason_code"], reason_text=values["reason_text"], regions=values["regions"],
            tier=values["tier"] or 1, valid_to=end_of(last_day) if last_day else None, at=clock.now(),
        )  # fmt: skip
    except DomainError as error:
        named = str(getattr(error, "field", ""))
        form.add_error(named if named in form.fields else None, error.message)
        return None


def _facts(application: Application, chosen: str, at: Any) -> dict[str, Any]:
    documents = list(application.documents.defer("body_sealed").order_by("uploaded_at", "pk"))
    shown = next((one for one in documents if str(one.pk) == chosen), documents[0] if documents else None)
    proven = {document.region for document in documents if document.kind == ApplicationDocument.Kind.LICENCE}
    today = at.astimezone(clock.MARKET_ZONE).date()
    waited = at - application.submitted_at if application.submitted_at else None
    waiting = waiting_applications().exclude(pk=application.pk)
    return {
        "application": application, "documents": documents, "shown": shown, "waited": waited,
        "is_late": waited is not None and waited > WAIT_TARGET, "others_waiting": waiting.count(),
        "licences": [{**licence, "is_proven": licence["region"] in proven} for licence in application.licences],
        "age": age_on(application.birth_date, today) if application.birth_date else None,
        "address": read_address(application), "phone_ending": phone_ending(application.collector),
        "reviews": [
            {"review": review, "reason": reason_words(review.reason_code)}
            for review in application.reviews.select_related("reviewer").order_by("-at", "-pk")
        ],
        "zone": clock.MARKET_ZONE, "title": application.legal_name or application.ref,
    }  # fmt: skip
