// What an operator can do about an onboarding: go on, with a choice where one is asked for, or end the connection.

import { call, path } from "./api.js";
import { confirmDialog, formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, doing } from "./marks.js";
import { say } from "./toast.js";

/** The step that waits for a choice, if one does. */
const choosing = (steps) => steps.find((step) => step.options?.length);

// Accounts are chosen where the permission is proven, numbers afterwards.
const kindOf = (step) => (step.name === "verify_grant" || step.code === "grant.several_accounts" ? "waba_id" : "phone_number_id");

function choose(page, id, step) {
  const kind = kindOf(step);
  const option = (value, index) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: kind, value, required: true, checked: index === 0 }),
      h("code", {}, value),
    );
  const what = kind === "waba_id" ? "Account" : "Number";
  formDialog({
    title: "Resume with a choice",
    submit: "Resume",
    intro: "Several were shared with the platform. The choice is proven like everything a browser says.",
    fields: [h("fieldset", { class: "choices" }, h("legend", {}, what), step.options.map(option))],
    run: async (choice) => {
      await call("POST", path("onboardings", id, "resume"), choice);
      say("Going on with the choice.");
      page.refresh();
    },
  });
}

function resume(page, id, steps) {
  const step = choosing(steps);
  if (step) return button("Resume…", { tone: "primary", key: "resume", needs: "onboarding.resume", onclick: () => choose(page, id, step) });
  const run = async () => {
    await call("POST", path("onboardings", id, "resume"));
    return "Everything that waits is looked at now.";
  };
  return doing(page, "resume", "Resume", run, { tone: "primary", needs: "onboarding.resume" });
}

function end(page, { id, customer_ref: reference }) {
  confirmDialog({
    title: "End this connection?",
    submit: "End connection",
    typed: reference,
    label: "Customer reference",
    text: "Credit, number, subscription and token of this customer are given back at Meta. It cannot be undone; the customer has to sign up again.",
    run: async () => {
      await call("DELETE", path("onboardings", id));
      say("The exit has begun.");
      page.refresh();
    },
  });
}

export function actions(page, { onboarding, steps }) {
  const over = onboarding.state === "left";
  const leaving = over || onboarding.state === "leaving";
  return [
    over ? null : resume(page, onboarding.id, steps),
    leaving
      ? null
      : button("End connection", {
          tone: "danger outline",
          key: "end",
          needs: "onboarding.leave",
          onclick: () => end(page, onboarding),
        }),
  ];
}
