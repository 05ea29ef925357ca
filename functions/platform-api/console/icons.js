// Icons, drawn in the current colour.

import { h } from "./dom.js";

const PATHS = {
  overview: "M2 9h5V2H2zM9 14h5V7H9zM2 14h5v-3H2zM9 5h5V2H9z",
  onboardings: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5",
  messages: "M2 3h12v8H6l-4 3z",
  moves: "M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3",
  queues: "M3 3h10v3H3zM3 8h10v2H3zM3 12h10v2H3z",
  doctor: "M1 8h3l2-5 4 10 2-5h3",
  done: "M3 8.5l3.2 3.2L13 5",
  waiting: "M8 3v6M8 12.2v.3",
  missing: "M4 4l8 8M12 4l-8 8",
  skipped: "M4 8h8",
  unknown: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9.1 8 10M8 12.7v.2",
  open: "",
  copy: "M6 6h8v8H6zM10 6V2H2v8h4",
  plus: "M8 3v10M3 8h10",
  reply: "M6 4L2.5 7.5 6 11M3 7.5h6.5c2.5 0 4 1.5 4 4",
  link: "M6 3H3v10h10v-3M9 3h4v4M13 3L7 9",
  call: "M3 2.5h3l1 3-1.5 1.2c.8 1.7 2.1 3 3.8 3.8L10.5 9l3 1v3c-6 .5-11-4.5-10.5-10.5z",
  picture: "M2 3h12v10H2zM2 11l4-4 3 3 2-2 3 3",
};

/** A decorative icon next to a text label; hidden from assistive technology. */
export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: PATHS[name] ?? "" }));
}
