// What was given up: messages in dead-letter queues, and sending them back.

import { call, path } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, chip, empty, heading, whenKnown } from "./marks.js";
import { trendline } from "./sparkline.js";
import { ago } from "./times.js";
import { say } from "./toast.js";
import { counted } from "./words.js";

const REMEMBERED = 40;

const sources = () => ({ queues: { path: path("dead-letters") } });

function sendBack(page, { queue, messages }) {
  confirmDialog({
    title: `Send ${queue} back?`, submit: "Send back", tone: "primary",
    text: `${counted(messages, "message")} go back to where they came from and are tried again. Mend the cause first: what fails again comes back here.`,
    run: async () => {
      const { messages: sent } = await call("POST", path("dead-letters", queue, "redrive"));
      say(`${counted(sent, "message")} sent back.`);
      page.refresh();
    },
  });
}

/** How full a queue was since this page was opened. */
function history(page, { queue, messages }) {
  const all = (page.local.history ??= {});
  const known = (all[queue] ??= []);
  known.push(messages);
  if (known.length > REMEMBERED) known.shift();
  return trendline(known, `Messages since this page was opened: now ${messages}`);
}

function row(page, queue) {
  const { queue: name, messages, oldest_at: oldest, alarm } = queue;
  const back = messages > 0 && button("Send back", { tone: "small", "aria-label": `Send ${name} back`, onclick: () => sendBack(page, queue) });
  return h(
    "tr", { key: name, class: messages ? "full" : "" }, h("th", { scope: "row" }, h("code", {}, name)),
    h("td", { class: "numeric" }, h("strong", {}, String(messages))), h("td", { class: "only-wide" }, history(page, queue)),
    h("td", {}, oldest ? ago(oldest) : h("span", { class: "note" }, "–")),
    h("td", {}, chip(alarm ? "alarm" : "quiet", { tone: alarm ? "bad" : "ok", text: alarm ? "Alarm" : "Quiet" })), h("td", { class: "end" }, back),
  );
}

function table(page, list) {
  if (!list.length) return empty("There are no dead-letter queues.");
  const head = [["Queue"], ["Messages", "numeric"], ["Lately", "only-wide"], ["Oldest"], ["Alarm"]];
  return h(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Dead-letter queues, as a table" },
    h("table", { class: "queues" },
      h("thead", {}, h("tr", {}, head.map(([name, style]) => h("th", { scope: "col", class: style }, name)), h("td", {}, h("span", { class: "hidden" }, "What to do")))),
      h("tbody", {}, list.map((queue) => row(page, queue)))),
  );
}

function render(page) {
  const lead = h("p", { class: "lead" }, "Messages that failed five times. Nothing is lost: records say by themselves what is due, and deliveries are kept here.");
  return [heading("Queues", { below: lead }), h("section", { class: "card flush", "aria-label": "Queues" }, whenKnown(page, "queues", ({ queues: list }) => table(page, list), 7))];
}

export const queues = { title: "Queues", sources, render, ticks: 3000 };
