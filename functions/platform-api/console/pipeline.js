// The steps of an onboarding, one after the other: done, running, waiting, open.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { relative } from "./times.js";
import { counted, readable, stepName } from "./words.js";

const LOOKS = {
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
  const [tone, picture] = LOOKS[step.state] ?? LOOKS.pending;
  const state = step.state === "pending" ? "Open" : readable(step.state);
  const tries = step.attempts > 1 ? ` · ${counted(step.attempts, "try", "tries")}` : "";
  const text = step.state === "waiting" || step.state === "retrying" ? detail(step, about) : null;
  const due = step.due && step.state !== "done" ? `Next look ${relative(step.due)}` : null;
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

/** The steps; `about` is the onboarding, whose sentence belongs to the step it waits in. */
export function pipeline(steps, about) {
  return h(
    "ol",
    { class: "pipeline" },
    steps.map((step) => node(step, about)),
  );
}

/** "7 of 12 steps". */
export function progress(steps) {
  const over = steps.filter((step) => step.state === "done" || step.state === "skipped").length;
  return `${over} of ${counted(steps.length, "step")} over`;
}
