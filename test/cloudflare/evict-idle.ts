import { until } from "../http/http-client.ts";
import { answerOf, decisionText, type Steps } from "./steps-agent.ts";
import { idOf, openWorld, type TurnWorkers } from "./turn-workers.ts";

/** workerd looks every 10 s for objects that have had nothing to do for so long. */
const IDLE_MS = 22_000;

const TURNS: Readonly<Record<"waiting" | "over" | "working", Steps>> = {
  waiting: [{ say: "May I? " }, { ask: {} }, { decision: true }],
  over: [{ say: "Done." }],
  // Work that nobody reads.
  working: [{ say: "Slowly… " }, { pauseMs: IDLE_MS + 2000 }, { say: "done." }],
};

/** Leaves objects alone until the platform itself puts them to sleep; what is not as promised. */
export async function evictIdle(workers: TurnWorkers): Promise<string[]> {
  const world = openWorld(workers, "plain");
  const broken: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (is !== should) broken.push(`${what}: ${is}, expected ${should}`);
  };
  for (const [sessionId, data] of Object.entries(TURNS)) {
    const turn = world.client.start({ sessionId, turnIndex: 0, message: "Hello", data });
    for await (const event of turn) if (event.type === "message.part.updated") break;
  }
  await new Promise((resolve) => void setTimeout(resolve, IDLE_MS));

  const { approvals } = await world.inspect(idOf("waiting"));
  await world.client.decide(idOf("waiting"), approvals[0]?.approvalId ?? "", { decision: "approve" });
  for (const [sessionId, steps] of Object.entries(TURNS)) {
    const { state, finalText } = await until(
      () => world.inspect(idOf(sessionId)),
      (snapshot) => snapshot.finalText !== undefined,
      `${sessionId} has ended`,
    );
    expect(sessionId, [state, finalText], ["completed", answerOf(steps, decisionText("approve"))]);
    const log = await world.log(idOf(sessionId));
    expect(
      `${sessionId}'s ids`,
      log.map(({ id }) => id),
      log.map((_, index) => String(index + 1)),
    );
    const { boots } = await world.look(sessionId);
    expect(`${sessionId}'s instances`, boots.length, sessionId === "working" ? 1 : 2);
    const persists = (await world.notes(idOf(sessionId))).filter(({ what }) => what === "persist");
    expect(`${sessionId}'s persists`, persists.length, 1);
  }
  return broken;
}
