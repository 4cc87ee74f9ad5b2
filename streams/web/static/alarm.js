// Sound and title for what is CRITICAL. The sound is off until somebody turns it on: browsers ask for that, and so do people.
import { known } from "./words.js";

const KEY = "suar-sound";

export class Sound {
  constructor(button) {
    this.button = button;
    this.context = null;
    this.on = false;
    this.last = -Infinity;
    this.beeps = 0;
    button.hidden = false;
    button.addEventListener("click", () => this.toggle());
    try {
      // Allowed before: it begins again with the first touch of the page.
      if (localStorage.getItem(KEY) === "on") for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => this.set(true), { once: true });
    } catch { /* nothing was kept */ }
  }

  toggle() { this.set(!this.on); if (this.on) this.ring(); }

  set(on) {
    if (on === this.on) return;
    this.on = on;
    if (on) { this.context ??= new AudioContext(); this.context.resume(); }
    this.button.setAttribute("aria-pressed", String(on));
    this.button.textContent = on ? known.words.sound_on : known.words.sound_off;
    try { localStorage.setItem(KEY, on ? "on" : "off"); } catch { /* not kept */ }
  }

  beep() {
    const now = performance.now();
    if (!this.on || !this.context || now - this.last < 1500) return; // a storm sounds once
    this.last = now;
    this.ring();
  }

  ring() {
    this.beeps += 1;
    this.button.dataset.beeps = this.beeps;
    for (const [at, pitch] of [[0, 880], [0.18, 660], [0.36, 880]]) {
      const tone = this.context.createOscillator(), gain = this.context.createGain(), start = this.context.currentTime + at;
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.25, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 0.16);
      tone.connect(gain).connect(this.context.destination);
      tone.start(start);
      tone.stop(start + 0.17);
    }
  }
}

export class Title {
  constructor() {
    this.plain = document.title;
    this.count = 0;
    this.timer = 0;
    for (const name of ["focus", "pointerdown", "keydown"]) addEventListener(name, () => this.calm());
  }

  flash(count, word) {
    this.count += count;
    const loud = `◆ ${this.count} ${word} · ${this.plain}`;
    document.title = loud;
    clearInterval(this.timer);
    this.timer = setInterval(() => { document.title = document.title === loud ? this.plain : loud; }, 900);
  }

  calm() {
    clearInterval(this.timer);
    this.count = 0;
    document.title = this.plain;
  }
}
