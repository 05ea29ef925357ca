// What happened, the newest first, along a line.

import { h } from "./dom.js";
import { moment } from "./times.js";
import { eventName, stepName } from "./words.js";

const SHOWN = 12;

function tone(entry) {
  if (entry.event === "step_failed" || entry.event === "token_died") return "bad";
  if (entry.event === "step_done" || entry.event === "repaired" || entry.event === "token_stored") return "ok";
  return entry.code ? "warn" : "idle";
}

function line(entry, index) {
  const attempt = entry.attempt > 1 ? `, try ${entry.attempt}` : "";
  const step = entry.step ? `${stepName(entry.step)}: ` : "";
  const event = entry.step ? eventName(entry.event).toLowerCase() : eventName(entry.event);
  return h(
    "li",
    { class: `moment ${tone(entry)}`, key: `${index}-${entry.at}-${entry.event}` },
    h("span", { class: "note" }, moment(entry.at)),
    h("span", {}, step, event, attempt, entry.code && [" ", h("code", {}, entry.code)]),
  );
}

export function timeline(entries) {
  if (!entries.length) return h("p", { class: "empty" }, "Nothing has happened yet.");
  const lines = entries.map(line).reverse();
  const earlier = lines.slice(SHOWN);
  return [
    h("ol", { class: "timeline" }, lines.slice(0, SHOWN)),
    earlier.length > 0 &&
      h("details", {}, h("summary", {}, `${earlier.length} earlier`), h("ol", { class: "timeline" }, earlier)),
  ];
}
