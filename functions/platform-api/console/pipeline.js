// The steps of an onboarding in order: done, running, waiting, not started.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { relative } from "./times.js";
import { counted, readable, stepName } from "./labels.js";

const APPEARANCES = {
  done: ["ok", "done"],
  skipped: ["idle", "skipped"],
  running: ["info", "open"],
  retrying: ["warn", "open"],
  waiting: ["warn", "waiting"],
  pending: ["open", "open"],
};

function detail(step, about) {
  if (step.code && step.code === about.code && about.message) return about.message;
  return step.code;
}

function node(step, about) {
  const [tone, picture] = APPEARANCES[step.state] ?? APPEARANCES.pending;
  const state = step.state === "pending" ? "Not started" : readable(step.state);
  const tries = step.attempts > 1 ? ` · ${counted(step.attempts, "attempt")}` : "";
  const text = step.state === "waiting" || step.state === "retrying" ? detail(step, about) : null;
  const due = step.due && step.state !== "done" ? `Next check ${relative(step.due)}` : null;
  return h(
    "li",
    { class: `step ${tone} is-${step.state}`, key: step.name, "data-step": step.name, "data-state": step.state },
    h("span", { class: "step-mark" }, icon(picture)),
    h(
      "div",
      { class: "step-text" },
      h("strong", {}, stepName(step.name)),
      h("span", { class: "note" }, state, tries),
      text && h("span", { class: "step-say" }, text),
      due && h("span", { class: "note" }, due),
    ),
  );
}

/** The steps; `about` is the onboarding, whose message belongs to the step that it waits for. */
export function pipeline(steps, about) {
  return h(
    "ol",
    { class: "pipeline" },
    steps.map((step) => node(step, about)),
  );
}

/** "7 of 12 steps done". */
export function progress(steps) {
  const done = steps.filter((step) => step.state === "done" || step.state === "skipped").length;
  return `${done} of ${counted(steps.length, "step")} done`;
}
