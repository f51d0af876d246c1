import type { ChildCommand, ChildHello } from "./process-protocol.ts";
import { LineReader } from "./process-protocol.ts";
import type { ScriptEngine } from "./script-engine.ts";
import type { Vm, VmReply } from "./vm.ts";

// The parent is trusted; this is against a mistake.
const MAX_INPUT_BYTES = 1024 * 1024 * 1024;

interface ChildProcessGlobal {
  readonly stdin: {
    on(event: "data", callback: (piece: Uint8Array) => void): void;
    on(event: "end" | "close" | "error", callback: () => void): void;
  };
  readonly stdout: { write(text: string): unknown };
  exit(code: number): never;
}

/**
 * The program of a child process: the same VM as inline, at the other end of two pipes. It ends with its input, so it
 * does not outlive its parent, unless a script holds it in a builtin that nothing interrupts.
 */
export function runChild(engineFrom: (payload: Uint8Array) => Promise<ScriptEngine>): void {
  const { process } = globalThis as unknown as { readonly process: ChildProcessGlobal };
  const input = new LineReader(MAX_INPUT_BYTES);
  let hello: ChildHello | undefined;
  let vm: Vm | undefined;
  let starting = false;
  const answer = (reply: VmReply): void => void process.stdout.write(`${JSON.stringify(reply)}\n`);

  const start = async ({ limits }: ChildHello, payload: Uint8Array): Promise<void> => {
    starting = true;
    const engine = await engineFrom(payload);
    vm = await engine.createVm(limits);
    answer({ messages: [] });
    read();
  };

  const read = (): void => {
    if (vm === undefined) {
      if (starting) return;
      if (hello === undefined) {
        const line = input.line();
        if (line === undefined) return;
        hello = JSON.parse(line) as ChildHello;
      }
      const payload = input.take(hello.payloadBytes);
      // A child that cannot start says why on its way out; its parent reads that.
      if (payload !== undefined) start(hello, payload).catch(fail);
      return;
    }
    for (let line = input.line(); line !== undefined; line = input.line()) {
      obey(vm, JSON.parse(line) as ChildCommand, answer);
    }
  };

  const fail = (error: unknown): void => {
    console.error(error);
    process.exit(1);
  };

  process.stdin.on("data", (piece) => {
    try {
      input.push(piece);
      read();
    } catch (error) {
      fail(error);
    }
  });
  for (const event of ["end", "close", "error"] as const) process.stdin.on(event, () => process.exit(0));
}

function obey(vm: Vm, command: ChildCommand, answer: (reply: VmReply) => void): void {
  switch (command[0]) {
    case "open":
      answerNow(vm.open(command[1], command[2], always), answer);
      break;
    case "enter":
      answerNow(vm.enter(command[1], command[2], command[3], command[4], command[5] ?? undefined, always), answer);
      break;
    case "close":
      vm.close(command[1]);
      break;
    default:
      command satisfies never;
  }
}

function answerNow(reply: VmReply | Promise<VmReply>, answer: (reply: VmReply) => void): void {
  if (reply instanceof Promise) throw new TypeError("A VM in a child process answers at once");
  answer(reply);
}

function always(): boolean {
  return true;
}
