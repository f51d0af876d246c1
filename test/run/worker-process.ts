import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { projectFolder } from "../gate/run-command.ts";
import type { Command, Report } from "./crash-turns.ts";

export interface WorkerSettings {
  readonly path: string;
  readonly hookFile: string;
  readonly pauseMs?: number;
  readonly leaseMs?: number;
  readonly workerId?: string;
}

/** A real worker process at the other end of two pipes. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly ready: Promise<void>;
  readonly troubles: string[] = [];

  constructor(
    { path, hookFile, pauseMs = 2, leaseMs = 400, workerId = "" }: WorkerSettings,
    onReport: (report: Report) => void,
  ) {
    const args = ["test/run/crash-worker.ts", path, hookFile, String(pauseMs), String(leaseMs), workerId];
    const child = spawn(process.execPath, args, { cwd: projectFolder, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    this.#gone = new Promise((resolve) => void child.on("close", () => resolve()));
    // Writing to one that was just killed is no error here.
    child.stdin.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.troubles.push(text));
    this.ready = new Promise((resolve, reject) => {
      void this.#gone.then(() => reject(new Error(`The worker is gone: ${this.troubles.join("")}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const report = parse(line);
        if (report === undefined) return;
        if ("ready" in report) resolve();
        else if ("trouble" in report) this.troubles.push(report.trouble);
        else onReport(report);
      });
    });
    // Whether anybody waits for it or not.
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  tell(command: Command): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Sends a signal to this very process. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Kills it, and resolves when it is gone and all that it had said is read. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#gone;
  }
}

/** A line that a kill has cut short is none. */
function parse(line: string): Report | undefined {
  try {
    return JSON.parse(line) as Report;
  } catch {
    return undefined;
  }
}
