import { type Mutant, mutantsOf } from "../../mutants/mutant.ts";

const agents = "run/owned-run.ts";
const cancel = "run/open-run.ts";
const claims = "run/claim-loop.ts";
const close = "run/close-run.ts";
const core = "run/engine-core.ts";
const decide = "run/decide-approval.ts";
const engine = "run/run-engine.ts";
const feed = "run/event-feed.ts";
const feeds = "run/event-feeds.ts";
const nextLook = "run/next-look.ts";
const open = "run/open-run.ts";
const others = "run/hear-others.ts";
const owned = "run/owned-runs.ts";
const recover = "run/recover-run.ts";
const settle = "run/settle-run.ts";
const suspend = "run/suspend-run.ts";
const writer = "run/run-writer.ts";

/** Bugs that the run engine must not have, each with the guarantee that it breaks. The simulator must find them all. */
export const mutants: readonly Mutant<string>[] = [
  ...mutantsOf("S1", [
    // Another turn under a known id is taken for the same.
    [open, "    checkSameTurn(tx, existing, request);\n", ""],
    // The attempt is not counted.
    [recover, "  draft.set({ attempt });\n", ""],
  ]),
  ...mutantsOf("S2", [
    // The seam between replay and live, off by one, twice.
    [feed, "return cursor >= first - 1 ?", "return cursor >= first - 2 ?"],
    [feed, "if (cursor >= this.#last) return [];", "if (cursor + 1 >= this.#last) return [];"],
    // A tail that has a hole.
    [feed, "const follows = Number(first.id) === this.#last + 1;", "const follows = true;"],
    // What was said while the store worked is forgotten.
    [writer, "      // What is said while the store works belongs to the next batch.\n      this.#waiting = [];\n", ""],
    // What a failing store did not take is forgotten.
    [writer, "if (this.#lost === undefined) this.#waiting = [...batch, ...this.#waiting];", ""],
    // Readers at other workers hear nothing.
    [others, "for (const { feed, run } of logs) if", "for (const { feed, run } of []) if"],
  ]),
  ...mutantsOf("S3", [
    // Readers are told inside the transaction.
    [
      core,
      "      return { value, run, said: draft.write() };\n",
      "      const said = draft.write();\n      this.tell(executionId, said);\n      return { value, run, said };\n",
    ],
  ]),
  ...mutantsOf("S5", [
    // Trimmed without a mark: readers see nothing instead of a gap.
    ["run/trim-runs.ts", "        tx.updateRun(run, { trimmedThrough: run.lastEventId });\n", ""],
  ]),
  ...mutantsOf("S7", [
    // Who cancels a run that nobody holds leaves it to others.
    [
      "run/cancel-run.ts",
      "if (core.hasOwner(draft.run)) return",
      "if (core.hasOwner(draft.run) || draft.run.epoch >= 0) return",
    ],
    // Nobody is told to see to a run that was cancelled without an owner.
    [cancel, "leaseUntil: 0, wakeAt: core.now() });\n}", "leaseUntil: 0, wakeAt: undefined });\n}"],
    // A stop that was recorded before settle is passed over.
    [settle, 'if (run.state === "cancelling" && settlement.status !== "cancelled") return false;\n', ""],
    // A suspension passes over a stop.
    [suspend, '  if (draft.run.state === "cancelling") return false;\n', ""],
    // The agent of a run that nobody works on is not told of the stop; or not where it was begun before a restart alone.
    [
      settle,
      "if (produced.producer === undefined) await",
      "if (produced.producer === undefined && !produced.spoke) await",
    ],
    ["run/cancel-intent.ts", " || run.attempt > 1;", ";"],
    // Nor of a run that is given up; or of one whose deadline passed between its call and its agent's.
    [
      settle,
      "if (produced.producer === undefined) await",
      'if (produced.producer === undefined && produced.end.how === "stopped") await',
    ],
    ["run/cancel-agent.ts", " || tx.approvals(run.executionId).length > 0", ""],
    ["run/cancel-agent.ts", "spoke ? isAgentBegun(run) : run.attempt", "run.attempt"],
    // An agent is told of a stop that was never begun, or by one who has lost the run.
    ["run/cancel-agent.ts", "  if (!intent.agentBegun) return;\n", ""],
    ["run/cancel-agent.ts", "  await writer.hold();\n", ""],
    // A worker does not hear of stops that others have recorded, and its agent hangs.
    [others, "for (const { executionId, reason } of cancelling) owned.cancel(executionId, reason);", ""],
  ]),
  ...mutantsOf("S9", [
    // The fence is not checked, or only half of it.
    [
      core,
      "if (fence !== undefined && (run.epoch !== fence.epoch ||",
      "if (false && fence !== undefined && (run.epoch !== fence.epoch ||",
    ],
    [core, "(run.epoch !== fence.epoch || run.workerId !== fence.workerId)) {", "run.workerId !== fence.workerId) {"],
    // A lease is taken that still lasts.
    [core, "return run.workerId !== undefined && run.leaseUntil > this.now();", "return false;"],
  ]),
  ...mutantsOf("R1", [
    // Priorities do not count.
    [
      "run/memory-runs.ts",
      "waits(record) && !record.blocked ? { rank: -record.priority }",
      "waits(record) && !record.blocked ? { rank: 0 }",
    ],
    // One slot too many.
    ["run/slots.ts", "return this.left > 0;", "return this.left >= 0;"],
  ]),
  ...mutantsOf("R2", [
    // A slot is lost when the store fails at a claim.
    [
      claims,
      'this.#life.trouble("claiming a run", error);\n',
      'this.#life.trouble("claiming a run", error);\n          break;\n',
    ],
    // A slot is lost when a run ends.
    [owned, "      this.#work.delete(done);\n      giveBack();\n", "      this.#work.delete(done);\n"],
    // A suspended run keeps its lease.
    [suspend, "    keep,\n    workerId: undefined,\n", "    keep,\n"],
    // What a stopped engine is about to take, it takes.
    [engine, "await Promise.all([this.#claims.quiet(), this.#owned.taken()]);", "await this.#claims.quiet();"],
    // A run's deadline timer is left behind.
    [agents, "    stopTimer();\n    if (this.#stoppedBy", "    if (this.#stoppedBy"],
  ]),
  ...mutantsOf("R3", [
    // The session's next run is let go only by an answer, or never.
    [close, "  unblockNext(tx, run.tenantId, run.sessionId, run.executionId);\n", ""],
    [close, "  unblockNext(tx, run.tenantId,", '  if (outcome.status === "completed") unblockNext(tx, run.tenantId,'],
    // A run that waits for a person does not count as live.
    [
      open,
      'if (session === "reject" && live[0] !== undefined)',
      'if (session === "reject" && live[0] !== undefined && live[0].state !== "waiting_for_approval")',
    ],
    [
      open,
      'session !== "parallel" && live.length > 0',
      'session !== "parallel" && live.some(({ state }) => state === "running")',
    ],
  ]),
  ...mutantsOf("R3", [
    // The newer turn leaves those alone that wait in the queue.
    [
      open,
      'if (run.state === "cancelling" || run.state === "settling") return',
      'if (run.state === "cancelling" || run.state === "settling" || run.state === "queued") return',
    ],
  ]),
  ...mutantsOf("R4", [
    // Leases are not renewed.
    [
      engine,
      '    this.#life.every(heartbeatMs, "renewing leases", () => this.#owned.renew());\n',
      "    void heartbeatMs;\n",
    ],
    // A late answer of the store lets an agent, or a hook, begin without a lease.
    [writer, "if (this.#core.now() < this.leaseUntil) return;", "return;"],
    // A worker's first claim is taken back with its old leases.
    [
      claims,
      "  async #loop(): Promise<void> {\n    await this.#owned.ready();\n",
      "  async #loop(): Promise<void> {\n",
    ],
  ]),
  ...mutantsOf("R5", [
    // A settle begins anew after a crash.
    [settle, "return finish(held, { ...progress, settlement });", "return finish(held, { settlement });"],
    // The text from before a restart is forgotten, or readers are not told what of it stays.
    [agents, "await loggedAnswer(this.#writer, keep);", "await loggedAnswer(this.#writer, 0);"],
    [recover, "keep: String(Math.max(1, run.keep))", 'keep: "1"'],
    // An agent that may have acted is called again.
    [recover, 'if (agent.replay !== "safe")', 'if (agent.replay === "unsafe")'],
    // Attempts are not capped.
    [recover, "return run.recoveries >= core.options.maxRecoveries;", "return false;"],
    // Nobody looks after a run that was requeued past its deadline, or waits there.
    [open, "  tx.updateRun(run, { wakeAt: now + deadlineMs });\n", ""],
  ]),
  ...mutantsOf("R6", [
    // Questions that were answered are asked after again.
    ["run/approvals.ts", "  for (const approval of approvals) tx.putApproval({ ...approval, consumed: true });\n", ""],
    // The run goes on with the first answer.
    [
      decide,
      "if (allDecided(open)) resumeRun(draft, core.now());",
      "if (open.length > 0) resumeRun(draft, core.now());",
    ],
  ]),
  ...mutantsOf("R7", [
    // A later decision counts.
    [decide, 'if (approval.status === "pending") {', 'if (approval.status !== "expired") {'],
    // A question expires and nothing follows.
    [
      decide,
      "    open.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now),\n  );\n  moveOn(core, draft);\n",
      "    open.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now),\n  );\n",
    ],
    // Nobody wakes a run when its question expires.
    [suspend, "wakeAt: firstExpiry(approvals),", "wakeAt: undefined,"],
  ]),
  ...mutantsOf("R8", [
    // The terminal event is committed without the transcript.
    [
      close,
      "    tx.putTranscript({ tenantId, sessionId, turnIndex, executionId, message, answer: outcome.finalText });\n",
      "    void [tenantId, sessionId, turnIndex, executionId, message];\n",
    ],
    // Steps of settle are not recorded.
    [
      settle,
      'else draft.tx.putDocument(draft.run, "progress", progress as unknown as JsonValue);',
      "else void progress;",
    ],
  ]),
  ...mutantsOf("deadline", [
    // A run that was claimed past its deadline is begun all the same.
    [agents, "    if (leftMs <= 0) passDeadline();\n", ""],
    // Nobody stops an agent at its deadline.
    [agents, "clock.after(Math.max(0, leftMs), passDeadline)", "clock.after(Infinity, passDeadline)"],
  ]),
  ...mutantsOf("onEvent", [
    // The hook is told before the store has answered, and so of what is taken back.
    [
      core,
      "      const value = body(draft);\n      return { value, run, said: draft.write() };\n",
      "      const value = body(draft);\n      const said = draft.write();\n      onSaid(said, run);\n      return { value, run, said };\n",
    ],
    // The hook hears of an owner's events only.
    [core, "(said, run) => this.tellHook(run, said)", "() => undefined"],
  ]),
  ...mutantsOf("wake", [
    // A run that was opened or decided, and not claimed before a crash, has nobody to wake it.
    [nextLook, "  if (tx.nextClaimable(core.agents) !== undefined) times.push(core.now() + leaseMs);\n", ""],
    // Leases and questions do not count.
    [nextLook, "const times = [tx.nextWakeAt(core.agents)];", "const times: (number | undefined)[] = [];"],
    // A look does not renew the leases of what is at work.
    [engine, "    await this.#owned.renew();\n    if (maxAgeMs", "    if (maxAgeMs"],
  ]),
  ...mutantsOf("interval", [
    // What an agent says while its events wait for their time is forgotten.
    [
      writer,
      "    await this.#interval();\n",
      "    const said = this.#waiting;\n    await this.#interval();\n    if (this.#waiting === said) said.splice(1);\n",
    ],
  ]),
  ...mutantsOf("stop", [
    // Readers that come to a stopped engine are not told.
    [feeds, "      if (this.#closed !== undefined) feed.close(this.#closed.error);\n", ""],
  ]),
];
