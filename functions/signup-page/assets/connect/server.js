// What a page asks of the server. `kept` holds the launch value where no cookie of ours tells one browser from another.
function signupServer(config, base, kept) {
  // While the server is busy a request is brought again: Meta's code lives 30 seconds, and a repeat gets the same answer.
  const DELIVERIES_MS = [1000, 2000, 4000, 8000, 0];
  const BUSY = [429, 500, 503, 504];

  const post = (path, body) => fetch(base + path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), cache: "no-store",
  });

  // A link that was tried too often stays so, and a network for minutes: no code lives that long.
  const LASTING = ["too_many_codes", "too_many_requests"];

  async function isBusy(reply) {
    if (!BUSY.includes(reply.status)) return false;
    return !LASTING.includes((await reply.clone().json().catch(() => ({}))).code);
  }

  async function deliver(path, body, interrupted = () => {}) {
    for (const wait of DELIVERIES_MS) {
      try {
        const reply = await post(path, body);
        if (!wait || !(await isBusy(reply))) return reply;
      } catch (error) {
        if (!wait) throw error;
        interrupted();
      }
      await new Promise((done) => setTimeout(done, wait));
    }
    return null;
  }

  return {
    // Binds the link to this browser and gives the values that the code has to come with.
    async launch(order) {
      const body = { session: config.session, locale: config.language, ...order };
      if (kept.get()) body.launch = kept.get();
      const reply = await deliver("/signup/launch", body);
      const answer = await reply.json().catch(() => ({}));
      if (!reply.ok) throw Object.assign(new Error("not launched"), { problem: answer });
      kept.set(answer.launch);
      return answer;
    },
    callback: (body, interrupted) => deliver("/signup/callback", { session: config.session, ...body }, interrupted),
    abandoned: (body) => post("/signup/abandoned", { session: config.session, ...body }).catch(() => {}),
    look: (what) => fetch(`${base}/signup/${what}?${new URLSearchParams({ session: config.session, locale: config.language })}`, { cache: "no-store" }),
  };
}
