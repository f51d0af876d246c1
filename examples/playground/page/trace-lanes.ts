import type { SeenEvent, TurnRecord } from "./turn-record.ts";

// A turn's events as spans of time, by lane: what the timeline draws.

/** What a span or an event is about; the style sheet has a colour for each. */
export type Tone =
  | "queued"
  | "running"
  | "text"
  | "tool"
  | "waiting"
  | "settling"
  | "lost"
  | "good"
  | "bad"
  | "stopped"
  | "link"
  | "quiet";

export interface Span {
  readonly from: number;
  /** Absent while it lasts. */
  readonly to?: number;
  readonly tone: Tone;
  readonly label: string;
  /** The place of its first event in the record. */
  readonly event?: number;
  readonly row: number;
}

export interface Lane {
  readonly name: "Run" | "Answer" | "Tools" | "You" | "Page";
  readonly spans: readonly Span[];
  readonly rows: number;
}

/** What the page itself knows of its connection to one turn. */
export interface LinkNote {
  readonly at: number;
  readonly kind: "trying" | "open" | "lost" | "over";
}

const TEXT_GAP_MS = 700;

export function lanesOf({ seen }: TurnRecord, links: readonly LinkNote[]): Lane[] {
  return [
    lane("Run", runSpans(seen)),
    lane("Answer", textSpans(seen)),
    lane("Tools", inRows(toolSpans(seen))),
    lane("You", personSpans(seen)),
    lane("Page", linkSpans(links)),
  ];
}

/** What an event is about. */
export function toneOf({ event: { type, data }, dropped }: SeenEvent): Tone {
  if (dropped) return "lost";
  switch (type) {
    case "message.part.updated":
      return (data?.["part"] as { type?: unknown } | undefined)?.type === "tool" ? "tool" : "text";
    case "approval.requested":
    case "approval.resolved":
      return "waiting";
    case "run.restarted":
      return "lost";
    case "session.run.completed":
      return "good";
    case "error":
    case "session.run.failed":
      return "bad";
    case "session.run.cancelled":
      return "stopped";
    case "run.queued":
      return "queued";
    case "run.state.changed":
      return RUN_STATES[String(data?.["state"])]?.tone ?? "quiet";
    default:
      return "quiet";
  }
}

const RUN_STATES: Readonly<Record<string, { readonly tone: Tone; readonly label: string }>> = {
  queued: { tone: "queued", label: "queued" },
  claimed: { tone: "queued", label: "queued" },
  resuming: { tone: "queued", label: "queued" },
  running: { tone: "running", label: "running" },
  waiting_for_approval: { tone: "waiting", label: "waiting for you" },
  cancelling: { tone: "stopped", label: "stopping" },
  settling: { tone: "settling", label: "settling" },
};

function runSpans(seen: readonly SeenEvent[]): Span[] {
  const spans: Span[] = [];
  let open: Omit<Span, "to"> | undefined;
  const close = (at: number): void => {
    // What lasted no time would only hide its neighbours.
    if (open !== undefined && at > open.from) spans.push({ ...open, to: at });
    open = undefined;
  };
  seen.forEach(({ event: { type, data }, at }, index) => {
    const next = (tone: Tone, label: string): void => {
      close(at);
      open = { from: at, tone, label, event: index, row: 0 };
    };
    if (type === "session.run.started") next("queued", "queued");
    else if (type === "run.state.changed") {
      const state = RUN_STATES[String(data?.["state"])];
      if (state === undefined) return;
      if (state.label === "queued" && open?.tone === "running") {
        // Nobody takes a running turn back to the queue but a recovery: its process was gone since the event before.
        close(seen[index - 1]?.at ?? at);
        open = { from: seen[index - 1]?.at ?? at, tone: "lost", label: "down", event: index, row: 0 };
        close(at);
      }
      if (open?.label !== state.label) next(state.tone, state.label);
    } else if (type === "session.run.completed") end("good", "completed");
    else if (type === "session.run.failed") end("bad", "failed");
    else if (type === "session.run.cancelled") end("stopped", "stopped");

    function end(tone: Tone, label: string): void {
      close(at);
      spans.push({ from: at, to: at, tone, label, event: index, row: 0 });
    }
  });
  if (open !== undefined) spans.push(open);
  return spans;
}

