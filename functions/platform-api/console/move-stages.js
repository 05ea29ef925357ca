// How far a move is: its six stages, from what the API says about it.

export const STAGES = ["Checks", "Number added", "Code", "Verified", "Registered", "Compared"];

// How many stages are over in a state; what is then the next is the one that runs or waits.
const OVER = { awaiting_code: 2, code_sent: 2, registering: 4, done: 6 };
const NOW = { checking: "info", blocked: "bad", awaiting_code: "warn", code_sent: "warn", registering: "info" };

// Before there is a code: the conditions hold, as far as anybody can see, or the number is added already.
function begun(move) {
  if (move.phone_number_id) return 2;
  return move.checks.length > 0 && move.checks.every((check) => check.result !== "missing") ? 1 : 0;
}

const DETAILS = {
  Checks: (move) => `${move.checks.filter((check) => check.result === "pass").length} of ${move.checks.length} passed`,
  Code: (move) => (move.codes_requested ? `sent ${move.codes_requested}×, ${move.codes_left} left` : null),
  Verified: (move) => (move.state === "code_sent" ? `${move.verifications_left} tries left` : null),
};

/** `{name, tone, word, detail}` of each stage; `tone` is `open` for what is still to come. */
export function stages(move) {
  const isOver = move.state === "cancelled";
  const over = OVER[move.state] ?? begun(move);
  // Once a code is sent, the person who types it is waited for.
  const current = move.state === "code_sent" ? over + 1 : over;
  return STAGES.map((name, index) => {
    const detail = DETAILS[name]?.(move) ?? null;
    if (index < current) return { name, tone: "ok", word: "Done", detail };
    if (index > current) return { name, tone: "open", word: "Open", detail: null };
    if (isOver) return { name, tone: "idle", word: "Given up", detail: null };
    const word = { bad: "Blocked", warn: "Waiting", info: "Running" }[NOW[move.state]] ?? "Open";
    return { name, tone: NOW[move.state] ?? "open", word, detail };
  });
}
