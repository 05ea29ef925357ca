// Calls of the API: a bearer token, JSON both ways, and problems as errors (RFC 9457).

import { address } from "./config.js";
import { token } from "./session.js";

const PATIENCE_MS = 20_000;

/** What the API, or the way to it, answered instead of a result. `status` 0: nothing came back. */
export class Problem extends Error {
  constructor(status, title, requestId = null, more = {}) {
    super(title);
    Object.assign(this, { status, requestId, code: more.code ?? null, findings: more.findings ?? [] });
  }

  /** Whether trying again may help: the call did not get through. */
  get isOutage() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let onRefused = () => {};

/** Says who is told when there is no token (`false`), or the API does not take the one there is (`true`). */
export function whenRefused(tell) {
  onRefused = tell;
}

/** A path of the API from its parts, each encoded. */
export const path = (...parts) => ["v1", ...parts.map(encodeURIComponent)].join("/");

/** A path with the parameters that have a value. */
export function withQuery(base, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `${base}?${new URLSearchParams(given)}` : base;
}

/** Calls; gives the body as text, so that callers can see whether it changed. */
export async function callText(method, where, body) {
  const bearer = token();
  if (!bearer) {
    onRefused(false);
    throw new Problem(401, "Your sign-in has ended.");
  }
  const headers = { authorization: `Bearer ${bearer}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const options = { method, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) options.body = JSON.stringify(body);
  const reply = await fetch(address(where), options).catch(() => null);
  const text = await reply?.text().catch(() => null);
  if (!reply || text === null) throw new Problem(0, "The API could not be reached.");
  if (reply.status === 401) onRefused(true);
  if (!reply.ok) throw problem(reply, text);
  return text;
}

export async function call(method, where, body) {
  const text = await callText(method, where, body);
  return text === "" ? null : JSON.parse(text);
}

function problem(reply, text) {
  let said = {};
  try {
    said = JSON.parse(text);
  } catch {
    // What stands before the API answers in no form of ours.
  }
  const requestId = said.request_id ?? reply.headers.get("apigw-requestid");
  const title = said.title ?? (reply.status === 401 ? "Your sign-in has ended." : `The API answered ${reply.status}.`);
  return new Problem(reply.status, title, requestId, said);
}
