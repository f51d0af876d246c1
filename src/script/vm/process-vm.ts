import { TurnError } from "../../errors.ts";
import { systemClock } from "../../internal/clock.ts";
import { createDeferred } from "../../internal/deferred.ts";
import { clip } from "../../internal/describe-value.ts";
import type { ChildCommand, ChildHello } from "./process-protocol.ts";
import { LineReader } from "./process-protocol.ts";
import { extraMsForSource } from "./slice.ts";
import type { ScriptEngine } from "./script-engine.ts";
import type { Child } from "./start-child.ts";
import { startChild } from "./start-child.ts";
import type { ScriptSource, Vm, VmLimits, VmReply, VmStop } from "./vm.ts";

/*
 * A VM in a child process.
 *
 * Job: to send one command at a time, so that whatever is not begun when the child is lost can go to another one; to kill
 * a child that does not answer in time, which is the only thing that ends a builtin that runs on by itself. Not its job:
 * to trust the child: what it says is bounded and checked like anything that a stranger sends.
 *
 * Invariants
 *  1. At most one command is at the child. Every command gets one answer, also when the child is lost.
 *  2. A lost child is killed, its process is waited for, and it is never spoken to again.
 *  3. An idle child does not keep the program alive.
 */

const START_MS = 15_000;
// Where this program was kept busy itself, timers come first and what a child has answered is still to be read.
const LAST_LOOK_MS = 50;
const ERROR_TEXT_CHARS = 2_000;
const SLACK_BYTES = 1024 * 1024;

interface Waiting {
  readonly command: ChildCommand;
  readonly limitMs: number;
  readonly answer: (reply: VmReply) => void;
  readonly isWanted: () => boolean;
}

export async function createProcessVm(engine: ScriptEngine, limits: VmLimits): Promise<Vm> {
  if (engine.child === undefined) throw new TypeError(`The engine ${engine.name} cannot run in a child process`);
  const bytes = await engine.child.payload();
  const child = startChild(engine.child.program);
  const vm = new ProcessVm(child instanceof Promise ? await child : child, limits);
  await vm.start(bytes);
  return vm;
}

class ProcessVm implements Vm {
  readonly lost: Promise<VmStop>;
  readonly #child: Child;
  readonly #limits: VmLimits;
  readonly #input: LineReader;
  readonly #queue: Waiting[] = [];
  readonly #exited = createDeferred<void>();
  readonly #tellLost: (stop: VmStop) => void;
  #current: Waiting | undefined = undefined;
  #stopTimer: (() => void) | undefined = undefined;
  #stop: VmStop | undefined = undefined;
  #errorText = "";

