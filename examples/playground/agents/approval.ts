import type { TurnEvent } from "turnwire";
import type { AgentRun } from "turnwire/run";
import type { PlaygroundAgent } from "./playground-agent.ts";
import { pause } from "./pause.ts";
import { speak } from "./speak.ts";
import { toolEvent } from "./tools.ts";

const TOOL = "delete_files";
const WANTED = { folder: "/srv/reports/2019", pattern: "*.csv", includeSubfolders: true };

/** Asks a person before it acts. Nothing is deleted: the tool only says so. */
export const approval: PlaygroundAgent = {
  title: "Asks first",
  about: "Wants to run a dangerous tool: approve it, edit its input or reject it.",
  example: "Make some room on the server.",
  // Not replay-safe: a tool that deletes must not be called again because a process was lost.
  agent: { stream: (run) => (run.resume === undefined ? ask(run) : act(run)) },
};

async function* ask({ signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield* speak("Old reports take up most of the space. I would like to delete them. ", 50, signal);
  yield toolEvent({ callID: "call-1", tool: TOOL, input: WANTED }, { status: "pending" });
  yield {
    type: "approval.requested",
    data: { toolName: TOOL, input: WANTED, reason: "Deleted files cannot be brought back." },
  };
}

async function* act({ resume, signal }: AgentRun): AsyncGenerator<TurnEvent> {
  const call = { callID: "call-1", tool: TOOL, input: WANTED };
  switch (resume?.decision) {
    case "approve":
    case "edit": {
      const input = resume.decision === "edit" ? asObject(resume.input) : WANTED;
      yield toolEvent({ ...call, input }, { status: "running" });
      await pause(900, signal);
      yield toolEvent({ ...call, input }, { status: "completed", output: { deleted: 214, freed: "3.1 GB" } });
      yield* speak(`Done: 214 files in ${String(input["folder"])} are gone, 3.1 GB are free again.`, 50, signal);
      return;
    }
    case "reject": {
      yield toolEvent(call, { status: "error", error: "Rejected by a person" });
      const why = resume.note === undefined || resume.note === "" ? "" : ` You said: “${resume.note}”.`;
      yield* speak(`All right, I leave everything as it is.${why}`, 50, signal);
      return;
    }
    default:
      yield toolEvent(call, { status: "error", error: "Nobody answered" });
      yield* speak("Nobody answered, so I leave everything as it is.", 50, signal);
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { folder: value };
}
