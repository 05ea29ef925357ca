// The dialog that creates a signup link for one customer.

import { call, path } from "./api.js";
import { config } from "./config.js";
import { formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { field } from "./fields.js";
import { banner, button } from "./components.js";
import { moment } from "./times.js";
import { say } from "./toast.js";
import { languageName } from "./labels.js";

const FLOWS = [
  ["default", "Default: the number is used with the API only"],
  ["coexistence", "Coexistence: the number also stays in the WhatsApp Business app"],
  ["app_only_install", "App-only install"],
];

function fields() {
  const languages = (config.signup_languages ?? []).map((tag) => [tag, languageName(tag)]);
  return [
    {
      name: "customer_ref",
      label: "Customer reference",
      required: true,
      maxlength: "128",
      hint: "Your own reference. It must not begin with meta:.",
    },
    {
      name: "customer_name",
      label: "Business name",
      hint: "Shown on the signup page: the business that is being connected.",
      maxlength: "80",
    },
    { name: "flow", label: "Flow", options: FLOWS, value: "default" },
    { name: "locale", label: "Language", options: [["", "The customer's browser language"], ...languages] },
    {
      name: "return_url",
      label: "Return URL",
      type: "url",
      hint: "Where the customer goes after the signup; a public HTTPS URL.",
      maxlength: "2048",
    },
    {
      name: "help_url",
      label: "Help URL",
      hint: "A public HTTPS URL, or mailto: with an email address.",
      maxlength: "2048",
    },
    {
      name: "confirm",
      label: "Confirmation",
      options: [
        ["", "Not required"],
        ["yes", "The customer has to confirm what is being connected"],
      ],
    },
  ];
}

async function copy(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    say("Link copied.");
  } catch {
    say("The link is selected. Copy it with Ctrl+C.");
  }
}

function made(created) {
  const box = field({ name: "link", label: "Signup link", value: created.signup_url, readonly: true });
  const input = box.querySelector("input");
  return h(
    "div",
    { class: "form" },
    h(
      "div",
      { class: "copy-row" },
      box,
      button("Copy link", { picture: "copy", "data-focus": true, onclick: () => copy(input) }),
    ),
    h("p", { class: "note" }, "Valid until ", moment(created.expires_at), ". Send it to this customer only."),
    created.held_until &&
      banner(
        "warn",
        {},
        h("p", {}, "Meta's limit for new customers is reached; a new customer has to wait until ", moment(created.held_until), "."),
      ),
  );
}

/** Opens the dialog. */
export function signupLink() {
  formDialog({
    title: "New signup link",
    fields: fields(),
    submit: "Create link",
    run: async ({ confirm, ...order }) => made(await call("POST", path("sessions"), { ...order, confirm: Boolean(confirm) })),
  });
}
