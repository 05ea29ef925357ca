// API client: bearer token, JSON in both directions, problem details as errors (RFC 9457).

import { address } from "./config.js";
import { token } from "./session.js";

const TIMEOUT_MS = 20_000;

/** An error from the API or the network. `status` is 0 when there was no response. */
export class Problem extends Error {
  constructor(status, title, requestId = null, more = {}) {
    super(title);
    Object.assign(this, { status, requestId, code: more.code ?? null, findings: more.findings ?? [] });
  }

  /** Whether a retry may help: no response, throttled or a server error. */
  get isOutage() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let onUnauthorised = () => {};

/** Sets the callback for a missing token (`false`) or a token that the API rejects (`true`). */
export function whenUnauthorised(callback) {
  onUnauthorised = callback;
}

/** Builds an API path from its parts, each encoded. */
export const path = (...parts) => ["v1", ...parts.map(encodeURIComponent)].join("/");

/** Adds the parameters that have a value. */
export function withQuery(base, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `${base}?${new URLSearchParams(given)}` : base;
}

/** Calls the API and returns the body as text, so that callers can compare it with the previous one. */
export async function callText(method, target, body) {
  const bearer = token();
  if (!bearer) {
    onUnauthorised(false);
    throw new Problem(401, "Your session has expired.");
  }
  const headers = { authorization: `Bearer ${bearer}` };
  const isFile = body instanceof Blob;
  if (body !== undefined) headers["content-type"] = isFile ? body.type : "application/json";
  const options = { method, headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) options.body = isFile ? body : JSON.stringify(body);
  const reply = await fetch(address(target), options).catch(() => null);
  const text = await reply?.text().catch(() => null);
  if (!reply || text === null) throw new Problem(0, "The API could not be reached.");
  if (reply.status === 401) onUnauthorised(true);
  if (!reply.ok) throw problem(reply, text);
  return text;
}

export async function call(method, target, body) {
  const text = await callText(method, target, body);
  return text === "" ? null : JSON.parse(text);
}

/** What Meta refused: its words for the customer, what to do, and its numbers to look up. */
function refusal({ title, detail, meta }) {
  if (!meta) return null;
  const told = detail && detail !== title ? `${detail.replace(/[.!]?$/, ".")} ` : "";
  const numbers = [meta.code, meta.subcode].filter((number) => number != null).join("/");
  return `${told}${title}${numbers && ` (Meta ${numbers})`}`;
}

function problem(reply, text) {
  let details = {};
  try {
    details = JSON.parse(text);
  } catch {
    // API Gateway and proxies do not answer with problem details.
  }
  const requestId = details.request_id ?? reply.headers.get("apigw-requestid");
  const title = refusal(details) ?? details.title ?? (reply.status === 401 ? "Your session has expired." : `The API returned ${reply.status}.`);
  return new Problem(reply.status, title, requestId, details);
}
