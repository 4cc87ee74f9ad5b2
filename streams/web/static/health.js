// The strip with the agencies' feeds, kept up to date.
import { known, fill, age } from "./words.js";

export function health(sources) {
  if (!sources.length) return;
  const silent = [];
  for (const one of sources) {
    const said = one.age_seconds === null ? known.words.never : one.live ? age(one.age_seconds) : fill(known.words.silent, { age: age(one.age_seconds) });
    if (!one.live) silent.push(`${known.systems[one.source] ?? one.source} ${said}`);
    const item = document.querySelector(`#health [data-source="${one.source}"]`);
    if (!item) continue;
    item.dataset.live = one.live ? "yes" : "no";
    item.querySelector("span").textContent = said;
  }
  document.getElementById("health").dataset.silent = silent.length;
  const text = silent.length ? `${known.words.careful} ${silent.join(", ")}.` : known.words.quiet;
  const verdict = document.getElementById("verdict");
  if (verdict.textContent.trim() !== text) verdict.textContent = text;
}
