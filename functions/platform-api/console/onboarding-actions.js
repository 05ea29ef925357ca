// The operator's actions on an onboarding: resume, with a choice where one is needed, assign an account, or end the
// connection.

import { call, path } from "./api.js";
import { confirmDialog, formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, doing } from "./components.js";
import { say } from "./toast.js";

/** The step that waits for a choice, if any. */
const choosing = (steps) => steps.find((step) => step.options?.length);

// Accounts are chosen while the permission is verified, numbers afterwards.
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
    intro: "Several were shared with the platform. The choice is verified before it is used.",
    fields: [h("fieldset", { class: "choices" }, h("legend", {}, what), step.options.map(option))],
    run: async (choice) => {
      await call("POST", path("onboardings", id, "resume"), choice);
      say("Resumed with the choice.");
      page.refresh();
    },
  });
}

function resume(page, id, steps) {
  const step = choosing(steps);
  if (step) return button("Resume…", { tone: "primary", key: "resume", needs: "onboarding.resume", onclick: () => choose(page, id, step) });
  const run = async () => {
    await call("POST", path("onboardings", id, "resume"));
    return "Resumed: all waiting steps are being checked now.";
  };
  return doing(page, "resume", "Resume", run, { tone: "primary", needs: "onboarding.resume" });
}

const isUnclaimed = ({ customer_ref: reference }) => reference.startsWith("meta:");

// An unclaimed record goes to a customer; one that asks for another click gets its token from Meta instead.
function assign(page, onboarding) {
  const unclaimed = isUnclaimed(onboarding);
  formDialog({
    title: "Assign account",
    submit: "Assign",
    intro: unclaimed
      ? "Meta shared this account with the platform, but no customer has claimed it. Assign it to its customer."
      : "The token of this account is requested from Meta, instead of another click by the customer.",
    fields: [
      {
        name: "customer_ref",
        label: "Customer reference",
        value: unclaimed ? "" : onboarding.customer_ref,
        required: true,
        readonly: !unclaimed,
        maxlength: "128",
      },
      {
        name: "waba_id",
        label: "Account id",
        value: onboarding.waba_id,
        required: true,
        inputmode: "numeric",
        pattern: "[1-9][0-9]*",
        maxlength: "20",
        hint: "The WhatsApp Business account, as Meta announced it.",
      },
    ],
    run: async (order) => {
      await call("POST", path("onboardings", onboarding.id, "assign"), order);
      say("The account was assigned.");
      page.refresh();
    },
  });
}

function end(page, { id, customer_ref: reference }) {
  confirmDialog({
    title: "End this connection?",
    submit: "End connection",
    typed: reference,
    label: "Customer reference",
    text:
      "This revokes the credit line and removes the webhook subscription and the token at Meta. The numbers stay " +
      "registered, because another provider may use them. It cannot be undone; the customer has to sign up again.",
    run: async () => {
      await call("DELETE", path("onboardings", id));
      say("The exit has started.");
      page.refresh();
    },
  });
}

export function actions(page, { onboarding, steps }) {
  const hasLeft = onboarding.state === "left";
  const isLeaving = hasLeft || onboarding.state === "leaving";
  const isAssignable = !isLeaving && (isUnclaimed(onboarding) || onboarding.state === "relaunch");
  return [
    hasLeft ? null : resume(page, onboarding.id, steps),
    isAssignable &&
      button("Assign account", {
        key: "assign",
        needs: "onboarding.assign",
        onclick: () => assign(page, onboarding),
      }),
    isLeaving
      ? null
      : button("End connection", {
          tone: "danger outline",
          key: "end",
          needs: "onboarding.leave",
          onclick: () => end(page, onboarding),
        }),
  ];
}
