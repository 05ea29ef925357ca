// The doctor: checks of the platform's configuration at Meta, and what to fix.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { card, chip, doing, empty, heading, indicator, mono, whenKnown } from "./components.js";
import { ago } from "./times.js";
import { checkName } from "./labels.js";

// Reading the report calls Meta: every five minutes is enough, more often after the checks were started.
const EVERY_MS = 300_000;
const REFRESHES_AFTER_MS = [2000, 5000, 10_000];

const sources = () => ({ report: { path: path("doctor"), every: EVERY_MS } });

function check({ name, ok, message, missing = [], at }) {
  return h(
    "li",
    { class: "check", key: name, "data-check": name },
    indicator(ok),
    h(
      "div",
      {},
      h("h3", {}, checkName(name)),
      h("p", {}, message),
      missing.length > 0 &&
        h(
          "ul",
          { class: "missing" },
          missing.map((what) => h("li", {}, h("code", {}, what))),
        ),
    ),
    at && h("p", { class: "note" }, "checked ", ago(at)),
  );
}

function summary(checks) {
  const bad = checks.filter((one) => one.ok === false).length;
  const unknown = checks.filter((one) => (one.ok ?? null) === null).length;
  const good = checks.length - bad - unknown;
  return h(
    "p",
    { class: "chips" },
    chip("ok", { tone: "ok", text: `${good} passed` }),
    chip("bad", { tone: bad ? "bad" : "idle", text: `${bad} failed` }),
    chip("unknown", { tone: "idle", text: `${unknown} to check by hand` }),
  );
}

function body({ checks, solutions }) {
  const order = (one) => ({ false: 0, null: 1, true: 2 })[String(one.ok ?? null)];
  const sorted = [...checks].sort((a, b) => order(a) - order(b));
  return [
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

function render(page) {
  const runChecks = async () => {
    await call("POST", path("doctor"));
    for (const after of REFRESHES_AFTER_MS) setTimeout(() => page.refresh(), after);
    return "The checks that use the system token are running; results appear in a few seconds.";
  };
  return [
    heading("Doctor", { tools: doing(page, "examine", "Run checks again", runChecks, { tone: "primary", needs: "doctor.examine" }) }),
    whenKnown(page, "report", body, 10),
  ];
}

export const doctor = { title: "Doctor", place: "doctor", sources, render };
