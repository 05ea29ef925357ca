// The verification code of a migration: requested by text message or phone call, then entered.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { field, values } from "./fields.js";
import { card, inactive } from "./components.js";
import { may } from "./rights.js";
import { absolute, countdown } from "./times.js";
import { counted } from "./labels.js";

const METHODS = [
  ["SMS", "By text message"],
  ["VOICE", "By phone call"],
];

const VERIFIED = {
  registering: "The number is verified and is being registered.",
  done: "The number is verified and registered here.",
};

/** A countdown with the exact time in its title. */
const left = (iso) => h("span", { class: "count", title: absolute(iso) }, countdown(iso));

function sendForm(page, move) {
  const wait = move.next_code_at && Date.parse(move.next_code_at) > Date.now() ? move.next_code_at : null;
  const blocked = Boolean(wait) || move.codes_left === 0;
  const submit = (event) => {
    event.preventDefault();
    const order = values(event.target);
    if (blocked) return;
    page.act("code", async () => {
      const after = await call("POST", path("moves", move.move_id, "code"), order);
      page.put("move", after);
      return sent(after);
    });
  };
  const why = wait
    ? ["The next code can be sent in ", left(wait), "."]
    : `${counted(move.codes_left, "code")} left.`;
  return h(
    "form",
    { class: "inline-form", key: "send", "aria-label": "Send code", onsubmit: submit },
    fixedField({ name: "method", label: "Method", options: METHODS, value: "SMS" }, "code-method"),
    fixedField({ name: "language", label: "Language", value: "en_US", required: true, maxlength: "10" }, "code-language"),
    h(
      "button",
      {
        type: "submit",
        class: `button ${move.state === "code_sent" ? "" : "primary"}`,
        ...inactive(page, "code", blocked),
      },
      "Send code",
    ),
    h("p", { class: "note" }, why),
  );
}

// A rejection by Meta is not an API error: the migration carries Meta's message.
function reject({ message }) {
  throw new Error(message ?? "Meta did not accept it. Check the status of the migration.");
}

// A number that is already verified needs no code.
function sent(move) {
  if (VERIFIED[move.state]) return VERIFIED[move.state];
  if (move.state !== "code_sent") reject(move);
  return move.code && move.message ? move.message : "The code is on its way.";
}

function verified(move) {
  if (VERIFIED[move.state]) return VERIFIED[move.state];
  if (move.state === "code_sent" && !move.code) {
    throw new Error("Meta has not confirmed the code yet; this is being checked. Do not enter it again.");
  }
  return reject(move);
}

// Redrawn fields need a fixed id.
function fixedField(spec, id) {
  const element = field(spec);
  element.querySelector("label").setAttribute("for", id);
  element.querySelector("input, select").id = id;
  return element;
}

function attemptsLeft({ verifications_left: tries, next_entry_at: next }) {
  if (tries > 0 || !next) return `${counted(tries, "attempt")} left.`;
  return ["No attempts left. The next code can be entered in ", left(next), "."];
}

function verifyForm(page, move) {
  const blocked = move.verifications_left === 0;
  const submit = (event) => {
    event.preventDefault();
    if (blocked) return;
    const form = event.target;
    const order = values(form);
    page.act("verify", async () => {
      const after = await call("POST", path("moves", move.move_id, "verify"), order);
      form.reset();
      page.put("move", after);
      return verified(after);
    });
  };
  const spec = {
    name: "code",
    label: "Six-digit code",
    required: true,
    inputmode: "numeric",
    pattern: "[0-9]{3}[\\- ]?[0-9]{3}",
    maxlength: "7",
    autocomplete: "one-time-code",
    title: "Six digits",
  };
  return h(
    "form",
    { class: "inline-form", key: "verify", "aria-label": "Verify", onsubmit: submit },
    fixedField(spec, "code-typed"),
    h("button", { type: "submit", class: "button primary", ...inactive(page, "verify", blocked) }, "Verify"),
    h("p", { class: "note" }, attemptsLeft(move)),
  );
}

/** The code forms, while a code is needed. */
export function codePanel(page, move) {
  if (!["awaiting_code", "code_sent"].includes(move.state) || !may("move.request_code")) return null;
  return card(
    "Verification code",
    { key: "code", note: "Meta sends six digits to the number." },
    h("div", { class: "halves" }, move.state === "code_sent" && verifyForm(page, move), sendForm(page, move)),
  );
}
