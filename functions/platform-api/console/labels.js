// Labels for the API's stable identifiers; an unknown identifier is made readable.

const STEPS = {
  verify_grant: "Verify permission",
  join_record: "Join existing record",
  retire_token: "Retire old token",
  subscribe_app: "Subscribe to webhooks",
  find_number: "Find number",
  override_callback: "Set callback override",
  share_credit: "Share credit",
  register_number: "Register number",
  sync_contacts: "Sync contacts",
  sync_history: "Sync history",
  read_templates: "Read templates",
  check_reception: "Check reception",
  await_review: "Account review",
  await_verification: "Business verification",
  await_payment_method: "Payment method",
  revoke_credit: "Revoke credit",
  clear_override: "Clear callback override",
  deregister_number: "Deregister number",
  unsubscribe_app: "Unsubscribe from webhooks",
  destroy_token: "Delete token",
};

const EVENTS = {
  token_stored: "Token stored",
  token_not_kept: "Token could not be stored",
  token_sought: "Token requested from Meta",
  token_renewed: "Token renewed",
  token_died: "Token became invalid",
  token_expires: "Token expires soon",
  relaunch_needed: "Customer has to connect again",
  signup_joined: "Another signup joined",
  partner_confirmed: "Partner confirmed",
  step_done: "Done",
  step_failed: "Failed",
  chosen: "Choice made",
  requested: "Requested",
  resumed: "Resumed",
  repaired: "Repaired",
  reception_changed: "Reception changed",
  number_disconnection_reported: "Meta reported that a number was disconnected",
  number_disconnected: "Number disconnected",
  number_still_connected: "Number still connected",
  number_reconnected: "Number connected again",
  access_lost: "Access to the account lost",
  access_regained: "Access to the account is back",
  check_failing: "Health check fails repeatedly",
  announced: "Announced by Meta",
  assigned: "Assigned by an operator",
  departure_reported: "Meta reported that the customer left",
  departure_not_confirmed: "Account still shared",
  departed: "Exit started",
  left: "Connection ended",
};

const ATTRIBUTES = {
  quality: "Quality",
  messaging_limit: "Messaging limit",
  name_status: "Display name",
  status: "Status",
  review: "Account review",
  verification: "Business verification",
  certification: "Certification",
  restriction: "Restriction",
  violation: "Violation",
  pin: "Two-step verification PIN",
  calling: "Calling",
  username: "Username",
  history: "History sync",
  contacts: "Contacts",
  marketing_messages: "Marketing messages",
};

const RECEPTION_CHECKS = {
  token: "Token valid",
  subscription: "App subscribed",
  override: "Callback override",
  registration: "Number registered",
  last_event: "Last event",
};

const CHECKS = {
  app: "App and secret",
  permissions: "Permissions",
  webhook_fields: "Webhook fields",
  callback: "Callback URL",
  callback_reachable: "Callback reachable",
  configuration: "Signup configuration",
  allowed_domains: "Allowed domains",
  system_token: "System token",
  system_user: "System user",
  self_assignment: "Access to customers' accounts",
  credit_line: "Credit line",
};

const STAGES = { links: "Links", codes: "Codes", connected: "Connected", ready: "Ready" };

const ACTORS = { customer: "customer", operator: "operator", platform: "platform", meta: "Meta" };

/** Onboarding states, those that need attention first. */
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

/** The colour of a state or of a status value of Meta's: `ok`, `info`, `warn`, `bad` or `idle`. */
export const toneOf = (state) => Object.keys(TONES).find((tone) => TONES[tone].includes(state)) ?? "idle";

/** `awaiting_code` as "Awaiting code", `TIER_2K` as "Tier 2K". */
export function readable(value) {
  const text = String(value ?? "")
    .replaceAll("_", " ")
    .trim();
  const lower = text === text.toUpperCase() ? text.toLowerCase().replace(/\d+k\b/g, (number) => number.toUpperCase()) : text;
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

const named = (names) => (value) => (Object.hasOwn(names, value) ? names[value] : readable(value));

export const stepName = named(STEPS);
export const eventName = named(EVENTS);
export const attributeName = named(ATTRIBUTES);
export const receptionCheckName = named(RECEPTION_CHECKS);
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
