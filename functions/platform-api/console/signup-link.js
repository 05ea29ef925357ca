// A signup link for one customer.

import { call, path } from "./api.js";
import { config } from "./config.js";
import { formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { field } from "./fields.js";
import { banner, button } from "./marks.js";
import { moment } from "./times.js";
import { say } from "./toast.js";
import { languageName } from "./words.js";

const FLOWS = [
  ["default", "Default: the number moves to the API"],
  ["coexistence", "Coexistence: it stays in the app as well"],
  ["app_only_install", "App only install"],
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
      label: "Name of the business",
      hint: "Shown before the button: what is being connected.",
      maxlength: "80",
    },
    { name: "flow", label: "Flow", options: FLOWS, value: "default" },
    { name: "locale", label: "Language", options: [["", "As the customer's browser says"], ...languages] },
    {
      name: "return_url",
      label: "Return address",
      type: "url",
      hint: "Where the customer goes afterwards; a public HTTPS address.",
      maxlength: "2048",
    },
    {
      name: "help_url",
      label: "Help address",
      hint: "A public HTTPS page, or mailto: with an address.",
      maxlength: "2048",
    },
    {
      name: "confirm",
      label: "Confirmation",
      options: [
        ["", "Not asked for"],
        ["yes", "The person has to confirm what is connected"],
      ],
    },
  ];
}

async function copy(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    say("The link is copied.");
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
    h("p", { class: "note" }, "Works until ", moment(created.expires_at), ". Send it to this customer only."),
    created.held_until &&
      banner(
        "warn",
        {},
        h("p", {}, "Meta's limit of new customers is reached: a new customer waits until ", moment(created.held_until), "."),
      ),
  );
}

/** Opens the dialog that makes one. */
export function signupLink() {
  formDialog({
    title: "New signup link",
    fields: fields(),
    submit: "Make the link",
    run: async ({ confirm, ...order }) => made(await call("POST", path("sessions"), { ...order, confirm: Boolean(confirm) })),
  });
}
