// What the server told the scripts: words, names and clocks.
export const known = JSON.parse(document.getElementById("known").textContent);

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const clocks = new Map();
function parts(zone, moment) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
  }
  return Object.fromEntries(clocks.get(zone).formatToParts(moment).map((one) => [one.type, one.value]));
}

export function clock(text, code) {
  const [, zone, name] = known.places[code] ?? known.places[known.home] ?? ["", "Asia/Jakarta", "WIB"];
  const there = parts(zone, new Date(text)), now = parts(zone, new Date());
  const day = `${there.day}-${there.month}-${there.year.slice(2)}`;
  const hour = `${there.hour}.${there.minute} ${name}`;
  return day === `${now.day}-${now.month}-${now.year.slice(2)}` ? hour : `${day} ${hour}`;
}

export function age(seconds) {
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    if (seconds >= size || unit === "second") return fill(known.ages[unit], { n: Math.floor(seconds / size) });
  }
  return "";
}
