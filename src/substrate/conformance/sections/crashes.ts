import { isTerminal } from "../../../event/turn-event.ts";
import { readLog } from "../log-reader.ts";
import type { Section } from "../section.ts";

/** R5, as far as any substrate can show it. */
export const crashes: Section = (test) => {
  test("an execution that a crash cut off comes to an end, and its log has one", ["reopen"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 1 });
    await (await execution.follow()).heard(2);
    await s.reopen();
    await execution.openGate("middle");
    const reader = readLog(await execution.attach());
    const log = await reader.finished;
    await s.eventually(async () => ["completed", "failed"].includes(await execution.state()));
    if (!s.enveloped) return;
    s.expect(log.filter(isTerminal).length).toBe(1);
    s.expect(log.findIndex(isTerminal)).toBe(log.length - 1);
  });

  test("an execution that was queued when it crashed comes to its turn", ["reopen", "slots"], async (s) => {
    const busy = Array.from({ length: s.fixture.slots ?? 0 }, () =>
      s.execution({ do: "say", count: 1 }, s.gate("end")),
    );
    for (const one of busy) await (await one.follow()).heard(1);
    const execution = s.execution({ do: "say", count: 2 });
    await execution.open();
    await s.reopen();
    for (const one of busy) await one.openGate("end");
    await s.eventually(async () => (await execution.state()) === "completed");
  });
};
