/* Small helpers on top of pages that work without them. Behaviour is asked for by attributes:
   form[data-once]              sent once; the pressed button turns aria-busy
   [data-poll=URL][data-v=N]    live region, asked for changes since N; see below
   [data-elapsed=SECONDS]       running time mm:ss, counted on from SECONDS
   [data-dialog=ID], [data-close]  open and close a <dialog>
   [data-leave]                 go there without a way Back
   [data-offline], [data-online-only]  shown, or disabled, while there is no connection */
(() => {
  "use strict";
  const all = (selector, root) => (root || document).querySelectorAll(selector);
  const on = (type, handler, target) => (target || document).addEventListener(type, handler);

  on("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  on("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }), window);

  on("click", (event) => {
    const target = event.target.closest("[data-leave],[data-dialog],[data-close]");
    if (!target) return;
    if ("leave" in target.dataset) location.replace(target.href);
    else if (target.dataset.dialog) {
      const dialog = document.getElementById(target.dataset.dialog);
      if (!dialog || !dialog.showModal) return;
      dialog.showModal();
    } else target.closest("dialog").close();
    event.preventDefault();
  });

  const connection = () => {
    all("[data-offline]").forEach((strip) => { strip.hidden = navigator.onLine; });
    all("[data-online-only]").forEach((button) => { button.disabled = !navigator.onLine; });
  };
  on("online", connection, window);
  on("offline", connection, window);
  connection();

  const two = (number) => String(number).padStart(2, "0");
  setInterval(() => all("[data-elapsed]").forEach((node) => {
    node.dataset.from ||= performance.now();
    const seconds = Number(node.dataset.elapsed) + Math.floor((performance.now() - node.dataset.from) / 1000);
    node.textContent = two(Math.floor(seconds / 60)) + ":" + two(seconds % 60);
  }), 500);

  /* Live regions. GET URL?v=N answers 204 (nothing new) or the whole element anew, with its next data-v; an element
     without data-poll ends it. data-updated goes into the page's [data-poll-status]; the header X-Location moves on.
     Asked every 2 s (data-every seconds) while the reader is active, 15 s after a minute, 60 s after ten, never while hidden. */
  let active = Date.now();
  for (const type of ["pointerdown", "keydown", "scroll", "focus"]) {
    addEventListener(type, () => { active = Date.now(); }, { passive: true, capture: true });
  }
  const pause = (node) => {
    const idle = Date.now() - active;
    return 1000 * (idle > 600000 ? 60 : idle > 60000 ? 15 : Number(node.dataset.every) || 2);
  };
  const take = (node, html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    const fresh = box.content.firstElementChild;
    if (!fresh) return node;
    const held = node.contains(document.activeElement) && document.activeElement.id;
    node.replaceWith(fresh);
    if (held && document.getElementById(held)) document.getElementById(held).focus();
    if (window.htmx) window.htmx.process(fresh);
    const status = document.querySelector("[data-poll-status]");
    if (status && fresh.dataset.updated) status.textContent = fresh.dataset.updated;
    return fresh;
  };
  const poll = (node) => {
    let timer;
    const ask = async () => {
      if (!node.isConnected || !node.dataset.poll || document.hidden) return;
      let wait = pause(node);
      try {
        const url = new URL(node.dataset.poll, location);
        url.searchParams.set("v", node.dataset.v || "0");
        const answer = await fetch(url, { headers: { "X-Poll": "1" } });
        const next = answer.headers.get("X-Location");
        if (next) return location.assign(next);
        if (answer.status === 200 && !answer.redirected) node = take(node, await answer.text());
        else if (answer.status !== 204) wait = 15000;
        if ([401, 403, 404].includes(answer.status) || answer.redirected) return;
      } catch { wait = 15000; }
      clearTimeout(timer);
      timer = setTimeout(ask, wait);
    };
    on("visibilitychange", () => { clearTimeout(timer); if (!document.hidden) { active = Date.now(); ask(); } });
    timer = setTimeout(ask, pause(node));
  };
  all("[data-poll]").forEach(poll);

  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
})();
