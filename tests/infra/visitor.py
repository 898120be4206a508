"""Somebody with a browser without scripts: cookies, forms, redirects."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class Visitor:
    """Opens pages of one site and sends their forms; `html` and `url` are the page in front of him."""

    def __init__(self, site: str) -> None:
        self.site, self.url, self.html = site, "", ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(
            urllib.parse.urljoin(self.site, path), data, {"Referer": self.url or self.site}
        )
        with self._opener.open(request, timeout=30) as answer:
            self.url, self.html = answer.url, answer.read().decode()
        return self.html

    def send(self, action: str = "", **fields: str) -> str:
        """Send the form of this page that goes to `action`, with its hidden fields and these."""
        for form in re.findall(r"<form\b.*?</form>", self.html, re.DOTALL):
            target = re.search(r'action="([^"]*)"', form)
            if (target[1] if target else "") == action:
                hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
                return self.open(action or self.url, hidden | fields)
        raise AssertionError(f"no form to {action!r} on {self.url}")

    def sign_in(self, email: str, password: str = "evenhand-demo") -> None:
        self.open("/accounts/login/")
        self.send("/accounts/login/", login=email, password=password)
        assert "/accounts/login/" not in self.url