  constructor(child: Child, limits: VmLimits) {
    this.#child = child;
    this.#limits = limits;
    // A reply is at most all that the VM's memory can hold, escaped.
    this.#input = new LineReader(limits.memoryBytes * 2 + SLACK_BYTES);
    const lost = createDeferred<VmStop>();
    this.lost = lost.promise;
    this.#tellLost = lost.resolve;
    child.stdout.on("data", (piece) => this.#read(piece));
    child.stderr.on("data", (piece) => this.#keepErrorText(piece));
    for (const pipe of [child.stdin, child.stdout, child.stderr]) {
      // A pipe breaks when the child dies, and then "close" says the same with more.
      pipe.on("error", () => undefined);
    }
    child.on("error", (error) => {
      this.#lose("vm-lost", `The child process could not be started: ${String(error)}`);
      this.#exited.resolve();
    });
    child.on("close", (code, signal) => {
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      this.#lose("vm-lost", `The child process ended ${how}${this.#errorText === "" ? "" : `: ${this.#errorText}`}`);
      this.#exited.resolve();
    });
  }

  async start(payload: Uint8Array): Promise<void> {
    const hello: ChildHello = { limits: this.#limits, payloadBytes: payload.length };
    const ready = createDeferred<VmReply>();
    this.#await({ command: ["close", 0], limitMs: START_MS, answer: ready.resolve, isWanted: always });
    this.#child.stdin.write(`${JSON.stringify(hello)}\n`);
    this.#child.stdin.write(payload);
    const { stopped } = await ready.promise;
    if (stopped === undefined) return;
    await this.#exited.promise;
    throw new TurnError("vm-lost", stopped.message);
  }

  open(context: number, script: ScriptSource, isWanted: () => boolean): Promise<VmReply> {
    return this.#send(["open", context, script], this.#limits.sliceMs + extraMsForSource(script), isWanted);
  }

  enter(
    context: number,
    operation: number,
    first: number,
    second: number,
    text: string | undefined,
    isWanted: () => boolean,
  ): Promise<VmReply> {
    const command = ["enter", context, operation, first, second, text ?? null] as const;
    return this.#send(command, this.#limits.sliceMs, isWanted);
  }

  close(context: number): void {
    void this.#send(["close", context], this.#limits.sliceMs, always);
  }

  dispose(): Promise<void> {
    this.#lose("vm-lost", "The VM was disposed of");
    return this.#exited.promise;
  }

  #send(command: ChildCommand, limitMs: number, isWanted: () => boolean): Promise<VmReply> {
    return new Promise((answer) => {
      this.#queue.push({ command, limitMs: limitMs + this.#limits.killGraceMs, answer, isWanted });
      this.#next();
    });
  }

  #next(): void {
    while (this.#current === undefined && this.#queue.length > 0) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      if (this.#stop !== undefined || !waiting.isWanted()) {
        waiting.answer({ messages: [], unbegun: true });
        continue;
      }
      const isClose = waiting.command[0] === "close";
      if (!isClose) this.#await(waiting);
      this.#child.stdin.write(`${JSON.stringify(waiting.command)}\n`);
      if (isClose) waiting.answer({ messages: [] });
    }
    if (this.#stop === undefined) this.#keepProgramAlive(this.#current !== undefined);
  }

  #await(waiting: Waiting): void {
    this.#current = waiting;
    const kill = (): void =>
      this.#lose("script-timeout", `The VM did not answer within ${waiting.limitMs} ms and was killed`);
    this.#stopTimer = systemClock.after(waiting.limitMs, () => {
      this.#stopTimer = systemClock.after(LAST_LOOK_MS, kill);
    });
  }

  #read(piece: Uint8Array): void {
    if (this.#stop !== undefined) return;
    try {
      this.#input.push(piece);
      for (let line = this.#input.line(); line !== undefined; line = this.#input.line()) {
        this.#answer(parseReply(line));
      }
    } catch (error) {
      this.#lose("vm-lost", `The child process said what makes no sense: ${String(error)}`);
    }
  }

  #answer(reply: VmReply): void {
    const current = this.#current;
    if (current === undefined) throw new SyntaxError("an answer to nothing");
    this.#current = undefined;
    this.#stopTimer?.();
    current.answer(reply);
    this.#next();
  }

  #lose(code: VmStop["code"], message: string): void {
    if (this.#stop !== undefined) return;
    const stop: VmStop = { code, message, wholeVm: true };
    this.#stop = stop;
    this.#stopTimer?.();
    this.#child.kill("SIGKILL");
    this.#keepProgramAlive(true);
    const current = this.#current;
    this.#current = undefined;
    current?.answer({ messages: [], stopped: stop });
    this.#tellLost(stop);
    this.#next();
  }

  #keepErrorText(piece: Uint8Array): void {
    if (this.#errorText.length < ERROR_TEXT_CHARS) {
      this.#errorText = clip(this.#errorText + new TextDecoder().decode(piece), ERROR_TEXT_CHARS);
    }
  }

  #keepProgramAlive(alive: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, stdin, stdout, stderr]) {
      if (alive) one.ref?.();
      else one.unref?.();
    }
  }
}

function always(): boolean {
  return true;
}

function parseReply(line: string): VmReply {
  const reply = JSON.parse(line) as Partial<VmReply> | null;
  const { messages, stopped } = reply ?? {};
  if (!Array.isArray(messages) || !messages.every((one) => typeof one === "string")) {
    throw new SyntaxError("no messages");
  }
  if (stopped === undefined) return reply?.unbegun === true ? { messages: [], unbegun: true } : { messages };
  const isCode = ["script-timeout", "script-limit", "vm-lost"].includes(stopped.code);
  if (!isCode || typeof stopped.message !== "string") throw new SyntaxError("no reason");
  return { messages: [], stopped: { ...stopped, message: stopped.message, wholeVm: stopped.wholeVm === true } };
}
