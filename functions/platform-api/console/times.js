// Formats times: relative in the text, exact in the title.

import { h } from "./dom.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

/** A duration in its largest unit. */
export function span(milliseconds) {
  const length = Math.abs(milliseconds);
  if (length < MINUTE) return `${Math.round(length / SECOND)} s`;
  if (length < HOUR) return `${Math.round(length / MINUTE)} min`;
  if (length < 2 * DAY) return `${Math.round(length / HOUR)} h`;
  return `${Math.round(length / DAY)} d`;
}

export function relative(iso, now = Date.now()) {
  const away = Date.parse(iso) - now;
  if (Math.abs(away) < 3 * SECOND) return "just now";
  return away < 0 ? `${span(away)} ago` : `in ${span(away)}`;
}

export const absolute = (iso) => MOMENT.format(new Date(iso));
export const short = (moment) => SHORT.format(new Date(moment));
export const weekday = (moment) => WEEKDAY.format(new Date(moment));

/** "3 min ago", with the exact time in the title. */
export function ago(iso) {
  return iso ? h("time", { datetime: iso, title: absolute(iso) }, relative(iso)) : null;
}

/** "31 Jul, 14:05", with seconds in the title. */
export function moment(iso) {
  return iso ? h("time", { datetime: iso, title: absolute(iso) }, short(iso)) : null;
}

/** The time left, as minutes and seconds, with hours where needed. */
export function countdown(iso, now = Date.now()) {
  const left = Math.max(0, Math.ceil((Date.parse(iso) - now) / SECOND));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(left / 3600);
  const rest = `${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
