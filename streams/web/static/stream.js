// Server-sent events with a cursor that the page keeps itself: nothing missed, nothing repeated, also on a second drop.
const FIRST = 500, LONGEST = 15000;

export function listen(feed, cursor, on) {
  const store = `suar-cursor-${feed}`;
  let source = null, wait = FIRST, timer = 0;

  const kept = (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    try { sessionStorage.setItem(store, cursor); } catch { /* a browser may refuse to store */ }
  };

  function connect() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(`/v1/feeds/${encodeURIComponent(feed)}/stream?cursor=${encodeURIComponent(cursor)}`);
    source.onopen = () => { wait = FIRST; on.state("open"); };
    source.onerror = () => {
      source.close();
      on.state("waiting");
      timer = setTimeout(connect, wait * (0.7 + Math.random() * 0.6));
      wait = Math.min(LONGEST, wait * 2);
    };
    for (const name of ["alert", "snapshot", "gap", "here"]) {
      source.addEventListener(name, (event) => { on[name](JSON.parse(event.data)); kept(event); });
    }
  }

  addEventListener("online", connect);
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  addEventListener("pagehide", () => { clearTimeout(timer); source?.close(); });
  connect();
}
