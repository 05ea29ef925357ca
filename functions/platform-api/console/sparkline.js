// Small inline charts.

import { h } from "./dom.js";
import { DAY } from "./times.js";

const [WIDTH, HEIGHT] = [84, 22];

const frame = (label, ...content) =>
  h("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, content);

/** One bar for each number. */
export function barline(numbers, label) {
  const most = Math.max(1, ...numbers);
  const wide = WIDTH / numbers.length;
  return frame(
    label,
    numbers.map((number, index) => {
      const high = Math.max(1.5, (number / most) * HEIGHT);
      return h("rect", {
        class: number ? "" : "none",
        x: index * wide + 1,
        y: HEIGHT - high,
        width: wide - 2,
        height: high,
        rx: 1,
      });
    }),
  );
}

/** A line chart of the numbers, the newest on the right. */
export function trendline(known, label) {
  const numbers = known.length > 1 ? known : [...known, ...known];
  const most = Math.max(1, ...numbers);
  const x = (index) => (WIDTH - 4) * (index / (numbers.length - 1)) + 2;
  const y = (number) => HEIGHT - 3 - (number / most) * (HEIGHT - 6);
  const points = numbers.map((number, index) => `${x(index).toFixed(1)},${y(number).toFixed(1)}`).join(" ");
  const last = numbers.length - 1;
  return frame(label, h("polyline", { points }), h("circle", { cx: x(last), cy: y(numbers[last]), r: 2 }));
}

/** How many timestamps fall on each of the last seven days, today last. */
export function perDay(isos, now = Date.now()) {
  const counts = Array(7).fill(0);
  for (const iso of isos) {
    const day = Math.floor((now - Date.parse(iso)) / DAY);
    if (day >= 0 && day < 7) counts[6 - day] += 1;
  }
  return counts;
}
