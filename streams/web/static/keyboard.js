// j and k move, Enter opens, a acknowledges, / filters, s is the sound, ? helps.
import { known } from "./words.js";

async function acknowledge(row, list) {
  const form = row.querySelector(".do");
  if (!form.elements.revision) return;
  const button = form.querySelector("button");
  button.disabled = true;
  const answer = await fetch(`/v1/alerts/${encodeURIComponent(row.dataset.id)}/acknowledge`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json", "If-Match": `"${row.dataset.revision}"`, "X-CSRF-Token": list.dataset.csrf,
      "Idempotency-Key": form.elements.key.value,
    },
    body: "{}",
  }).catch(() => null);
  if (answer?.ok) {
    const state = row.querySelector(".state");
    row.dataset.state = state.dataset.state = "ACKNOWLEDGED";
    state.textContent = known.states.ACKNOWLEDGED;
    form.replaceChildren();
  } else {
    button.disabled = false;
    const stale = answer?.status === 412 || answer?.status === 409;
    document.getElementById("assertive").textContent = row.querySelector(".taker").textContent = stale ? known.words.moved_on : known.words.failed;
  }
}

export function keyboard(list, sound) {
  const help = document.getElementById("help"), opener = document.getElementById("help-open");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  const at = () => list.querySelector(".row.at") ?? document.activeElement?.closest?.(".row");

  function move(step) {
    const rows = [...list.children], now = rows.indexOf(at());
    const next = rows[Math.max(0, Math.min(rows.length - 1, now === -1 ? 0 : now + step))];
    if (!next) return;
    at()?.classList.remove("at");
    next.classList.add("at");
    next.querySelector(".why").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => move(1), k: () => move(-1),
    a: () => { const row = at(); if (row) acknowledge(row, list); },
    "/": () => document.getElementById("f-severity").focus(),
    s: () => sound.toggle(), "?": () => help.showModal(),
  };
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    if (row && row !== list.querySelector(".row.at")) { list.querySelector(".row.at")?.classList.remove("at"); row.classList.add("at"); }
  });
  list.addEventListener("submit", (event) => { event.preventDefault(); acknowledge(event.target.closest(".row"), list); });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.matches("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
    const does = keys[event.key];
    if (does) { event.preventDefault(); does(); }
  });
}
