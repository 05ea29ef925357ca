// A view that keeps itself up to date: it asks for its sources again and again while somebody looks, and redraws what changed.

import { callText } from "./api.js";
import { morph } from "./morph.js";
import { complain, say } from "./toast.js";

const EVERY_MS = 3000;
// What does not get through is tried ever more rarely, but once a minute.
const LONGEST_MS = 60_000;
const REDRAW_MS = 10_000;
const REMEMBERED = 60;

// What was seen last, so that coming back shows something at once.
const seen = new Map();

export const forgetSeen = () => seen.clear();

function remember(path, text) {
  seen.delete(path);
  seen.set(path, text);
  if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
}

/** One resource of a page; never asked for twice at a time. */
class Source {
  constructor(page, name, { path, every = EVERY_MS }) {
    Object.assign(this, { page, name, path, every, pause: every, since: 0, age: 0, text: null });
    Object.assign(this, { asking: false, again: false, timer: 0 });
    if (seen.has(path)) this.take(seen.get(path));
  }

  take(text) {
    if (text === this.text) return false;
    this.text = text;
    this.page.data[this.name] = JSON.parse(text);
    return true;
  }

  lose() {
    this.text = null;
    seen.delete(this.path);
    delete this.page.data[this.name];
  }

  /** Takes what an action answered: answers to what was asked before that are old. */
  put(data) {
    this.age += 1;
    this.again = this.asking;
    const text = JSON.stringify(data);
    remember(this.path, text);
    this.take(text);
  }

  async ask() {
    clearTimeout(this.timer);
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    const { age } = this;
    const result = await callText("GET", this.path).catch((error) => error);
    this.asking = false;
    if (this.page.stopped) return;
    this.since = Date.now();
    if (age === this.age) this.settle(result);
    if (!this.again) {
      this.rest();
      return;
    }
    this.again = false;
    this.ask();
  }

  /** Asks again when it is time, unless nobody looks. */
  rest() {
    clearTimeout(this.timer);
    if (document.hidden || this.asking) return;
    this.timer = setTimeout(() => this.ask(), Math.max(0, this.since + this.pause - Date.now()));
  }

  settle(result) {
    const { page, name } = this;
    const failed = typeof result !== "string";
    this.pause = failed && result.isOutage ? Math.min(this.pause * 2, LONGEST_MS) : this.every;
    page.connection(name, !failed || result.status === 404);
    const before = page.errors[name]?.message;
    if (failed) {
      page.errors[name] = result;
      // What is gone is not shown as if it were there.
      if (result.status === 404) this.lose();
      if (result.message !== before) page.draw();
      return;
    }
    delete page.errors[name];
    remember(this.path, result);
    const isNews = this.take(result);
    page.view.answered?.(page, name);
    if (isNews || before) page.draw();
  }
}

export class Page {
  /** `report(isLive)` is told whether calls get through. */
  constructor(view, route, root, report) {
    Object.assign(this, { view, route, root, report, data: {}, errors: {}, local: {}, pending: new Set(), failing: new Set() });
    this.sources = Object.entries(view.sources?.(route) ?? {}).map(
      ([name, source]) => new Source(this, name, typeof source === "string" ? { path: source } : source),
    );
    this.onVisibility = () => this.sources.forEach((source) => source.rest());
  }

  start() {
    document.addEventListener("visibilitychange", this.onVisibility);
    this.clock = setInterval(() => document.hidden || this.draw(), this.view.ticks ?? REDRAW_MS);
    this.draw();
    this.refresh();
  }

  stop() {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.onVisibility);
    clearInterval(this.clock);
    for (const source of this.sources) clearTimeout(source.timer);
  }

  refresh() {
    if (this.stopped) return;
    for (const source of this.sources) source.ask();
  }

  /** Shows what an action answered, before it is asked for again. */
  put(name, data) {
    this.sources.find((source) => source.name === name).put(data);
    this.draw();
  }

  connection(name, works) {
    if (works) this.failing.delete(name);
    else this.failing.add(name);
    this.report(this.failing.size === 0);
  }

  draw() {
    if (this.stopped) return;
    const focused = this.root.contains(document.activeElement);
    const wanted = document.createElement("div");
    wanted.className = "view";
    wanted.append(...[this.view.render(this)].flat(Infinity).filter(Boolean));
    morph(this.root.firstElementChild, wanted);
    // What had the focus is gone: the top of the view has it, not the browser's window.
    if (focused && document.activeElement === document.body) this.root.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** Does something once at a time, tells how it went, and looks again. */
  async act(key, run) {
    if (this.pending.has(key)) return;
    this.pending.add(key);
    this.draw();
    try {
      const sentence = await run();
      if (typeof sentence === "string") say(sentence);
    } catch (error) {
      complain(error);
    } finally {
      this.pending.delete(key);
      this.draw();
      this.refresh();
    }
  }
}
