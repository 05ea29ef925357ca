// One phone number migration: its stages, Meta's requirements, the code, and the comparison before and after.

import { to } from "./addresses.js";
import { call, path } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { actor, button, card, chip, doing, empty, facts, heading, indicator, mono, skeleton } from "./components.js";
import { codePanel } from "./move-code.js";
import { stages } from "./move-stages.js";
import { ago, moment } from "./times.js";
import { timeline } from "./timeline.js";
import { say } from "./toast.js";
import { readable } from "./labels.js";

const sources = ({ id }) => ({ move: { path: path("moves", id) } });

const PICTURES = { ok: "done", bad: "missing", warn: "waiting", idle: "skipped" };

function stageLine(move) {
  return h(
    "ol",
    { class: "pipeline stages-line" },
    stages(move).map(({ name, tone, label, detail }) =>
      h(
        "li",
        { class: `step ${tone}${tone === "info" ? " is-running" : ""}`, key: name, "data-state": label.toLowerCase() },
        h("span", { class: "step-mark" }, icon(PICTURES[tone] ?? "open")),
        h(
          "div",
          { class: "step-text" },
          h("strong", {}, name),
          h("span", { class: "note" }, label),
          detail && h("span", { class: "note" }, detail),
        ),
      ),
    ),
  );
}

function checks(page, move) {
  const results = { pass: true, missing: false, unknown: null };
  const line = ({ check, result, message }) =>
    h(
      "li",
      { key: check },
      indicator(results[result]),
      h("div", {}, h("strong", {}, readable(check)), message && h("p", { class: "note" }, message)),
    );
  const again = async () => {
    page.put("move", await call("POST", path("moves", move.move_id, "resume")));
    return "The checks are running again.";
  };
  const open = ["checking", "blocked"].includes(move.state);
  const tone = move.state === "blocked" ? "primary" : "";
  const tools = open ? doing(page, "again", "Check again", again, { tone, needs: "move.resume" }) : null;
  const list = move.checks.length
    ? h("ul", { class: "plain light-list" }, move.checks.map(line))
    : empty("No checks have run yet.");
  return card("Checks", { key: "checks", tools }, list);
}

const RESULTS = {
  true: ["ok", "done", "Unchanged"],
  false: ["bad", "missing", "Changed"],
  null: ["idle", "unknown", "Unknown"],
};

function comparison(rows) {
  const value = (text) => (text === null ? h("span", { class: "note" }, "unknown") : text);
  const row = ({ subject, before, after, kept }) => {
    const [tone, picture, text] = RESULTS[String(kept)] ?? RESULTS.null;
    return h(
      "tr",
      { key: subject },
      h("th", { scope: "row" }, subject.includes(" ") ? subject : readable(subject)),
      h("td", {}, value(before)),
      h("td", {}, value(after)),
      h("td", {}, h("span", { class: `kept ${tone}` }, icon(picture), text)),
    );
  };
  const head = ["Attribute", "Before", "After", "Result"].map((name) => h("th", { scope: "col" }, name));
  const table = h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Before and after, as a table" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows.map(row))),
  );
  return card(
    "Before and after",
    { key: "comparison" },
    rows.length ? table : empty("Compared once the number is registered here."),
  );
}

function cancel(page, move) {
  confirmDialog({
    title: "Cancel this migration?",
    submit: "Cancel migration",
    text: "The number stays with its current provider. You can start a new migration later.",
    run: async () => {
      page.put("move", await call("DELETE", path("moves", move.move_id)));
      say("The migration was cancelled.");
      page.refresh();
    },
  });
}

const crumbs = () => h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, h("a", { href: "#/moves" }, "Migrations"));

function about(move) {
  return card(
    "Record",
    { key: "record" },
    facts([
      ["Migration", mono(move.move_id)],
      ["Onboarding", h("a", { href: to(["onboardings", move.onboarding_id]) }, move.onboarding_id)],
      ["Number", mono(move.phone_number)],
      ["New number id", mono(move.phone_number_id)],
      ["Codes requested", String(move.codes_requested)],
      ["Next code", move.next_code_at ? moment(move.next_code_at) : null],
    ]),
  );
}

function render(page) {
  const { move } = page.data;
  if (!move) {
    const error = page.errors.move;
    return [
      heading("Migration", { above: crumbs() }),
      h("section", { class: "card", "aria-label": "Migration" }, error ? empty(error.message) : skeleton(10)),
    ];
  }
  // A verified number can only be released by ending the connection.
  const isOver = ["registering", "done", "cancelled"].includes(move.state);
  const status = h(
    "div",
    { class: "status-line" },
    h("p", {}, chip(move.state), " ", actor(move.who_acts), " ", h("span", { class: "note" }, ago(move.since))),
    move.message && h("p", { class: "lead" }, move.message),
    move.code && h("p", {}, h("code", { class: "note" }, move.code)),
  );
  return [
    heading(`Migration of ${move.phone_number}`, {
      above: crumbs(),
      below: [h("p", {}, "To ", h("a", { href: to(["onboardings", move.onboarding_id]) }, move.customer_ref)), status],
      tools: isOver
        ? null
        : button("Cancel migration", { tone: "danger outline", needs: "move.cancel", onclick: () => cancel(page, move) }),
    }),
    h("section", { class: "card", "aria-label": "Stages", key: "stages" }, stageLine(move)),
    codePanel(page, move),
    h(
      "div",
      { class: "columns" },
      h("div", { class: "stack" }, checks(page, move), about(move)),
      h(
        "div",
        { class: "stack" },
        comparison(move.comparison),
        card(
          "Timeline",
          { key: "timeline" },
          timeline(page, path("moves", move.move_id, "timeline"), move.timeline, move.timeline_cursor),
        ),
      ),
    ),
  ];
}

export const move = { title: "Migration", sources, render, ticks: 1000 };
