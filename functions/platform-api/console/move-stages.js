// The six stages of a migration, derived from its record.

export const STAGES = ["Checks", "Number added", "Code", "Verified", "Registered", "Compared"];

// How many stages are done in each state; the next one is running or waiting.
const DONE = { awaiting_code: 2, code_sent: 2, registering: 4, done: 6 };
const TONES = { checking: "info", blocked: "bad", awaiting_code: "warn", code_sent: "warn", registering: "info" };

// Before the code: the number was added already, or no check found a requirement missing.
function doneBeforeCode(move) {
  if (move.phone_number_id) return 2;
  return move.checks.length > 0 && move.checks.every((check) => check.result !== "missing") ? 1 : 0;
}

const DETAILS = {
  Checks: (move) => `${move.checks.filter((check) => check.result === "pass").length} of ${move.checks.length} passed`,
  Code: (move) => (move.codes_requested ? `sent ${move.codes_requested}×, ${move.codes_left} left` : null),
  Verified: (move) => (move.state === "code_sent" ? `${move.verifications_left} attempts left` : null),
};

/** `{name, tone, label, detail}` of each stage; `tone` is `open` for a stage that has not started. */
export function stages(move) {
  const isCancelled = move.state === "cancelled";
  const done = DONE[move.state] ?? doneBeforeCode(move);
  // Once a code is sent, the migration waits for someone to enter it.
  const current = move.state === "code_sent" ? done + 1 : done;
  return STAGES.map((name, index) => {
    const detail = DETAILS[name]?.(move) ?? null;
    if (index < current) return { name, tone: "ok", label: "Done", detail };
    if (index > current) return { name, tone: "open", label: "Not started", detail: null };
    if (isCancelled) return { name, tone: "idle", label: "Cancelled", detail: null };
    const label = { bad: "Blocked", warn: "Waiting", info: "Running" }[TONES[move.state]] ?? "Not started";
    return { name, tone: TONES[move.state] ?? "open", label, detail };
  });
}
