import { isTurnError } from "../../src/errors.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import { until } from "../http/http-client.ts";
import { type CrashPoint, type HookName, HOOKS } from "./crash-plan.ts";
import { answerOf, decisionText, type Steps } from "./steps-agent.ts";
import { idOf, type TurnWorld } from "./turn-workers.ts";

/** A turn with everything in it that a crash can cut in two. */
export const CRASH_STEPS: Steps = [
  { say: "Let me look. " },
  { tool: "search" },
  { checkpoint: true },
  { say: "Found. " },
  { ask: {} },
  { decision: true },
  { say: "Done." },
];
/** The same, with a question that answers itself in time. */
const UNATTENDED_STEPS: Steps = CRASH_STEPS.map((step) => ("ask" in step ? { ask: { expiresInMs: 50 } } : step));

function nameOf(point: CrashPoint): string {
  return `${point.how}-${"event" in point ? `event-${point.event}` : point.hook}-${point.when}`;
}

/** Reads a turn to its end as a product's page does, and says yes to whatever it is asked. */
export async function readAndApprove(world: TurnWorld, sessionId: string, steps: Steps): Promise<TurnEvent[]> {
  const turn = world.client.start({ sessionId, turnIndex: 0, message: "Hello", data: steps });
  const events: TurnEvent[] = [];
  for await (const event of turn) {
    if (event.id !== undefined) events.push(event);
    if (event.type === "approval.requested") {
      turn.approve(String(event.data?.["approvalId"])).catch((error: unknown) => {
        // A question that a crash has made void; the agent asks another.
        if (!isTurnError(error, "approval-expired") && !isTurnError(error, "approval-not-found")) throw error;
      });
    }
  }
  return events;
}

/** A turn that meets these crashes, one instance after the other, while a client reads it; what is not as promised. */
export async function crashAndComeBack(
  world: TurnWorld,
  label: string,
  points: readonly CrashPoint[],
): Promise<string[]> {
  const sessionId = `${label}-${points.map(nameOf)[0]}-and-${points.length - 1}`;
  await world.plan(sessionId, ...points);
  const read = await readAndApprove(world, sessionId, CRASH_STEPS);
  return checkTurn(world, sessionId, { read, steps: CRASH_STEPS, crashes: points });
}

/** A turn whose client is gone for good when the crash comes; what is not as promised. */
export async function crashUnattended(world: TurnWorld, point: CrashPoint): Promise<string[]> {
  const sessionId = `unattended-${nameOf(point)}`;
  await world.plan(sessionId, point);
  await startAndLeave(world, sessionId, UNATTENDED_STEPS);
  // The book is asked, never the object itself; while workerd is down there is no answer.
  await until(
    () => world.notes(idOf(sessionId)).catch(() => []),
    (notes) => notes.some(({ what }) => what === "end"),
    "the turn has ended",
  );
  const { boots } = await world.look(sessionId);
  const broken = boots.slice(1).some(({ requests }) => requests > 0) ? [`${sessionId}: it was asked for`] : [];
  return [...broken, ...(await checkTurn(world, sessionId, { steps: UNATTENDED_STEPS, crashes: [point] }))];
}

/** Starts a turn over routes that never ask an object twice, and goes: nobody comes back to it. */
export async function startAndLeave(world: TurnWorld, sessionId: string, data: Steps): Promise<void> {
  const body = { sessionId, turnIndex: 0, message: "Hello", data };
  // The crash may come before there is any answer, or in the midst of it.
  await world.request("POST", "/turns", { body, once: true }).then(
    (response) => response.text().catch(() => ""),
    () => "",
  );
}

/** What is not as promised of a turn that has met these crashes and come to its end; empty when all is. */
async function checkTurn(
  world: TurnWorld,
  sessionId: string,
  {
    read,
    steps,
    crashes,
  }: { readonly read?: readonly TurnEvent[]; readonly steps: Steps; readonly crashes: readonly CrashPoint[] },
): Promise<string[]> {
  const broken: string[] = [];
  const executionId = idOf(sessionId);
  const expect = (what: string, actual: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (is !== should) broken.push(`${sessionId}: ${what}: ${is}, expected ${should}`);
  };

  const log = await world.log(executionId);
  expect(
    "ids",
    log.map(({ id }) => id),
    log.map((_, index) => String(index + 1)),
  );
  expect(
    "terminals",
    log.filter(isTerminal).map(({ type }) => type),
    ["session.run.completed"],
  );
  if (read !== undefined) expect("its reader's log", read, log);
  const { state, finalText } = await world.inspect(executionId);
  const decision = read === undefined ? "expired" : "approve";
  const answer = answerOf(steps, decisionText(decision));
  expect("state and text", [state, finalText], ["completed", answer]);

  const notes = await world.notes(executionId);
  for (const hook of HOOKS) {
    const ran = notes.filter(({ what }) => what === hook);
    const times = 1 + crashes.filter((point) => repeats(point, hook, log.length)).length;
    expect(`runs of ${hook}`, ran.length, times);
    expect(`instances that ran ${hook}`, new Set(ran.map(({ boot }) => boot)).size, times);
    expect(`text at ${hook}`, [...new Set(ran.map((note) => note.finalText))], [answer]);
  }
  const { boots } = await world.look(sessionId);
  expect("instances", boots.length, crashes.length + 1);
  return broken;
}

/** Whether a crash comes between a hook's end and its record: it runs again, with the same key (R8). */
function repeats(point: CrashPoint, hook: HookName, lastEventId: number): boolean {
  if ("hook" in point) return point.hook === hook && point.when === "after";
  // The record of the last hook goes to the disk together with the terminal event.
  return hook === "end" && point.when === "before" && point.event === lastEventId;
}
