import { conformanceAgent } from "../../../src/substrate/conformance/index.ts";
import type { JsonValue } from "../../../src/event/json.ts";
import type { RemoteAgent } from "./orchestrator.ts";
import type { RemoteAnswer } from "./remote-run.ts";

type Resume = NonNullable<Parameters<typeof conformanceAgent>[0]["resume"]>;

/** The conformance agent as an agent inside the sandbox, which does not end to ask, but waits for its answers. */
export const conformanceRemoteAgent: RemoteAgent = async function* ({ executionId, metadata, signal, ask }) {
  const input = { data: metadata["data"] as JsonValue };
  let resume: Resume | undefined;
  for (;;) {
    const questions: Promise<RemoteAnswer | "expired">[] = [];
    for await (const { type, data = {} } of conformanceAgent({
      executionId,
      input,
      signal,
      ...(resume === undefined ? {} : { resume }),
    })) {
      if (type === "approval.requested") questions.push(ask({ id: `ask-${executionId}-${questions.length}`, ...data }));
      else if (type === "session.run.heartbeat") yield { type, data, live: true };
      else yield { type, data };
    }
    if (questions.length === 0) return;
    resume = { all: (await Promise.all(questions)).map(decisionOf) };
  }
};

function decisionOf(answer: RemoteAnswer | "expired"): Resume["all"][number] {
  if (answer === "expired") return { decision: "expired" };
  const { outcome, data = {}, note } = answer;
  const said = note === undefined ? {} : { note };
  if (outcome === "declined") return { decision: "reject", ...said };
  if (Object.keys(data).length === 0) return { decision: "approve", ...said };
  return { decision: "edit", input: data as JsonValue, ...said };
}
