// Names for people, by the API's stable words; a word that nobody knows is made readable.

const STEPS = {
  verify_grant: "Prove the permission",
  join_record: "Join the record",
  retire_token: "Retire the old token",
  subscribe_app: "Subscribe to webhooks",
  find_number: "Find the number",
  override_callback: "Set the callback",
  share_credit: "Share credit",
  register_number: "Register the number",
  sync_contacts: "Take over contacts",
  sync_history: "Take over history",
  read_templates: "Read templates",
  check_reception: "Check reception",
  await_review: "Account review",
  await_verification: "Business verification",
  await_payment_method: "Payment method",
  revoke_credit: "Revoke credit",
  clear_override: "Give the callback back",
  deregister_number: "Release the number",
  unsubscribe_app: "Unsubscribe",
  destroy_token: "Destroy the token",
};

const EVENTS = {
  token_stored: "Token stored",
  token_not_kept: "Token could not be kept",
  token_sought: "Token asked for at Meta",
  token_renewed: "Token renewed",
  token_died: "Token died",
  token_expires: "Token ends soon",
  relaunch_needed: "Customer has to click once more",
  signup_joined: "Another signup joined",
  partner_confirmed: "Partner confirmed",
  step_done: "Done",
  step_failed: "Failed",
  chosen: "A choice was made",
  requested: "Requested",
  resumed: "Resumed",
  repaired: "Repaired",
  reception_changed: "Reception changed",
  announced: "Announced by Meta",
  assigned: "Assigned by an operator",
  departure_reported: "Meta says the customer has gone",
  departure_not_confirmed: "The account is still shared",
  departed: "Exit begun",
  left: "Connection ended",
};

const ASPECTS = {
  quality: "Quality",
  messaging_limit: "Messaging limit",
  name_status: "Display name",
  status: "Status",
  review: "Account review",
  verification: "Business verification",
  certification: "Certification",
  restriction: "Restriction",
  violation: "Violation",
  pin: "Two-step PIN",
  calling: "Calling",
  username: "User name",
  history: "History taken over",
  contacts: "Contacts",
  marketing_messages: "Marketing messages",
};

const LIGHTS = {
  token: "Token works",
  subscription: "App subscribed",
  override: "Callback as set",
  registration: "Number registered",
  last_event: "Last event",
};

const CHECKS = {
  app: "App and secret",
  permissions: "Permissions",
  webhook_fields: "Webhook fields",
  callback: "Callback address",
  callback_reachable: "Callback reachable",
  configuration: "Signup configuration",
  allowed_domains: "Allowed domains",
  system_token: "System token",
  system_user: "System user",
  credit_line: "Credit line",
};

const STAGES = { links: "Links", codes: "Codes", connected: "Connected", ready: "Ready" };

const ACTORS = { customer: "Customer", operator: "Operator", platform: "Platform", meta: "Meta" };

/** Onboarding states, those that want somebody first. */
export const STATES = ["waiting", "held", "reauthorise", "relaunch", "exchanging", "onboarding", "ready", "leaving", "left"];

const TONES = {
  ok: [
    "ready",
    "done",
    "delivered",
    "read",
    "APPROVED",
    "GREEN",
    "CONNECTED",
    "VERIFIED",
    "LIFTED",
    "pass",
    "AVAILABLE_WITHOUT_REVIEW",
  ],
  info: ["exchanging", "onboarding", "running", "sending", "accepted", "sent", "checking", "code_sent", "registering"],
  warn: [
    "waiting",
    "relaunch",
    "retrying",
    "awaiting_code",
    "unknown",
    "PENDING",
    "PENDING_REVIEW",
    "YELLOW",
    "IN_APPEAL",
    "NEEDED",
  ],
  bad: [
    "held",
    "reauthorise",
    "failed",
    "blocked",
    "missing",
    "RED",
    "REJECTED",
    "DECLINED",
    "DISABLED",
    "DISCONNECTED",
    "PAUSED",
    "BANNED",
    "FLAGGED",
    "RESTRICTED",
    "DISABLED_UPDATE",
    "EXPIRED",
  ],
};

/** How a state or a word of Meta's is coloured: `ok`, `info`, `warn`, `bad` or `idle`. */
export const toneOf = (word) => Object.keys(TONES).find((tone) => TONES[tone].includes(word)) ?? "idle";

/** `awaiting_code` as "Awaiting code", `TIER_2K` as "Tier 2K". */
export function readable(word) {
  const text = String(word ?? "")
    .replaceAll("_", " ")
    .trim();
  const lower = text === text.toUpperCase() ? text.toLowerCase().replace(/\d+k\b/g, (number) => number.toUpperCase()) : text;
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

const named = (names) => (word) => (Object.hasOwn(names, word) ? names[word] : readable(word));

export const stepName = named(STEPS);
export const eventName = named(EVENTS);
export const aspectName = named(ASPECTS);
export const lightName = named(LIGHTS);
export const checkName = named(CHECKS);
export const stageName = named(STAGES);
export const actorName = named(ACTORS);

/** "1 message", "2 messages". */
export const counted = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** A language tag with its name. */
export function languageName(tag) {
  try {
    const name = new Intl.DisplayNames("en", { type: "language" }).of(tag.replace("_", "-"));
    return name && name !== tag ? `${name} (${tag})` : tag;
  } catch {
    return tag;
  }
}
