import { createAnnouncer } from "./announcer.ts";
import { Composer } from "./composer.ts";
import { byId, h, setText } from "./dom.ts";
import { followEnd } from "./follow-end.ts";
import { linkStatus } from "./link-status.ts";
import type { LiveTurn } from "./live-turn.ts";
import { errorText } from "./refusal-text.ts";
import {
  addressOf,
  newSessionId,
  rememberedSessions,
  rememberSession,
  sessionOfAddress,
} from "./remembered-sessions.ts";
import { type About, listTurns, readAbout } from "./server.ts";
import { Session } from "./session.ts";
import { activityOf, type SessionActivity, SessionList } from "./session-list.ts";
import { startTheme } from "./theme.ts";
import { TracePanel } from "./trace-panel.ts";
import { TurnView } from "./turn-view.ts";

// The page: one session in the middle, the sessions of this browser on one side, the trace of a turn on the other.

const LOOK_EVERY_MS = 1_000;
const LOOK_AT_OTHERS_EVERY_MS = 4_000;
const DRAW_EVERY_MS = 80;

const conversation = byId("conversation", HTMLElement);
const conversationEnd = followEnd(conversation);
const welcome = byId("welcome", HTMLElement);
const status = byId("link-status", HTMLElement);
const notice = byId("notice", HTMLElement);
const sessions = new SessionList();
const trace = new TracePanel();
const announce = createAnnouncer(byId("announcements", HTMLElement));
const composer = new Composer({ send, stop: () => void stop() });
const otherTabs = new BroadcastChannel("turnwire-playground");

const activities = new Map<string, SessionActivity>();
let views = new Map<LiveTurn, TurnView>();
let session = new Session(sessionOfAddress(), draw);
/** The turn whose trace is shown; undefined follows the newest. */
let chosen: LiveTurn | undefined;
let away = false;
let about: About | undefined;
let drawAt = 0;
let drawing: ReturnType<typeof setTimeout> | undefined;

startTheme(byId("theme", HTMLButtonElement));
byId("new-session", HTMLButtonElement).addEventListener("click", () => {
  location.hash = addressOf(newSessionId());
  // At once, so that what is typed next belongs to the new session.
  openSession();
});
window.addEventListener("hashchange", openSession);
window.addEventListener("storage", draw);
otherTabs.addEventListener("message", () => void look());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void look();
});
for (const tab of document.querySelectorAll<HTMLButtonElement>("[data-show]")) {
  tab.addEventListener("click", () => showPanel(tab.dataset["show"] ?? "chat"));
}
showPanel("chat");
composer.focus();
draw();
void keepLooking();
setInterval(() => {
  // Time goes on in the trace of a turn that lives, also when nothing is said.
  if (session.liveTurn !== undefined) draw();
}, 500);

function send(message: string, agent: string): boolean {
  if (session.liveTurn !== undefined) return false;
  rememberSession(session.id, message);
  chosen = undefined;
  notice.hidden = true;
  // A turn that was refused never was: the next one takes its place.
  for (const turn of session.turns) if (turn.error !== undefined) session.forget(turn);
  session.send(message, agent);
  otherTabs.postMessage(session.id);
  conversationEnd.jump();
  return true;
}

async function stop(): Promise<void> {
  try {
    await session.liveTurn?.stop();
  } catch (error) {
    const { message, code } = errorText(error);
    tell(`It could not be stopped: ${message}${code === undefined ? "" : ` (${code})`}`);
  }
}

function openSession(): void {
  const id = sessionOfAddress();
  if (id === session.id) return;
  session.leave();
  session = new Session(id, draw);
  chosen = undefined;
  views = new Map();
  conversation.querySelectorAll(".turn").forEach((turn) => turn.remove());
  showPanel("chat");
  composer.focus();
  drawNow();
  void look();
}

async function keepLooking(): Promise<void> {
  let othersAt = 0;
  for (;;) {
    if (document.visibilityState === "visible" || !session.loaded) {
      await look();
      if (Date.now() - othersAt >= LOOK_AT_OTHERS_EVERY_MS) {
        othersAt = Date.now();
        await lookAtOthers();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What the server knows of this session. */
async function look(): Promise<void> {
  const looked = session;
  try {
    await learn();
    const turns = await looked.refresh();
    away = false;
    if (turns.length > 0) rememberSession(looked.id, looked.turns[0]?.record.question ?? "");
  } catch {
    // The status says so; the next look tries again.
    away = true;
  }
  draw();
}

async function lookAtOthers(): Promise<void> {
  for (const { id } of rememberedSessions()) {
    if (id === session.id) continue;
    const turns = await listTurns(id).catch(() => undefined);
    if (turns !== undefined) activities.set(id, activityOf(turns.map(({ state }) => state)));
  }
  draw();
}

/** Who answers here. Asked again and again: it may be another process by now. */
async function learn(): Promise<void> {
  const before = about;
  about = await readAbout();
  if (before?.pid === about.pid) return;
  composer.setAgents(about.agents);
  const server = byId("server", HTMLElement);
  setText(server, `server process ${about.pid}`);
  server.title = `To kill it: kill -9 ${about.pid}`;
  byId("try", HTMLElement).replaceChildren(
    ...about.agents.map((agent) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "suggestion", onclick: () => composer.suggest(agent) },
          h("strong", {}, agent.title),
          h("span", {}, agent.about),
        ),
      ),
    ),
  );
}

/** Draws what has changed, a few times a second at most. */
function draw(): void {
  if (drawing !== undefined) return;
  const wait = Math.max(0, drawAt + DRAW_EVERY_MS - performance.now());
  drawing = setTimeout(() => {
    drawing = undefined;
    drawAt = performance.now();
    drawNow();
  }, wait);
}

function drawNow(): void {
  const { turns, liveTurn } = session;
  const shown = chosen ?? turns.at(-1);
  welcome.hidden = turns.length > 0;
  for (const [turn, view] of views) {
    if (turns.includes(turn)) continue;
    view.element.remove();
    views.delete(turn);
  }
  turns.forEach((turn, index) => {
    let view = views.get(turn);
    if (view === undefined) {
      view = new TurnView(turn, {
        select: () => choose(turn),
        showTrace() {
          choose(turn);
          showPanel("trace");
        },
      });
      views.set(turn, view);
      const next = turns.slice(index + 1).map((later) => views.get(later)?.element);
      conversation.insertBefore(view.element, next.find((element) => element !== undefined) ?? null);
    }
    view.update(turn === shown);
  });
  conversationEnd.keep();

  const link = linkStatus(liveTurn, away);
  setText(status, link.words);
  status.dataset["link"] = link.name;
  const stopping = liveTurn?.record.phase === "stopping" || liveTurn?.record.phase === "settling";
  composer.setBusy(liveTurn !== undefined, liveTurn !== undefined && !stopping);
  if (session.loaded) activities.set(session.id, activityOf(turns.map(({ record }) => record.phase).reverse()));
  sessions.update(session.id, activities);
  trace.show(shown);
  trace.update();
  announce(turns.at(-1));
}

function choose(turn: LiveTurn): void {
  const next = turn === session.turns.at(-1) ? undefined : turn;
  if (next === chosen) return;
  chosen = next;
  draw();
}

function tell(text: string): void {
  setText(notice, text);
  notice.hidden = false;
}

/** On a narrow screen there is room for one panel. */
function showPanel(name: string): void {
  document.body.dataset["panel"] = name;
  for (const tab of document.querySelectorAll<HTMLButtonElement>("[data-show]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset["show"] === name));
  }
}
