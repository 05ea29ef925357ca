// A view that stays up to date: it polls its sources while the page is visible, and redraws what changed.

import { callText } from "./api.js";
import { morph } from "./morph.js";
import { complain, say } from "./toast.js";

const EVERY_MS = 3000;
// Failing requests back off, up to one a minute.
const LONGEST_MS = 60_000;
const REDRAW_MS = 10_000;
const REMEMBERED = 60;

// The last responses, so that a view that is opened again has content at once.
const cache = new Map();

export const clearCache = () => cache.clear();

function remember(path, text) {
  cache.delete(path);
  cache.set(path, text);
  if (cache.size > REMEMBERED) cache.delete(cache.keys().next().value);
}

/** One resource of a page; at most one request runs at a time. */
class Source {
  constructor(page, name, { path, every = EVERY_MS }) {
    Object.assign(this, { page, name, path, every, pause: every, since: 0, age: 0, text: null });
    Object.assign(this, { asking: false, again: false, timer: 0 });
    if (cache.has(path)) this.take(cache.get(path));
  }

  take(text) {
    if (text === this.text) return false;
    this.text = text;
    this.page.data[this.name] = JSON.parse(text);
    return true;
  }

  lose() {
    this.text = null;
    cache.delete(this.path);
    delete this.page.data[this.name];
  }

  /** Stores the response of an action; the response of a request that is still running is then outdated. */
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
      this.schedule();
      return;
    }
    this.again = false;
    this.ask();
  }

  /** Schedules the next request, unless the page is hidden. */
  schedule() {
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
      // A deleted resource must not stay on the page.
      if (result.status === 404) this.lose();
      if (result.message !== before) page.draw();
      return;
    }
    delete page.errors[name];
    remember(this.path, result);
    const isChanged = this.take(result);
    page.view.answered?.(page, name);
    if (isChanged || before) page.draw();
  }
}

export class Page {
  /** `report(isLive)` is called with whether the API can be reached. */
  constructor(view, route, root, report) {
    Object.assign(this, { view, route, root, report, data: {}, errors: {}, local: {}, pending: new Set(), failing: new Set() });
    this.sources = Object.entries(view.sources?.(route) ?? {}).map(
      ([name, source]) => new Source(this, name, typeof source === "string" ? { path: source } : source),
    );
    this.onVisibility = () => this.sources.forEach((source) => source.schedule());
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

  /** Shows the response of an action before the next poll. */
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
    // The focused element is gone: focus the heading instead of losing focus to the body.
    if (focused && document.activeElement === document.body) this.root.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** Runs an action, one at a time for each key, shows its outcome as a toast, and refreshes. */
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
