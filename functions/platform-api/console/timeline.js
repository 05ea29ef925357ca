// The timeline of a record, newest first; entries older than the record's own are loaded page by page.

import { call, withQuery } from "./api.js";
import { h } from "./dom.js";
import { doing } from "./components.js";
import { moment } from "./times.js";
import { eventName, stepName } from "./labels.js";

const SHOWN = 12;

/** Who caused it through the API: a person or, without one, an API client. */
const by = ({ by: who }) =>
  who && h("span", { class: "note", title: `${who.operation}, request ${who.request_id}` }, ` by ${who.subject ?? who.client}`);

const about = ({ by: who }) => (who && Object.keys(who.about).length ? ` (${Object.values(who.about).join(", ")})` : "");

function tone(entry) {
  if (entry.event === "requested") return "idle";
  if (entry.event === "step_failed" || entry.event === "token_died") return "bad";
  if (entry.event === "step_done" || entry.event === "repaired" || entry.event === "token_stored") return "ok";
  return entry.code ? "warn" : "idle";
}

function line(entry, index) {
  const attempt = entry.attempt > 1 ? `, attempt ${entry.attempt}` : "";
  const step = entry.step ? `${stepName(entry.step)}: ` : "";
  const event = entry.step ? eventName(entry.event).toLowerCase() : eventName(entry.event);
  return h(
    "li",
    { class: `moment ${tone(entry)}`, key: `${index}-${entry.at}-${entry.event}` },
    h("span", { class: "note" }, moment(entry.at)),
    h("span", {}, step, event, attempt, entry.code && [" ", h("code", {}, entry.code)], about(entry), by(entry)),
  );
}

// The loaded earlier entries; they are dropped when the record's cursor changes, because a gap could appear.
function loaded(page, cursor) {
  if (page.local.earlier?.from !== cursor) page.local.earlier = { from: cursor, entries: [], cursor };
  return page.local.earlier;
}

async function loadOlder(page, where, earlier) {
  const older = await call("GET", withQuery(where, { cursor: earlier.cursor }));
  const entries = [...older.timeline, ...earlier.entries];
  if (page.local.earlier === earlier) page.local.earlier = { from: earlier.from, entries, cursor: older.cursor };
}

/** `where` is the API path of the timeline; `cursor` leads to entries older than `entries`. */
export function timeline(page, where, entries, cursor) {
  if (!entries.length) return h("p", { class: "empty" }, "Nothing has happened yet.");
  const older = loaded(page, cursor);
  const lines = entries.map(line).reverse();
  const earlier = [...lines.slice(SHOWN), ...older.entries.map((entry, index) => line(entry, `earlier-${index}`)).reverse()];
  return [
    h("ol", { class: "timeline" }, lines.slice(0, SHOWN)),
    (earlier.length > 0 || older.cursor) &&
      h(
        "details",
        {},
        h("summary", {}, `${earlier.length}${older.cursor ? "+" : ""} earlier`),
        h("ol", { class: "timeline" }, earlier),
        older.cursor && doing(page, "earlier", "Earlier entries", () => loadOlder(page, where, older), {}),
      ),
  ];
}
