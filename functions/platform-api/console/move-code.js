// The code of a move: asked for by text or call, and typed in when it has come.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { field, values } from "./fields.js";
import { card } from "./marks.js";
import { countdown } from "./times.js";
import { counted } from "./words.js";

const METHODS = [
  ["SMS", "By text message"],
  ["VOICE", "By phone call"],
];

const busy = (page, key) => (page.pending.has(key) ? "true" : null);

function sendForm(page, move) {
  const wait = move.next_code_at && Date.parse(move.next_code_at) > Date.now() ? move.next_code_at : null;
  const blocked = Boolean(wait) || move.codes_left === 0 || page.pending.has("code");
  const submit = (event) => {
    event.preventDefault();
    const order = values(event.target);
    if (blocked) return;
    page.act("code", async () => {
      const after = await call("POST", path("moves", move.move_id, "code"), order);
      page.put("move", after);
      return outcome(after, after.state === "code_sent", "The code is on its way.");
    });
  };
  const why = wait
    ? ["The next code can be sent in ", h("span", { class: "count" }, countdown(wait)), "."]
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
        disabled: blocked,
        "aria-busy": busy(page, "code"),
      },
      "Send code",
    ),
    h("p", { class: "note" }, why),
  );
}

// Meta's refusals are no errors of the API: the move says what Meta said.
function outcome(move, isDone, sentence) {
  if (!isDone) throw new Error(move.message ?? "Meta did not take it. Look at the state of the move.");
  return move.code && move.message ? move.message : sentence;
}

// A field that is drawn again and again keeps its id.
function fixedField(spec, id) {
  const element = field(spec);
  element.querySelector("label").setAttribute("for", id);
  element.querySelector("input, select").id = id;
  return element;
}

function verifyForm(page, move) {
  const submit = (event) => {
    event.preventDefault();
    const form = event.target;
    const order = values(form);
    page.act("verify", async () => {
      const after = await call("POST", path("moves", move.move_id, "verify"), order);
      form.reset();
      page.put("move", after);
      return outcome(after, after.state !== "code_sent" || !after.code, "The code is taken; the number is being registered.");
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
  const blocked = move.verifications_left === 0 || page.pending.has("verify");
  return h(
    "form",
    { class: "inline-form", key: "verify", "aria-label": "Verify", onsubmit: submit },
    fixedField(spec, "code-typed"),
    h("button", { type: "submit", class: "button primary", disabled: blocked, "aria-busy": busy(page, "verify") }, "Verify"),
    h("p", { class: "note" }, `${counted(move.verifications_left, "try", "tries")} left.`),
  );
}

/** What to do now, while a code is wanted. */
export function codePanel(page, move) {
  if (!["awaiting_code", "code_sent"].includes(move.state)) return null;
  return card(
    "Verification code",
    { key: "code", note: "Meta sends six digits to the number." },
    h("div", { class: "halves" }, move.state === "code_sent" && verifyForm(page, move), sendForm(page, move)),
  );
}
