// Chart of when slots of the rolling seven-day limit become free over the next seven days.

import { h } from "./dom.js";
import { DAY, relative, short, weekday } from "./times.js";
import { counted } from "./labels.js";

const WINDOW = 7 * DAY;
const [WIDTH, HEIGHT, EDGE] = [700, 100, 4];

/** When each new customer of the last seven days stops counting, earliest first. A business portfolio counts once. */
export function ends(newCustomers, now) {
  const first = new Map();
  for (const { business_id: business, since } of newCustomers) {
    const at = Date.parse(since);
    if (now - at < WINDOW) first.set(business, Math.min(at, first.get(business) ?? at));
  }
  return [...first.values()].map((at) => at + WINDOW).sort((a, b) => a - b);
}

/** The number of free slots now and after each release. */
export function steps(budget, now) {
  const times = ends(budget.new_customers, now);
  const free = (left) => Math.max(0, budget.limit - left);
  return [{ at: now, free: free(times.length) }, ...times.map((at, index) => ({ at, free: free(times.length - index - 1) }))];
}

function outline(points, limit, now) {
  const x = (at) => (((at - now) / WINDOW) * WIDTH).toFixed(1);
  const y = (free) => (HEIGHT - EDGE - (free / Math.max(1, limit)) * (HEIGHT - 2 * EDGE)).toFixed(1);
  const [start, ...rest] = points;
  return `M0 ${y(start.free)}${rest.map((point) => `H${x(point.at)}V${y(point.free)}`).join("")}H${WIDTH}`;
}

function picture(points, limit, now) {
  const line = outline(points, limit, now);
  const days = Array.from({ length: 6 }, (_, day) => ((day + 1) * WIDTH) / 7);
  return h(
    "svg",
    { class: "steps-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    days.map((x) => h("line", { class: "grid", x1: x, x2: x, y1: 0, y2: HEIGHT })),
    h("path", { class: "area", d: `${line}V${HEIGHT}H0Z` }),
    h("path", { class: "edge", d: line }),
  );
}

export function forecast(budget, now = Date.now()) {
  const points = steps(budget, now);
  const [start, ...freed] = points;
  const next = freed.find((point) => point.free > start.free);
  const nextText = next ? `The next slot becomes free ${relative(new Date(next.at).toISOString(), now)}.` : "No slot is in use.";
  const summary = `${counted(start.free, "slot")} free now. ${nextText}`;
  const labels = Array.from({ length: 7 }, (_, day) => h("span", {}, day ? weekday(now + day * DAY) : "Now"));
  return h(
    "div",
    { class: "forecast" },
    h("p", { class: "note" }, summary),
    h(
      "div",
      { class: "plot", role: "img", "aria-label": `Free slots over the next seven days: ${summary}` },
      h("div", { class: "axis-y", "aria-hidden": "true" }, h("span", {}, String(budget.limit)), h("span", {}, "0")),
      h(
        "div",
        { class: "plot-area" },
        picture(points, budget.limit, now),
        h("div", { class: "axis-x", "aria-hidden": "true" }, labels),
      ),
    ),
    freed.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, "When each slot becomes free"),
        h(
          "ol",
          { class: "plain" },
          freed.map((point) =>
            h("li", {}, h("time", { datetime: new Date(point.at).toISOString() }, short(point.at)), ` · ${point.free} free`),
          ),
        ),
      ),
  );
}
