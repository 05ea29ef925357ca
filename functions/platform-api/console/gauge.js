// An arc gauge of how much of a limit is used.

import { h } from "./dom.js";

const ARC = "M 12 68 A 56 56 0 0 1 124 68";
const WARNING = 0.8;

/** Red when the limit is reached, amber from 80 %. */
export function toneOfUse(used, limit) {
  if (used >= limit) return "bad";
  return used >= limit * WARNING ? "warn" : "ok";
}

export function gauge(used, limit, what) {
  const share = limit > 0 ? Math.min(1, used / limit) : 1;
  const tone = toneOfUse(used, limit);
  const arc = (extra) => h("path", { d: ARC, pathLength: "100", ...extra });
  return h(
    "div",
    { class: `gauge ${tone}`, role: "img", "aria-label": `${used} of ${limit} ${what}` },
    h(
      "svg",
      { viewBox: "0 0 136 78", "aria-hidden": "true" },
      arc({ class: "gauge-track" }),
      share > 0 && arc({ class: "gauge-value", "stroke-dasharray": `${(share * 100).toFixed(1)} 200` }),
    ),
    h("p", { "aria-hidden": "true" }, h("strong", {}, String(used)), ` of ${limit}`),
  );
}
