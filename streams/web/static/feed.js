// The live feed: the page works without this; it adds what arrives, the keyboard, the sound.
import { known, fill, clock } from "./words.js";
import { listen } from "./stream.js";
import { health } from "./health.js";
import { Sound, Title } from "./alarm.js";
import { keyboard } from "./keyboard.js";
import { Screen } from "./screen.js";

const list = document.getElementById("rows");
const filters = JSON.parse(list.dataset.filters);
const most = Number(list.dataset.most);
const open = new Set(["RAISED", "DELIVERED", "ACKNOWLEDGED", "IN_SECONDARY"]);
const unseen = new Set(["RAISED", "DELIVERED"]);
const names = ["", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
const title = new Title();
const screen = new Screen(list.dataset.csrf);
const sound = new Sound(document.getElementById("sound"));
let total = Number(list.dataset.total);
const waiting = new Map(); // by alert: many revisions between two frames become one change
let drawing = false;

function severity(view) {
  return typeof view.severity === "number" ? names[view.severity] : view.severity;
}

function why(view) {
  const gravest = [...(view.indications ?? [])].sort((a, b) => b.severity - a.severity)[0];
  const asked = (view.questions ?? []).slice(0, 2).map((one) => one[known.language]).join(" ");
  return gravest ? gravest.why[known.language] : asked || known.words.no_why;
}

function fits(view) {
  const rules = (view.indications ?? []).map((one) => one.rule);
  const families = (view.indications ?? []).map((one) => one.family);
  return (!filters.severity || filters.severity === severity(view))
    && (!filters.state || filters.state === view.state)
    && (!filters.checkpoint || filters.checkpoint === view.place)
    && (!filters.rule || rules.includes(filters.rule))
    && (!filters.family || families.includes(filters.family));
}

function place(code) {
  return known.places[code]?.[0] ?? code;
}

function taker(view) {
  const last = (view.handling ?? []).filter((one) => one.what === "alert_taken").at(-1);
  const who = last ? last.to ?? last.by : null;
  return who ? known.officers[who] ?? fill(known.words.officer, { code: who.slice(0, 6) }) : "";
}

function write(row, view) {
  const grave = severity(view), seen = !unseen.has(view.state);
  Object.assign(row.dataset, { id: view.alert_id, revision: view.revision, severity: grave, state: view.state, at: view.at });
  row.id = `a-${view.alert_id}`;
  row.classList.toggle("over", !open.has(view.state));
  const label = row.querySelector(".severity");
  label.dataset.severity = grave;
  label.replaceChildren(label.querySelector(".mark"), known.severities[grave]);
  const time = row.querySelector("time");
  time.dateTime = view.at;
  time.textContent = clock(view.at, view.place);
  const where = row.querySelector(".place");
  where.textContent = place(view.place);
  where.title = view.place;
  const link = row.querySelector(".why");
  link.href = `/alerts/${encodeURIComponent(view.alert_id)}`;
  link.querySelector(".sentence").textContent = why(view);
  const rules = (view.indications ?? []).map((one) => Object.assign(document.createElement("code"), { textContent: one.rule }));
  const meta = [known.triggers[view.trigger] ?? "", ...rules, ...(view.confidence === "DEGRADED" ? [known.words.degraded] : [])];
  link.querySelector(".meta").replaceChildren(...meta.flatMap((one, index) => (index ? [" · ", one] : [one])));
  const state = row.querySelector(".state");
  state.dataset.state = view.state;
  state.textContent = known.states[view.state] ?? view.state;
  row.querySelector(".taker").textContent = taker(view);
  const form = row.querySelector(".do");
  if (seen || list.dataset.may !== "yes") {
    form.replaceChildren();
  } else if (form.elements.revision) {
    form.action = `/alerts/${encodeURIComponent(view.alert_id)}/do/acknowledge`;
    form.elements.csrf.value = list.dataset.csrf;
    form.elements.key.value = `${view.alert_id}-${view.revision}-acknowledge`;
    form.elements.revision.value = view.revision;
    const about = form.querySelector(".visually-hidden");
    if (about) about.textContent = ` ${why(view)} ${place(view.place)}`;
  }
}

function before(view) {
  // Gravest first, then newest, as the server lists them.
  const rank = names.indexOf(severity(view)), at = Date.parse(view.at);
  for (const row of list.children) {
    const other = names.indexOf(row.dataset.severity);
    if (other < rank) return row;
    const then = Date.parse(row.dataset.at);
    if (other === rank && (then < at || (then === at && row.dataset.id > view.alert_id))) return row;
  }
  return null;
}

function put(view) {
  const old = document.getElementById(`a-${view.alert_id}`);
  if (old) {
    if (Number(old.dataset.revision) >= view.revision) return;
    const graver = severity(view) !== old.dataset.severity;
    if (!open.has(view.state) && open.has(old.dataset.state)) total -= 1;
    write(old, view);
    if (graver) list.insertBefore(old, before(view));
    return;
  }
  if (!open.has(view.state) || !fits(view)) return;
  total += 1;
  const next = before(view);
  if (next === null && list.children.length >= most) return; // it stands on a later page
  const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
  write(row, view);
  row.classList.add("fresh");
  list.insertBefore(row, next);
  screen.shows(view.alert_id, view.revision);
  while (list.children.length > most) list.lastElementChild.remove();
}

function counts(view, sign) {
  const tally = document.querySelector(`[data-count="${severity(view)}"]`);
  if (tally) tally.textContent = Math.max(0, Number(tally.textContent) + sign);
}

function announce(views) {
  const critical = views.filter((one) => severity(one) === "CRITICAL" && unseen.has(one.state));
  const said = (one) => fill(known.words.new_alert, { severity: known.severities[severity(one)], place: place(one.place), why: why(one) });
  if (critical.length) {
    document.getElementById("assertive").textContent = said(critical[0]) + (critical.length > 1 ? ` (+${critical.length - 1})` : "");
    title.flash(critical.length, known.words.urgent);
    sound.beep();
  } else if (views.length) {
    document.getElementById("polite").textContent = said(views[0]) + (views.length > 1 ? ` (+${views.length - 1})` : "");
  }
}

function draw() {
  drawing = false;
  const began = performance.now(), fresh = [];
  for (const [id, { view, isNew }] of waiting) {
    waiting.delete(id);
    put(view);
    if (isNew && open.has(view.state) && fits(view)) fresh.push(view);
    if (performance.now() - began > 16) break; // a storm is drawn over several frames
  }
  announce(fresh);
  document.getElementById("empty").hidden = list.children.length > 0;
  document.getElementById("total").textContent = fill(known.words.total, { shown: list.children.length, total });
  if (waiting.size) later();
}

function later() {
  if (drawing) return;
  drawing = true;
  if (document.hidden) setTimeout(draw, 100); else requestAnimationFrame(draw);
}

const revisions = new Map([...list.children].map((row) => [row.dataset.id, open.has(row.dataset.state)]));

function alert(view) {
  const was = revisions.get(view.alert_id), is = open.has(view.state);
  // An alert that stood on a later page is no news; its first revision is.
  const isNew = was === undefined && view.reason === "raised";
  if (isNew && is) counts(view, 1);
  if (was !== false && !is) counts(view, -1);
  revisions.set(view.alert_id, is);
  waiting.set(view.alert_id, { view, isNew: isNew || waiting.get(view.alert_id)?.isNew });
  later();
}

function snapshot(body) {
  const here = new Set(body.alerts.map((one) => one.alert_id));
  for (const row of [...list.children]) if (!here.has(row.dataset.id)) row.remove();
  total = list.children.length;
  const tallies = document.querySelectorAll("[data-count]");
  for (const one of tallies) one.textContent = "0";
  for (const view of body.alerts) {
    counts(view, 1);
    revisions.set(view.alert_id, true);
    waiting.set(view.alert_id, { view, isNew: false });
  }
  total = body.alerts.filter((one) => fits(one) && document.getElementById(`a-${one.alert_id}`)).length;
  later();
}

function gap(body) {
  const text = document.getElementById("gap");
  text.textContent = fill(known.words.gap, { since: body.from ? clock(body.from, "") : "–", until: clock(body.to, "") });
  text.hidden = false;
}

const state = document.getElementById("stream");
listen(list.dataset.feed, list.dataset.cursor, {
  alert, snapshot, gap, here: (body) => health(body.sources ?? []),
  state(name) {
    state.dataset.state = name === "open" ? "on" : "wait";
    state.textContent = name === "open" ? known.words.connected : known.words.connecting;
  },
});
keyboard(list, sound);
for (const row of list.children) if (unseen.has(row.dataset.state)) screen.shows(row.dataset.id, Number(row.dataset.revision));