function textSpans(seen: readonly SeenEvent[]): Span[] {
  const spans: { from: number; to: number; tone: Tone; label: string; event: number; row: number }[] = [];
  let count = 0;
  seen.forEach((one, index) => {
    const { event, at, dropped } = one;
    if (event.type !== "message.part.updated" || typeof event.data?.["delta"] !== "string") return;
    const tone = dropped ? "lost" : "text";
    const last = spans.at(-1);
    if (last !== undefined && last.tone === tone && at - last.to <= TEXT_GAP_MS) {
      last.to = at;
      last.label = `${++count} pieces of text${dropped ? ", taken back" : ""}`;
    } else {
      count = 1;
      spans.push({ from: at, to: at, tone, label: `text${dropped ? ", taken back" : ""}`, event: index, row: 0 });
    }
  });
  return spans;
}

function toolSpans(seen: readonly SeenEvent[]): Span[] {
  const open = new Map<string, Span>();
  const done: Span[] = [];
  seen.forEach(({ event, at, dropped }, index) => {
    if (event.type !== "message.part.updated") return;
    const part = event.data?.["part"] as
      { type?: unknown; callID?: unknown; tool?: unknown; state?: { status?: unknown } } | undefined;
    if (part?.type !== "tool") return;
    const id = String(part.callID);
    const { status } = part.state ?? {};
    const begun = open.get(id) ?? { from: at, tone: "tool", label: String(part.tool), event: index, row: 0 };
    if (status === "completed" || status === "error") {
      open.delete(id);
      done.push({ ...begun, to: at, tone: dropped ? "lost" : status === "error" ? "bad" : "tool" });
    } else open.set(id, begun);
  });
  const end = seen.at(-1);
  const over = end !== undefined && toneIsEnd(toneOf(end)) ? { to: end.at } : {};
  return [...done, ...[...open.values()].map((span) => ({ ...span, ...over }))].sort(
    (a, b) => a.from - b.from || (a.event ?? 0) - (b.event ?? 0),
  );
}

const toneIsEnd = (tone: Tone): boolean => tone === "good" || tone === "bad" || tone === "stopped";

function personSpans(seen: readonly SeenEvent[]): Span[] {
  const spans = new Map<string, Span>();
  seen.forEach(({ event: { type, data }, at }, index) => {
    const id = String(data?.["approvalId"]);
    if (type === "approval.requested") {
      spans.set(id, { from: at, tone: "waiting", label: String(data?.["toolName"]), event: index, row: 0 });
    }
    const asked = spans.get(id);
    if (type !== "approval.resolved" || asked === undefined) return;
    const decision = String(data?.["decision"]);
    const said = { approve: "approved", edit: "edited", reject: "rejected" }[decision] ?? decision;
    const tone = decision === "reject" ? "bad" : decision === "expired" ? "stopped" : "good";
    spans.set(id, { ...asked, to: at, tone, label: said, event: index });
  });
  return [...spans.values()];
}

function linkSpans(links: readonly LinkNote[]): Span[] {
  const spans: Span[] = [];
  let open: { readonly from: number; readonly tone: Tone; tries: number } | undefined;
  const close = (to?: number): void => {
    if (open === undefined) return;
    const label = open.tone === "link" ? "connected" : `${open.tries} ${open.tries === 1 ? "try" : "tries"}`;
    spans.push({ from: open.from, tone: open.tone, label, row: 0, ...(to === undefined ? {} : { to }) });
    open = undefined;
  };
  for (const { at, kind } of links) {
    if (kind === "open" || kind === "over") close(at);
    if (kind === "open") open = { from: at, tone: "link", tries: 0 };
    if (kind === "lost" && open?.tone !== "lost") {
      close(at);
      open = { from: at, tone: "lost", tries: 0 };
    }
    if (kind === "trying" && open?.tone === "lost") open.tries++;
  }
  close();
  return spans;
}

/** Puts spans that overlap into rows of their own. */
function inRows(spans: readonly Span[]): Span[] {
  const ends: number[] = [];
  return spans.map((span) => {
    const free = ends.findIndex((end) => end <= span.from);
    const row = free === -1 ? ends.length : free;
    ends[row] = span.to ?? Infinity;
    return { ...span, row };
  });
}

function lane(name: Lane["name"], spans: readonly Span[]): Lane {
  return { name, spans, rows: 1 + Math.max(0, ...spans.map(({ row }) => row)) };
}
