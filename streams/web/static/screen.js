// Tells the gateway what stood on a screen, and since when: once a second, for the time to the officer.
const EVERY = 1000, AT_ONCE = 200;

export class Screen {
  constructor(csrf) {
    this.csrf = csrf;
    this.waiting = [];
    this.timer = 0;
  }

  shows(id, revision) {
    if (document.hidden) return; // nobody sees it yet
    this.waiting.push({ alert_id: id, revision, shown_at: new Date().toISOString() });
    this.timer ||= setTimeout(() => this.tell(), EVERY);
  }

  tell() {
    this.timer = 0;
    const body = this.waiting.splice(0, AT_ONCE);
    if (this.waiting.length) this.timer = setTimeout(() => this.tell(), EVERY);
    fetch("/v1/shown", {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": this.csrf }, body: JSON.stringify(body), keepalive: true,
    }).catch(() => { /* a measurement, no more */ });
  }
}
