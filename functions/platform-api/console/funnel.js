// The signup funnel: a band that narrows from stage to stage, and where and why signups stop.

import { h } from "./dom.js";
import { readable, stageName } from "./labels.js";

const [COLUMN, HEIGHT] = [100, 100];

function shape(stages) {
  const most = Math.max(1, ...stages.map((stage) => stage.count));
  const half = (count) => Math.max(0.5, (count / most) * (HEIGHT / 2 - 2));
  const parts = stages.map(({ count }, index) => {
    const [from, to] = [index * COLUMN, (index + 1) * COLUMN];
    const next = stages[index + 1] ?? { count };
    const [now, then, bend] = [half(count), half(next.count), from + COLUMN * 0.55];
    const middle = HEIGHT / 2;
    const points = [
      [from, -now],
      [bend, -now],
      [to, -then],
      [to, then],
      [bend, now],
      [from, now],
    ];
    return h("polygon", {
      class: `band band-${index}`,
      points: points.map(([x, y]) => `${x},${(middle + y).toFixed(1)}`).join(" "),
    });
  });
  return h(
    "svg",
    {
      viewBox: `0 0 ${stages.length * COLUMN} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      class: "funnel-shape",
    },
    parts,
  );
}

function share(count, before) {
  return before > 0 ? `${Math.round((count / before) * 100)} %` : "–";
}

/** Horizontal bars, scaled to the longest. */
export function bars(rows, tone = "idle") {
  const most = Math.max(1, ...rows.map((row) => row.count));
  return h(
    "ul",
    { class: "bars" },
    rows.map(({ name, count }) =>
      h(
        "li",
        {},
        h("span", { class: "bar-name" }, name),
        h("span", { class: "bar-count" }, String(count)),
        h("span", { class: `bar ${tone}`, style: { "--share": `${((count / most) * 100).toFixed(1)}%` }, "aria-hidden": "true" }),
      ),
    ),
  );
}

function list(title, rows, tone, none) {
  return h("div", {}, h("h3", {}, title), rows.length ? bars(rows, tone) : h("p", { class: "empty" }, none));
}

export function funnel({ stages, abandoned, errors }) {
  const column = ({ stage, count }, index) =>
    h(
      "li",
      {},
      h("span", { class: "stage-name" }, stageName(stage)),
      h("strong", {}, String(count)),
      h(
        "span",
        { class: "note" },
        index ? [share(count, stages[index - 1].count), h("span", { class: "hidden" }, " of the previous stage")] : "all",
      ),
    );
  const left = abandoned.map(({ step, count }) => ({ name: step ? readable(step.toLowerCase()) : "Not reported", count }));
  const failed = errors.map(({ code, count }) => ({ name: code, count }));
  return h(
    "div",
    { class: "funnel" },
    shape(stages),
    h("ol", { class: "stages" }, stages.map(column)),
    h(
      "div",
      { class: "halves" },
      list("Where customers left Meta's window", left, "warn", "No one left before finishing."),
      list("Errors customers saw", failed, "bad", "No errors were reported."),
    ),
  );
}
