// Messages that wait for a second attempt, and lookup of any message by its id.

import { to } from "./addresses.js";
import { call, path, withQuery } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, card, chip, empty, facts, heading, mono, whenKnown } from "./components.js";
import { say } from "./toast.js";
import { absolute, ago, countdown, moment } from "./times.js";
import { readable, toneOf } from "./labels.js";

// No due time: outside the customer service window, only a message from the recipient can open it.
const WAITS = "when the recipient writes";

function sources({ id }) {
  const list = { path: withQuery(path("messages"), { state: "retry_scheduled" }) };
  return id ? { list, one: { path: path("messages", id) } } : { list };
}

function cancelAttempt(page, { message_id: id }) {
  confirmDialog({
    title: "Cancel the second attempt?",
    submit: "Cancel second attempt",
    text: `The message ${id} will not be sent again.`,
    run: async () => {
      await call("DELETE", path("messages", id));
      say("The second attempt was cancelled.");
      page.refresh();
    },
  });
}

function attempt(name, { state, code, begun_at: begun, at }) {
  return h(
    "li",
    { class: `attempt ${toneOf(state)}` },
    h("div", {}, h("strong", {}, name), " ", chip(state)),
    h("p", { class: "note" }, moment(begun), at !== begun && [" · last update ", ago(at)]),
    code && h("p", {}, h("code", {}, code)),
  );
}

/** The attempts as a timeline; a planned one is its open end. */
function attempts({ attempts: made, state, retry_at: due }) {
  const names = ["First attempt", "Second attempt"];
  return h(
    "ol",
    { class: "attempts" },
    made.map((one, index) => attempt(names[index] ?? `Attempt ${index + 1}`, one)),
    (due || state === "retrying") &&
      h(
        "li",
        { class: "attempt open" },
        h("div", {}, h("strong", {}, "Second attempt")),
        h("p", { class: "note" }, due ? ["in ", h("span", { class: "count", title: absolute(due) }, countdown(due))] : WAITS),
      ),
  );
}

const cancel = (page, message) =>
  message.state === "retrying" &&
  button("Cancel", {
    tone: "quiet danger small",
    needs: "message.cancel",
    "aria-label": `Cancel the second attempt of ${message.message_id}`,
    onclick: () => cancelAttempt(page, message),
  });

function row(page, message) {
  return h(
    "li",
    { class: "row message-row", key: message.message_id },
    h(
      "div",
      { class: "row-main" },
      h("a", { class: "row-title", href: to(["messages", message.message_id]) }, h("code", {}, message.message_id)),
      h("span", { class: "note" }, `${readable(message.type)} from `, h("code", {}, message.phone_number_id)),
    ),
    h(
      "div",
      { class: "row-state" },
      message.retry_at
        ? h("span", { class: "count big", title: absolute(message.retry_at) }, countdown(message.retry_at))
        : h("span", { class: "note" }, WAITS),
    ),
    h(
      "div",
      { class: "row-text" },
      h("p", {}, message.message),
      message.code && h("code", { class: "note" }, message.code),
      attempts(message),
    ),
    h(
      "div",
      { class: "row-tools" },
      h("a", { class: "button quiet small", href: to(["onboardings", message.onboarding_id]) }, "Onboarding"),
      cancel(page, message),
    ),
  );
}

function lookUp({ id }) {
  const submit = (event) => {
    event.preventDefault();
    location.hash = to(["messages", new FormData(event.target).get("id").trim()]);
  };
  return h(
    "form",
    { class: "search", role: "search", onsubmit: submit },
    h("label", { for: "message-id", class: "hidden" }, "Message id"),
    h("input", {
      id: "message-id",
      name: "id",
      type: "search",
      placeholder: "Message id, msg_…",
      required: true,
      autocomplete: "off",
      spellcheck: "false",
      value: id ?? "",
    }),
    h("button", { type: "submit", class: "button" }, "Look up"),
  );
}

function one(page, message) {
  return h(
    "div",
    { class: "message" },
    h(
      "p",
      {},
      chip(message.state),
      " ",
      h("span", { class: "note" }, "created ", ago(message.created_at)),
      " ",
      cancel(page, message),
    ),
    message.message && h("p", { class: "lead" }, message.message),
    attempts(message),
    facts([
      ["Message", mono(message.message_id)],
      ["Type", readable(message.type)],
      ["Number", mono(message.phone_number_id)],
      ["Code", mono(message.code)],
      ["Onboarding", h("a", { href: to(["onboardings", message.onboarding_id]) }, message.onboarding_id)],
    ]),
  );
}

function render(page) {
  const { id } = page.route;
  const draw = ({ messages: list }) =>
    list.length
      ? h(
          "ul",
          { class: "rows" },
          list.map((message) => row(page, message)),
        )
      : empty("No messages are waiting for a second attempt.");
  return [
    heading("Messages"),
    h("div", { class: "bar-top" }, lookUp(page.route)),
    id &&
      card(
        "Message",
        { key: "one" },
        whenKnown(page, "one", (message) => one(page, message), 4),
      ),
    card(
      "Second attempts",
      { key: "list", note: "failed messages that will be sent once more" },
      whenKnown(page, "list", draw, 5),
    ),
  ];
}

export const messages = { title: "Messages", place: "messages", sources, render, ticks: 1000 };
