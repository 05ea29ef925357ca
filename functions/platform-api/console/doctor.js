// The doctor: checks of the platform's configuration at Meta, what to fix, and the repair of what the API can fix.

import { call, path } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, card, chip, doing, empty, heading, indicator, mono, whenKnown } from "./components.js";
import { ago } from "./times.js";
import { say } from "./toast.js";
import { checkName, counted } from "./labels.js";

// Reading the report calls Meta: every five minutes is enough, more often after the checks were started.
const EVERY_MS = 300_000;
const REFRESHES_AFTER_MS = [2000, 5000, 10_000];

const sources = () => ({ report: { path: path("doctor"), every: EVERY_MS } });

const codes = (all) =>
  all.length > 0 &&
  h(
    "ul",
    { class: "missing" },
    all.map((what) => h("li", {}, h("code", {}, what))),
  );

function check({ name, ok, message, missing = [], found = [], at }) {
  return h(
    "li",
    { class: "check", key: name, "data-check": name },
    indicator(ok),
    h(
      "div",
      {},
      h("h3", {}, checkName(name)),
      h("p", {}, message),
      codes(missing),
      codes(found),
    ),
    at && h("p", { class: "note" }, "checked ", ago(at)),
  );
}

const isOpen = (one) => (one.ok ?? null) === null;
const isByHand = (one) => isOpen(one) && one.need === "by_hand";
const isOptional = (one) => isOpen(one) && one.need === "optional";

function summary(checks) {
  const count = (fits) => checks.filter(fits).length;
  const [bad, good, byHand] = [count((one) => one.ok === false), count((one) => one.ok === true), count(isByHand)];
  const unknown = count((one) => isOpen(one) && !isByHand(one) && !isOptional(one));
  return h(
    "p",
    { class: "chips" },
    chip("ok", { tone: "ok", text: `${good} passed` }),
    chip("bad", { tone: bad ? "bad" : "idle", text: `${bad} failed` }),
    unknown > 0 && chip("unknown", { tone: "idle", text: `${unknown} without a result` }),
    chip("by_hand", { tone: "idle", text: `${byHand} to check by hand` }),
  );
}

const STATES = {
  in_order: ["ok", "In order"],
  missing: ["bad", "Something is missing"],
  unknown: ["idle", "Not everything was checked"],
};

function state(report) {
  const [tone, text] = STATES[report.state] ?? STATES.unknown;
  return h("p", { key: "state", "data-state": report.state }, chip(report.state, { tone, text }));
}

function body(report) {
  const { checks, solutions } = report;
  const order = (one) => ({ false: 0, null: 1, true: 2 })[String(one.ok ?? null)];
  const sorted = [...checks].sort((a, b) => order(a) - order(b));
  return [
    state(report),
    card(
      "Checks",
      { key: "checks", tools: summary(checks) },
      checks.length ? h("ul", { class: "plain checks" }, sorted.map(check)) : empty("No checks have run yet."),
    ),
    solutions?.length > 0 &&
      card(
        "Multi-partner solutions",
        { key: "solutions" },
        h(
          "ul",
          { class: "plain light-list" },
          solutions.map((solution) =>
            h(
              "li",
              { key: solution.solution_id },
              mono(solution.solution_id),
              chip(solution.status),
              h("span", { class: "note" }, ago(solution.since)),
            ),
          ),
        ),
      ),
  ];
}

function repair(page) {
  confirmDialog({
    title: "Subscribe the app's webhook?",
    submit: "Subscribe",
    tone: "primary",
    text: "Meta will send the webhooks of all customers to this deployment, and to no other that uses the same app. Fields that are subscribed already remain.",
    run: async () => {
      const { repaired } = await call("POST", path("doctor", "repair"));
      const moved = repaired.replaced_callback ? `, instead of ${repaired.replaced_callback}` : "";
      say(`Meta sends webhooks to ${repaired.callback_url}${moved}; ${counted(repaired.added_fields.length, "field")} added.`);
      followUp(page);
    },
  });
}

function followUp(page) {
  page.refresh();
  for (const after of REFRESHES_AFTER_MS) setTimeout(() => page.refresh(), after);
}

function render(page) {
  const runChecks = async () => {
    await call("POST", path("doctor"));
    followUp(page);
    return "The checks that use the system token are running; results appear in a few seconds.";
  };
  const tools = [
    button("Repair webhook", { needs: "doctor.repair", onclick: () => repair(page) }),
    doing(page, "examine", "Run checks again", runChecks, { tone: "primary", needs: "doctor.examine" }),
  ];
  return [heading("Doctor", { tools }), whenKnown(page, "report", body, 10)];
}

export const doctor = { title: "Doctor", place: "doctor", sources, render };
