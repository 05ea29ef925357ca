// The code of a move: asked for by text or call, and typed in when it has come.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { field, values } from "./fields.js";
import { card, resting } from "./marks.js";
import { may } from "./rights.js";
import { absolute, countdown } from "./times.js";
import { counted } from "./words.js";

const METHODS = [
  ["SMS", "By text message"],
  ["VOICE", "By phone call"],
];

const PROVEN = {
  registering: "The number is verified and is being registered.",
  done: "The number is verified and registered here.",
};

/** What is left until a moment, the moment itself in its title. */
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
    fixedField({ name: "method", label: "How", options: METHODS, value: "SMS" }, "code-method"),
    fixedField({ name: "language", label: "Language", value: "en_US", required: true, maxlength: "10" }, "code-language"),
    h(
      "button",
      {
        type: "submit",
        class: `button ${move.state === "code_sent" ? "" : "primary"}`,
        ...resting(page, "code", blocked),
      },
      "Send code",
    ),
    h("p", { class: "note" }, why),
  );
}

// Meta's refusals are no errors of the API: the move says what Meta said.
function refuse({ message }) {
  throw new Error(message ?? "Meta did not take it. Look at the state of the move.");
}

// A number that is verified already needs no code.
function sent(move) {
  if (PROVEN[move.state]) return PROVEN[move.state];
  if (move.state !== "code_sent") refuse(move);
  return move.code && move.message ? move.message : "The code is on its way.";
}

function verified(move) {
  if (PROVEN[move.state]) return PROVEN[move.state];
  if (move.state === "code_sent" && !move.code) {
    throw new Error("Meta has not answered whether the code is right; it is being found out. Do not enter the code again yet.");
  }
  return refuse(move);
}

// A field that is drawn again and again keeps its id.
function fixedField(spec, id) {
  const element = field(spec);
  element.querySelector("label").setAttribute("for", id);
  element.querySelector("input, select").id = id;
  return element;
}

function triesLeft({ verifications_left: tries, next_entry_at: next }) {
  if (tries > 0 || !next) return `${counted(tries, "try", "tries")} left.`;
  return ["No tries left. The next code may be entered in ", left(next), "."];
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
    h("button", { type: "submit", class: "button primary", ...resting(page, "verify", blocked) }, "Verify"),
    h("p", { class: "note" }, triesLeft(move)),
  );
}

/** What to do now, while a code is wanted. */
export function codePanel(page, move) {
  if (!["awaiting_code", "code_sent"].includes(move.state) || !may("move.request_code")) return null;
  return card(
    "Verification code",
    { key: "code", note: "Meta sends six digits to the number." },
    h("div", { class: "halves" }, move.state === "code_sent" && verifyForm(page, move), sendForm(page, move)),
  );
}
