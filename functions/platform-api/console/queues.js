// Messages in dead-letter queues, and their redrive.

import { call, path } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, chip, empty, heading, whenKnown } from "./components.js";
import { trendline } from "./sparkline.js";
import { say } from "./toast.js";
import { counted } from "./labels.js";

const REMEMBERED = 40;

const sources = () => ({ queues: { path: path("dead-letters") } });

function redrive(page, { queue, messages }) {
  confirmDialog({
    title: `Redrive ${queue}?`,
    submit: "Redrive",
    tone: "primary",
    text: `${counted(messages, "message")} will return to the source queue and be retried. Fix the cause first: what fails again comes back here.`,
    run: async () => {
      const { messages: sent } = await call("POST", path("dead-letters", queue, "redrive"));
      say(`${counted(sent, "message")} moved to the source queue.`);
      page.refresh();
    },
  });
}

/** Records the number of messages in each queue since this page was opened. */
function answered({ data, local }) {
  local.history ??= {};
  for (const { queue, messages } of data.queues.queues) {
    local.history[queue] = [...(local.history[queue] ?? []), messages].slice(-REMEMBERED);
  }
}

function trend({ local }, { queue, messages }) {
  return trendline(local.history?.[queue] ?? [messages], `Messages since this page was opened: now ${messages}`);
}

function row(page, queue) {
  const { queue: name, messages } = queue;
  const back = button("Redrive", {
    tone: "small",
    needs: "dead_letters.redrive",
    "aria-label": `Redrive ${name}`,
    onclick: () => redrive(page, queue),
  });
  return h(
    "li",
    { key: name, class: messages ? "row queue-row full" : "row queue-row", "data-queue": name },
    h("h2", { class: "row-title" }, h("code", {}, name)),
    h("p", {}, h("strong", {}, String(messages)), messages === 1 ? " message" : " messages"),
    trend(page, queue),
    messages > 0 ? chip("failed", { tone: "bad" }) : chip("empty", { tone: "ok" }),
    h("div", { class: "row-tools" }, messages > 0 && back),
  );
}

function list(page, { queues: all }) {
  return all.length
    ? h(
        "ul",
        { class: "rows" },
        all.map((queue) => row(page, queue)),
      )
    : empty("There are no dead-letter queues.");
}

function render(page) {
  const lead = h(
    "p",
    { class: "lead" },
    "Messages that failed five times. Nothing is lost: each record stores what is due, and webhook deliveries stay here until you redrive them.",
  );
  return [
    heading("Queues", { below: lead }),
    h(
      "section",
      { class: "card flush", "aria-label": "Queues" },
      whenKnown(page, "queues", (known) => list(page, known), 7),
    ),
  ];
}

export const queues = { title: "Queues", place: "queues", sources, render, answered, ticks: 3000 };
