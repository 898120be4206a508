// Keeps the two phones up to date without reloading; without it the page reloads itself and its forms still work.
(() => {
  const panels = document.getElementById("panels");
  let busy = false;

  function swap(part) {
    const old = document.getElementById(part.id);
    if (!old || old.innerHTML === part.innerHTML) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...old.querySelectorAll("details[open]")].map((details) => details.id);
    old.replaceChildren(...part.childNodes);
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focused) document.getElementById(focused)?.focus();
  }

  async function refresh() {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch("/panels");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      fresh.querySelectorAll("[data-part]").forEach(swap);
    } catch {
      // The simulator is restarting: the next round finds it again.
    }
    busy = false;
  }

  panels.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.target, event.submitter));
    try {
      await fetch(event.target.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      return;
    }
    await refresh();
  });

  setInterval(refresh, 700);
})();
